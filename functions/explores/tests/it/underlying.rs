use serde_json::{Value, json};
use testing::TestApp;

use crate::{
    saved_queries::chart,
    shop::{ask, by_status, every_order, explore, open, queries, raw},
};

fn behind(query: &str, changes: &Value) -> Value {
    let id = query.rsplit('/').next().unwrap();
    let mut body = json!({ "underlyingDataSourceQueryUuid": id, "filters": {} });
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn is(field: &str, value: &str) -> Value {
    json!({ "dimensions": { "id": "g", "and": [{ "id": "r", "target": { "fieldId": field }, "operator": "equals", "values": [value] }] } })
}

#[tokio::test]
async fn the_rows_behind_a_cell_are_found() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let source = ask(&ana, &project, &by_status()).await;
    let path = format!("{}/underlying-data", queries(&project));
    let body = behind(
        &source,
        &json!({ "filters": is("orders_status", "completed") }),
    );
    let asked = ana.post(&path).json(&body).await.ok();
    // In their order, without intervals and what is hidden.
    assert_eq!(
        asked["metricQuery"]["dimensions"],
        json!([
            "orders_order_id",
            "orders_ordered_at",
            "orders_owner",
            "orders_status"
        ])
    );
    assert_eq!(asked["metricQuery"]["limit"], 500);
    let at = format!(
        "{}/{}",
        queries(&project),
        asked["queryUuid"].as_str().unwrap()
    );
    let mut rows = raw(
        &ana.get(&at).await.ok()["rows"],
        &["orders_order_id", "orders_owner"],
    );
    rows.sort_by_key(|row| json!(row).to_string());
    assert_eq!(json!(rows), json!([[1, "ana"], [2, "bob"], [4, "bob"]]));
}

#[tokio::test]
async fn a_metrics_own_rows_and_own_columns_count() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let mut query = by_status();
    query["dimensions"] = json!(["orders_owner"]);
    query["metrics"] = json!(["orders_completed"]);
    query["sorts"] = json!([]);
    let source = ask(&ana, &project, &query).await;
    let path = format!("{}/underlying-data", queries(&project));
    let item = json!({ "underlyingDataItemId": "orders_completed", "limit": 10 });
    let asked = ana.post(&path).json(&behind(&source, &item)).await.ok();
    assert_eq!(
        asked["metricQuery"]["dimensions"],
        json!(["orders_owner", "orders_status"])
    );
    let at = format!(
        "{}/{}",
        queries(&project),
        asked["queryUuid"].as_str().unwrap()
    );
    let rows = ana.get(&at).await.ok()["rows"].clone();
    let mut found = raw(&rows, &["orders_owner", "orders_status"]);
    found.sort_by_key(|row| json!(row).to_string());
    assert_eq!(
        json!(found),
        json!([["ana", "completed"], ["bob", "completed"]])
    );
    // Clients that send the metric's rules send them once more; they are said twice then, and leave the same rows.
    let mut twice = behind(&source, &item);
    twice["filters"] = is("orders_status", "completed");
    let asked = ana.post(&path).json(&twice).await.ok();
    assert_eq!(
        app.warehouse
            .asked()
            .last()
            .unwrap()
            .sql
            .matches("'completed'")
            .count(),
        2
    );
    assert_eq!(asked["metricQuery"]["limit"], 10);
}

/// The ids of orders, in their order.
fn orders(rows: &Value) -> Value {
    let mut found = raw(rows, &["orders_order_id"]).concat();
    found.sort_by_key(Value::as_i64);
    json!(found)
}

#[tokio::test]
async fn a_zoomed_cell_has_the_rows_that_it_shows_and_they_are_not_zoomed() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let month = "orders_ordered_at_month";
    let mut query = by_status();
    query["dimensions"] = json!(["orders_owner", month]);
    query["metrics"] = json!(["orders_count"]);
    query["sorts"] = json!([]);
    let zoom = json!({ "granularity": "Quarter" });
    let mut zoomed = query.clone();
    zoomed["dateZoom"] = zoom.clone();
    let mut own = zoomed.clone();
    own["filters"] = is(month, "2024-02-01");
    let cell = is(month, "2024-01-01");
    let mut with_own = cell.clone();
    let rules = with_own["dimensions"]["and"].as_array_mut().unwrap();
    rules.extend(
        own["filters"]["dimensions"]["and"]
            .as_array()
            .unwrap()
            .clone(),
    );
    let named = json!({ "granularity": "Quarter", "xAxisFieldId": month });
    let other = json!({ "granularity": "Quarter", "xAxisFieldId": "orders_status" });
    let path = format!("{}/underlying-data", queries(&project));
    for (source, zoom, filters, expected) in [
        (&query, json!(null), &cell, json!([1, 2])),
        (&query, json!({}), &cell, json!([1, 2])),
        (&query, other, &cell, json!([1, 2])),
        (&query, zoom.clone(), &cell, json!([1, 2, 3, 4, 5])),
        (&query, named, &cell, json!([1, 2, 3, 4, 5])),
        (&zoomed, zoom.clone(), &cell, json!([1, 2, 3, 4, 5])),
        // The source says how its cells are cut.
        (&zoomed, json!(null), &cell, json!([1, 2, 3, 4, 5])),
        // What the source itself asks of the month holds for the month.
        (&own, zoom, &with_own, json!([3, 4])),
    ] {
        let source = ask(&ana, &project, source).await;
        let mut body = behind(&source, &json!({ "filters": filters }));
        if !zoom.is_null() {
            body["dateZoom"] = zoom.clone();
        }
        let asked = ana.post(&path).json(&body).await.ok();
        let item = &asked["fields"]["orders_ordered_at"];
        assert_eq!(item["label"], "ordered_at");
        let id = asked["queryUuid"].as_str().unwrap();
        let rows = ana.get(&format!("{}/{id}", queries(&project))).await.ok()["rows"].clone();
        assert_eq!(orders(&rows), expected, "{zoom}");
        let dates = raw(&rows, &["orders_ordered_at"]).concat();
        assert!(
            dates.iter().all(|date| date != "2024-01-01T00:00:00Z"),
            "{dates:?}"
        );
    }
    // Those who make the query of the rows themselves.
    let path = format!("{}/runUnderlyingDataQuery", explore(&project));
    let mut query = every_order();
    query["dimensions"] = json!(["orders_order_id", "orders_ordered_at"]);
    query["filters"] = cell;
    for (key, value) in [
        ("dateZoom", json!({ "granularity": "Quarter" })),
        ("granularity", json!("Quarter")),
    ] {
        let mut query = query.clone();
        query[key] = value;
        let found = ana.post(&path).json(&query).await.ok();
        assert_eq!(orders(&found["rows"]), json!([1, 2, 3, 4, 5]));
        assert_eq!(found["fields"]["orders_ordered_at"]["label"], "ordered_at");
    }
}

/// The explore was deployed with weeks from Monday, as that of the warehouse's connection is now Sunday.
#[tokio::test]
async fn a_cell_zoomed_to_weeks_has_the_rows_of_its_week_whatever_weeks_the_explore_lists() {
    let app = TestApp::new(local::api()).await;
    let mut listed = crate::shop::orders(false);
    let dimensions = &mut listed["tables"]["orders"]["dimensions"];
    let mut week = dimensions["ordered_at_month"].clone();
    week["name"] = json!("ordered_at_week");
    week["timeInterval"] = json!("WEEK");
    week["compiledSql"] = json!("DATE_TRUNC('WEEK', \"orders\".ordered_at)");
    dimensions["ordered_at_week"] = week;
    let sunday = json!({ "startOfWeek": 6 });
    let (ana, project) = crate::shop::open_with(&app, &listed, &sunday).await;
    let month = "orders_ordered_at_month";
    let mut query = by_status();
    query["dimensions"] = json!([month]);
    query["metrics"] = json!(["orders_count"]);
    query["sorts"] = json!([]);
    query["dateZoom"] = json!({ "granularity": "Week" });
    let source = ask(&ana, &project, &query).await;
    let path = format!("{}/underlying-data", queries(&project));
    for (week, expected) in [("2024-01-14", json!([1, 2])), ("2024-01-15", json!([]))] {
        let body = behind(&source, &json!({ "filters": is(month, week) }));
        let asked = ana.post(&path).json(&body).await.ok();
        let id = asked["queryUuid"].as_str().unwrap();
        let rows = ana.get(&format!("{}/{id}", queries(&project))).await.ok()["rows"].clone();
        assert_eq!(orders(&rows), expected, "{week}");
    }
}

#[tokio::test]
async fn an_interval_that_the_explore_does_not_list_has_rows_behind_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let quarter = "orders_ordered_at_quarter";
    let mut query = by_status();
    query["dimensions"] = json!([quarter]);
    query["metrics"] = json!([]);
    query["sorts"] = json!([]);
    let source = ask(&ana, &project, &query).await;
    let path = format!("{}/underlying-data", queries(&project));
    let body = behind(&source, &json!({ "filters": is(quarter, "2024-01-01") }));
    let asked = ana.post(&path).json(&body).await.ok();
    let id = asked["queryUuid"].as_str().unwrap();
    let rows = ana.get(&format!("{}/{id}", queries(&project))).await.ok()["rows"].clone();
    assert_eq!(orders(&rows), json!([1, 2, 3, 4, 5]));
}

/// Orders by a dimension with SQL of its own.
fn by_own_sql() -> Value {
    let mut query = by_status();
    query["dimensions"] = json!(["upper_owner"]);
    query["sorts"] = json!([]);
    query["customDimensions"] = json!([{
        "id": "upper_owner", "name": "Owner", "type": "sql", "table": "orders", "sql": "UPPER(${TABLE}.owner)",
        "dimensionType": "string",
    }]);
    query
}

#[tokio::test]
async fn whoever_may_run_a_chart_sees_what_is_behind_its_own_sql() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let ivy = app.in_role("ivy@acme.com", "interactive_viewer").await;
    let chart = chart(&app, &ana, &project, &by_own_sql()).await;
    let asked = ivy
        .post(&format!("{}/chart", queries(&project)))
        .json(&json!({ "chartUuid": chart }))
        .await
        .ok();
    let path = format!("{}/underlying-data", queries(&project));
    let body = behind(
        asked["queryUuid"].as_str().unwrap(),
        &json!({ "filters": is("orders_status", "completed") }),
    );
    let rows = ivy.post(&path).json(&body).await.ok();
    let id = rows["queryUuid"].as_str().unwrap();
    let page = ivy.get(&format!("{}/{id}", queries(&project))).await.ok();
    let mut rows = raw(&page["rows"], &["orders_order_id", "upper_owner"]);
    rows.sort_by_key(|row| json!(row).to_string());
    assert_eq!(json!(rows), json!([[1, "ANA"], [2, "BOB"], [4, "BOB"]]));
    // What is behind those has no other SQL either.
    let body = behind(id, &json!({}));
    ivy.post(&path).json(&body).await.ok();
}

#[tokio::test]
async fn what_is_behind_sql_that_nobody_saved_is_for_those_who_may_write_it() {
    let app = TestApp::new(local::api()).await;
    let (_, project) = open(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let source = ask(&dev, &project, &by_own_sql()).await;
    let path = format!("{}/underlying-data", queries(&project));
    let body = behind(&source, &json!({}));
    dev.post(&path).json(&body).await.ok();
    app.set_role("dev@acme.com", "interactive_viewer");
    assert_eq!(
        dev.post(&path).json(&body).await.refusal(),
        "403 CustomSqlQueryForbiddenError"
    );
}

#[tokio::test]
async fn rows_behind_somebody_elses_query_are_not_found() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let ivy = app.in_role("ivy@acme.com", "interactive_viewer").await;
    let vic = app.viewer("vic@acme.com").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let source = ask(&ana, &project, &by_status()).await;
    let path = format!("{}/underlying-data", queries(&project));
    let body = behind(&source, &json!({}));
    for (who, refusal) in [
        (&ivy, "404 NotFoundError"),
        (&vic, "403 ForbiddenError"),
        (&eve, "404 NotExistsError"),
    ] {
        assert_eq!(who.post(&path).json(&body).await.refusal(), refusal);
    }
    for (changes, refusal) in [
        (
            json!({ "underlyingDataSourceQueryUuid": "none" }),
            "404 NotFoundError",
        ),
        (json!({ "filters": 7 }), "422 ValidateError"),
        (
            json!({ "filters": is("orders_other", "x") }),
            "400 FieldReferenceError",
        ),
        (json!({ "limit": -1 }), "400 CompileError"),
    ] {
        let answer = ana.post(&path).json(&behind(&source, &changes)).await;
        assert_eq!(answer.refusal(), refusal, "{changes}");
    }
    // A statement has no explore.
    let sql = json!({ "sql": "SELECT 1 AS one" });
    let asked = ana
        .post(&format!("{}/sql", queries(&project)))
        .json(&sql)
        .await
        .ok();
    let answer = ana
        .post(&path)
        .json(&behind(asked["queryUuid"].as_str().unwrap(), &json!({})))
        .await;
    assert_eq!(answer.refusal(), "404 NotExistsError");
}

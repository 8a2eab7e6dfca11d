use app::domain::id::ContentId;
use serde_json::{Value, json};
use testing::{Says, TestApp};

use crate::shop::{
    ANA, by_status, counted, explore, filters, of, open, open_with, rule, space, told, views,
};

#[tokio::test]
async fn whoever_may_see_a_chart_may_run_it() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let answer = vic.post(&of(&chart, "results")).json(&json!({})).await;
    assert!(answer.header("warning").unwrap().contains("/query/chart"));
    let results = answer.ok();
    let expected = counted(|order| order.status.to_owned(), |_| true);
    assert_eq!(told(&results["rows"], "orders_status"), expected);
    assert_eq!(results["cacheMetadata"], json!({ "cacheHit": false }));
    assert_eq!(results["fields"]["orders_count"]["label"], "Orders");
    let tags = app.warehouse.asked()[0].tags.clone();
    assert!(tags.contains(&("query_context", "chartView".to_owned())));
    assert!(tags.contains(&("chart_uuid", chart.clone())));
    // Rows alone are not looked at by anybody.
    assert_eq!(views(&app, &chart).await, 0);
}

#[tokio::test]
async fn its_sql_runs_for_those_who_may_write_none() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let (vic, ivy) = (
        app.viewer("vic@acme.com").await,
        app.in_role("ivy@acme.com", "interactive_viewer").await,
    );
    let own = by_status(&json!({
        "dimensions": ["upper_owner"], "sorts": [{ "fieldId": "upper_owner", "descending": false }],
        "customDimensions": [{ "id": "upper_owner", "name": "Owner", "type": "sql", "table": "orders", "sql": "UPPER(${TABLE}.owner)", "dimensionType": "string" }],
    }));
    let chart = shop.chart(&app, &own).await;
    let expected = counted(|order| order.owner.to_uppercase(), |_| true);
    for who in [&vic, &ivy] {
        let results = who.post(&of(&chart, "results")).json(&json!({})).await.ok();
        assert_eq!(told(&results["rows"], "upper_owner"), expected);
    }
    let path = format!("/api/v1/projects/{}/explores/orders/runQuery", shop.project);
    let answer = ivy.post(&path).json(&own["metricQuery"]).await;
    assert_eq!(answer.refusal(), "403 CustomSqlQueryForbiddenError");
}

#[tokio::test]
async fn everybody_sees_the_rows_that_their_attributes_let_pass() {
    let app = TestApp::new(local::api()).await;
    let shop = open_with(&app, &explore(true)).await;
    let (vic, bob) = (
        app.viewer("vic@acme.com").await,
        app.viewer("bob@acme.com").await,
    );
    let id = app.account("bob@acme.com").await.id;
    let attribute = json!({ "name": "owner", "attributeDefault": null, "users": [{ "userUuid": id, "value": "bob" }], "groups": [] });
    let made = shop.ana.post("/api/v1/org/attributes").json(&attribute);
    assert_eq!(made.await.status, 201);
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let results = bob.post(&of(&chart, "results")).json(&json!({})).await.ok();
    let expected = counted(
        |order| order.status.to_owned(),
        |order| order.owner == "bob",
    );
    assert_eq!(told(&results["rows"], "orders_status"), expected);
    let refused = vic.post(&of(&chart, "results")).json(&json!({})).await;
    assert_eq!(refused.refusal(), "403 ForbiddenError");
    let total = bob.post(&of(&chart, "calculate-total")).json(&json!({}));
    assert_eq!(total.await.ok()["orders_count"], 2);
}

#[tokio::test]
async fn whoever_may_not_see_a_chart_gets_no_rows() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let shop = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let mem = app.in_role("mem@acme.com", "member").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let public = shop.chart(&app, &by_status(&json!({}))).await;
    let private = space(&shop.ana, &shop.project, true).await;
    let place = (shop.project.as_str(), private.as_str());
    let hidden = app
        .chart(ANA, place, "Hidden", &by_status(&json!({})))
        .await;
    let none = "00000000-0000-4000-8000-000000000000".to_owned();
    let tile =
        json!({ "dashboardUuid": none, "dashboardSorts": [], "dashboardFilters": filters(&[]) });
    let parts = [
        ("results".to_owned(), json!({})),
        ("chart-and-results".to_owned(), tile),
        (format!("version/{none}/results"), json!({})),
        ("calculate-total".to_owned(), json!({})),
        (
            "downloadCsv".to_owned(),
            json!({ "onlyRaw": true, "csvLimit": null, "dashboardFilters": {} }),
        ),
    ];
    for (part, body) in &parts {
        for (who, chart, refusal) in [
            (&app.anonymous(), &public, "401 AuthorizationError"),
            (&mem, &public, "403 ForbiddenError"),
            (&vic, &hidden, "403 ForbiddenError"),
            (&eve, &public, "404 NotFoundError"),
            (&shop.ana, &none, "404 NotFoundError"),
            (&shop.ana, &"no-uuid".to_owned(), "404 NotFoundError"),
        ] {
            let answer = who.post(&of(chart, part)).json(body).await;
            assert_eq!(answer.refusal(), refusal, "{part}");
        }
    }
    assert!(app.warehouse.asked().is_empty());
}

#[tokio::test]
async fn a_chart_that_cannot_be_asked_says_why() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let mut elsewhere = by_status(&json!({}));
    elsewhere["metricQuery"]["exploreName"] = json!("gone");
    for (chart, refusal) in [
        (by_status(&json!({ "limit": 5001 })), "400 ParameterError"),
        (
            by_status(&json!({ "metrics": ["orders_gone"] })),
            "400 FieldReferenceError",
        ),
        (elsewhere, "404 NotExistsError"),
    ] {
        let chart = shop.chart(&app, &chart).await;
        let answer = shop.ana.post(&of(&chart, "results")).json(&json!({})).await;
        assert_eq!(answer.refusal(), refusal);
    }
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    app.warehouse.say(Says::TooLate);
    let answer = shop.ana.post(&of(&chart, "results")).json(&json!({})).await;
    assert_eq!(answer.refusal(), "400 TimeoutError");
    let answer = shop.ana.post(&of(&chart, "results"));
    let answer = answer.json(&json!({ "invalidateCache": "perhaps" })).await;
    assert_eq!(answer.refusal(), "422 ValidateError");
}

#[tokio::test]
async fn rows_that_another_query_left_will_do_unless_fresh_ones_are_wanted() {
    let kept = [("ZERODASH_RESULTS_CACHE_SECONDS", "3600")];
    let app = TestApp::with(local::api(), &kept).await;
    let shop = open(&app).await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let path = format!("/api/v2/projects/{}/query/chart", shop.project);
    let asked = shop.ana.post(&path).json(&json!({ "chartUuid": chart }));
    asked.await.ok();
    app.wait(5);
    let results = shop.ana.post(&of(&chart, "results")).json(&json!({})).await;
    let results = results.ok();
    assert_eq!(results["cacheMetadata"]["cacheHit"], true);
    assert_eq!(
        results["cacheMetadata"]["cacheUpdatedTime"],
        "2026-01-31T09:30:00.000Z"
    );
    let expected = counted(|order| order.status.to_owned(), |_| true);
    assert_eq!(told(&results["rows"], "orders_status"), expected);
    assert_eq!(app.warehouse.asked().len(), 1);
    let fresh = json!({ "invalidateCache": true });
    let results = shop.ana.post(&of(&chart, "results")).json(&fresh).await;
    assert_eq!(results.ok()["cacheMetadata"]["cacheHit"], false);
    assert_eq!(app.warehouse.asked().len(), 2);
}

#[tokio::test]
async fn rows_of_an_answer_are_left_for_the_next() {
    let kept = [("ZERODASH_RESULTS_CACHE_SECONDS", "3600")];
    let app = TestApp::with(local::api(), &kept).await;
    let shop = open(&app).await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let asked = async |part: &str, body: Value| {
        let results = shop.ana.post(&of(&chart, part)).json(&body).await.ok();
        assert!(results["rows"].is_array(), "{results}");
        (results["cacheMetadata"].clone(), results["rows"].clone())
    };
    let (said, first) = asked("results", json!({})).await;
    assert_eq!(said, json!({ "cacheHit": false }));
    app.wait(5);
    let (said, second) = asked("results", json!({})).await;
    assert_eq!(said["cacheHit"], true);
    assert_eq!(said["cacheUpdatedTime"], "2026-01-31T09:30:00.000Z");
    assert_eq!(first, second);
    assert_eq!(app.warehouse.asked().len(), 1);
    // What a dashboard lays over it is another question, which is left as well.
    let on = on_dashboard(&json!({
        "dashboardFilters": filters(&[rule("orders_owner", &json!(["bob"]))]),
    }));
    for hit in [false, true] {
        let (said, rows) = asked("chart-and-results", on.clone()).await;
        assert_eq!(said["cacheHit"], hit);
        let expected = counted(
            |order| order.status.to_owned(),
            |order| order.owner == "bob",
        );
        assert_eq!(told(&rows, "orders_status"), expected);
    }
    assert_eq!(app.warehouse.asked().len(), 2);
    // Fresh rows take the place of the old ones.
    app.wait(5);
    let (said, _) = asked("results", json!({ "invalidateCache": true })).await;
    assert_eq!(said["cacheHit"], false);
    assert_eq!(app.warehouse.asked().len(), 3);
    let (said, _) = asked("results", json!({})).await;
    assert_eq!(said["cacheUpdatedTime"], "2026-01-31T09:40:00.000Z");
    // A query that is polled finds them, too.
    let queries = format!("/api/v2/projects/{}/query", shop.project);
    let polled = shop.ana.post(&format!("{queries}/chart"));
    let polled = polled.json(&json!({ "chartUuid": chart })).await.ok();
    assert_eq!(polled["cacheMetadata"]["cacheHit"], true);
    let id = polled["queryUuid"].as_str().unwrap();
    let page = shop.ana.get(&format!("{queries}/{id}")).await.ok();
    assert_eq!(page["rows"], first);
    assert_eq!(app.warehouse.asked().len(), 3);
    app.wait(61);
    let (said, _) = asked("results", json!({})).await;
    assert_eq!(said["cacheHit"], false);
    assert_eq!(app.warehouse.asked().len(), 4);
}

#[tokio::test]
async fn rows_whose_file_has_gone_are_asked_again() {
    let kept = [("ZERODASH_RESULTS_CACHE_SECONDS", "3600")];
    let app = TestApp::with(local::api(), &kept).await;
    let shop = open(&app).await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let path = of(&chart, "results");
    let first = shop.ana.post(&path).json(&json!({})).await.ok();
    let caches = app.items().into_iter();
    let mut caches = caches.filter(|((pk, _), _)| pk.starts_with("CACHE#"));
    let (_, item) = caches.next().unwrap();
    let file = &item["outcome"]["M"]["file"]["S"];
    let file = serde_json::from_value(file.clone()).unwrap();
    app.app.files.remove(&file).await.unwrap();
    let second = shop.ana.post(&path).json(&json!({})).await.ok();
    assert_eq!(second["cacheMetadata"]["cacheHit"], false);
    assert_eq!(second["rows"], first["rows"]);
    assert_eq!(app.warehouse.asked().len(), 2);
    let third = shop.ana.post(&path).json(&json!({})).await.ok();
    assert_eq!(third["cacheMetadata"]["cacheHit"], true);
}

#[tokio::test]
async fn a_version_is_asked_as_it_was() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let other = shop.chart(&app, &by_status(&json!({}))).await;
    let by_owner = by_status(&json!({
        "dimensions": ["orders_owner"], "sorts": [{ "fieldId": "orders_owner", "descending": false }],
    }));
    app.chart_version(&chart, &by_owner).await;
    let id = |chart: &str, number| ContentId::parse(chart).unwrap().version(number).to_string();
    let run = async |version: &str| {
        let path = of(&chart, &format!("version/{version}/results"));
        shop.ana.post(&path).await
    };
    let first = run(&id(&chart, 1)).await.ok();
    let by = |order: &crate::shop::Order| order.status.to_owned();
    assert_eq!(told(&first["rows"], "orders_status"), counted(by, |_| true));
    let second = run(&id(&chart, 2)).await.ok();
    let by = |order: &crate::shop::Order| order.owner.to_owned();
    assert_eq!(told(&second["rows"], "orders_owner"), counted(by, |_| true));
    let latest = shop.ana.post(&of(&chart, "results")).json(&json!({})).await;
    assert_eq!(latest.ok()["rows"], second["rows"]);
    for version in [
        id(&chart, 3),
        id(&other, 1),
        chart.clone(),
        "latest".to_owned(),
    ] {
        assert_eq!(run(&version).await.refusal(), "404 NotFoundError");
    }
}

/// How a chart is looked at on a dashboard.
fn on_dashboard(changes: &Value) -> Value {
    let mut body = json!({
        "dashboardUuid": "00000000-0000-4000-8000-000000000001", "dashboardSorts": [], "dashboardFilters": filters(&[]),
    });
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_dashboard_lays_its_filters_over_a_chart() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let own = json!({ "dimensions": { "id": "g", "and": [
        { "id": "r", "target": { "fieldId": "orders_owner" }, "operator": "equals", "values": ["ana"] }] } });
    let chart = shop
        .chart(&app, &by_status(&json!({ "filters": own })))
        .await;
    let strange = json!({ "id": "x", "target": { "fieldId": "people_age", "tableName": "people" }, "operator": "equals", "values": [7], "label": "" });
    let rules = [rule("orders_owner", &json!(["bob"])), strange];
    let body = on_dashboard(&json!({
        "dashboardFilters": filters(&rules), "dashboardSorts": [{ "fieldId": "orders_status", "descending": true }],
    }));
    let results = vic.post(&of(&chart, "chart-and-results")).json(&body).await;
    let results = results.ok();
    let expected = counted(
        |order| order.status.to_owned(),
        |order| order.owner == "bob",
    );
    let expected: Vec<_> = expected.into_iter().rev().collect();
    assert_eq!(told(&results["rows"], "orders_status"), expected);
    let applied = &results["appliedDashboardFilters"];
    assert_eq!(applied["dimensions"], json!([rules[0]]));
    assert_eq!(applied["metrics"], json!([]));
    assert_eq!(results["chart"]["name"], "Sales");
    // The chart is as it was saved, the query as it was asked.
    assert_eq!(
        results["chart"]["metricQuery"]["filters"]["dimensions"]["and"][0]["values"],
        json!(["ana"])
    );
    assert_eq!(
        results["metricQuery"]["filters"]["dimensions"]["and"][0]["values"],
        json!(["bob"])
    );
    assert_eq!(results["explore"]["name"], "orders");
    assert_eq!(results["explore"].get("unfilteredTables"), None);
    let tags = app.warehouse.asked()[0].tags.clone();
    assert!(tags.contains(&("query_context", "dashboardView".to_owned())));
    let dashboard = body["dashboardUuid"].as_str().unwrap().to_owned();
    assert!(tags.contains(&("dashboard_uuid", dashboard)));
    assert_eq!(views(&app, &chart).await, 1);
}

#[tokio::test]
async fn a_rule_counts_for_a_tile_as_the_tile_says() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let mut one = rule("orders_status", &json!(["bob"]));
    one["tileTargets"] =
        json!({ "off": false, "on": { "fieldId": "orders_owner", "tableName": "orders" } });
    for (tile, owner) in [("on", Some("bob")), ("off", None)] {
        let more =
            json!({ "tileUuid": tile, "dashboardFilters": filters(std::slice::from_ref(&one)) });
        let asked = shop.ana.post(&of(&chart, "chart-and-results"));
        let results = asked.json(&on_dashboard(&more)).await.ok();
        let expected = counted(
            |order| order.status.to_owned(),
            |order| owner.is_none_or(|owner| order.owner == owner),
        );
        assert_eq!(told(&results["rows"], "orders_status"), expected, "{tile}");
    }
}

#[tokio::test]
async fn a_zoom_makes_dates_coarser() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let months = by_status(&json!({
        "dimensions": ["orders_ordered_at_month"], "sorts": [{ "fieldId": "orders_ordered_at_month", "descending": false }],
    }));
    let chart = shop.chart(&app, &months).await;
    let quarter = |order: &crate::shop::Order| {
        assert!(order.at < "2024-04-01");
        "2024-01-01T00:00:00Z".to_owned()
    };
    let expected = counted(quarter, |_| true);
    for zoom in [
        json!({ "dateZoom": { "granularity": "Quarter" } }),
        json!({ "granularity": "Quarter" }),
    ] {
        let asked = shop.ana.post(&of(&chart, "chart-and-results"));
        let results = asked.json(&on_dashboard(&zoom)).await.ok();
        let found = told(&results["rows"], "orders_ordered_at_month");
        assert_eq!(found, expected, "{zoom}");
        let date = &results["metricQuery"]["metadata"]["hasADateDimension"];
        assert_eq!(date["name"], "ordered_at_month");
    }
    let asked = shop.ana.post(&of(&chart, "chart-and-results"));
    let odd = on_dashboard(&json!({ "granularity": "Century" }));
    assert_eq!(asked.json(&odd).await.refusal(), "422 ValidateError");
}

#[tokio::test]
async fn what_is_no_filter_is_refused_and_nothing_is_asked() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let mut odd = rule("orders_status", &json!(["x"]));
    odd["operator"] = json!("resembles");
    for sent in [
        json!([]),
        json!("all"),
        json!({ "dimensions": 7 }),
        json!({ "dimensions": [{}] }),
        filters(&[odd]),
    ] {
        let asked = shop.ana.post(&of(&chart, "chart-and-results"));
        let body = on_dashboard(&json!({ "dashboardFilters": sent }));
        assert_eq!(asked.json(&body).await.refusal(), "400 ParameterError");
    }
    assert!(app.warehouse.asked().is_empty());
    assert_eq!(views(&app, &chart).await, 0);
}

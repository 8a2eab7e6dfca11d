use serde_json::{Value, json};
use testing::TestApp;

use crate::shop::{ask, by_status, open, queries, raw};

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

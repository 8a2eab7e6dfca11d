use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Says, TestApp};
use warehouse::Error;

use crate::shop::{by_status, explore, open, open_with, orders};

fn by_owner() -> Value {
    let mut query = by_status();
    query["dimensions"] = json!(["orders_owner", "orders_status"]);
    query
}

#[tokio::test]
async fn a_total_is_over_all_rows() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("/api/v1/projects/{project}/calculate-total");
    let mut query = by_status();
    query["limit"] = json!(1);
    let body = json!({ "explore": "orders", "metricQuery": query });
    assert_snapshot!(ana.post(&path).json(&body).await, @r#"
    200 {
      "results": {
        "orders_count": 5,
        "orders_revenue": 135.75
      },
      "status": "ok"
    }
    "#);
    query["filters"] = json!({ "dimensions": { "id": "g", "and": [
        { "id": "r", "target": { "fieldId": "orders_owner" }, "operator": "equals", "values": ["ana"] }] } });
    let body = json!({ "explore": "orders", "metricQuery": query });
    let expected = json!({ "orders_count": 3, "orders_revenue": 115.75 });
    assert_eq!(ana.post(&path).json(&body).await.ok(), expected);
    query["metrics"] = json!([]);
    let body = json!({ "explore": "orders", "metricQuery": query });
    assert_eq!(ana.post(&path).json(&body).await.ok(), json!({}));
}

#[tokio::test]
async fn subtotals_are_by_all_columns_but_the_last() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("/api/v1/projects/{project}/calculate-subtotals");
    let body = json!({ "explore": "orders", "metricQuery": by_owner(), "columnOrder": ["orders_owner", "orders_status"] });
    let found = ana.post(&path).json(&body).await.ok();
    let mut rows = found["orders_owner"].as_array().unwrap().clone();
    rows.sort_by_key(|row| row["orders_owner"].to_string());
    assert_eq!(
        json!(rows),
        json!([
            { "orders_owner": "ana", "orders_count": 3, "orders_revenue": 115.75 },
            { "orders_owner": "bob", "orders_count": 2, "orders_revenue": 20 },
        ])
    );
    assert_eq!(found.as_object().unwrap().len(), 1);
    let pivoted = json!({
        "explore": "orders", "metricQuery": by_owner(), "columnOrder": ["orders_owner", "orders_status"], "pivotDimensions": ["orders_owner"],
    });
    assert_eq!(ana.post(&path).json(&pivoted).await.ok(), json!({}));
}

/// A query of three columns, which has two subtotals.
fn by_three() -> Value {
    let mut query = by_owner();
    query["dimensions"] = json!(["orders_owner", "orders_status", "orders_order_id"]);
    json!({
        "explore": "orders", "metricQuery": query,
        "columnOrder": ["orders_owner", "orders_status", "orders_order_id"],
    })
}

#[tokio::test]
async fn each_subtotal_is_under_its_own_columns() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("/api/v1/projects/{project}/calculate-subtotals");
    let found = ana.post(&path).json(&by_three()).await.ok();
    let counts = |key: &str, by: &[&str]| {
        let rows = found[key].as_array().unwrap().iter();
        let cells = |row: &Value| {
            let cells = by.iter().chain(&["orders_count"]);
            cells.map(|id| row[*id].to_string()).collect::<Vec<_>>()
        };
        let mut rows: Vec<_> = rows.map(|row| cells(row).join(" ")).collect();
        rows.sort();
        rows.join(", ")
    };
    assert_eq!(
        counts("orders_owner", &["orders_owner"]),
        r#""ana" 3, "bob" 2"#
    );
    assert_eq!(
        counts(
            "orders_owner:orders_status",
            &["orders_owner", "orders_status"]
        ),
        r#""ana" "=1+1" 1, "ana" "completed" 1, "ana" "returned" 1, "bob" "completed" 2"#
    );
    assert_eq!(found.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_subtotal_does_not_wait_for_another_and_a_failure_ends_both() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("/api/v1/projects/{project}/calculate-subtotals");
    app.warehouse.say(Says::Nothing);
    app.warehouse.say(Says::Refuses(Error::query("no")));
    let answer = ana.post(&path).json(&by_three()).await;
    assert_eq!(answer.refusal(), "400 WarehouseQueryError");
    assert_eq!(app.warehouse.stopped(), 1);
}

#[tokio::test]
async fn a_subtotal_that_fails_fails_all() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let path = format!("/api/v1/projects/{project}/calculate-subtotals");
    let body = json!({ "explore": "orders", "metricQuery": by_owner(), "columnOrder": [] });
    app.warehouse.say(Says::Refuses(Error::query("no")));
    let answer = ana.post(&path).json(&body).await;
    assert_eq!(answer.refusal(), "400 WarehouseQueryError");
    app.warehouse.say(Says::TooLate);
    assert_eq!(
        ana.post(&path).json(&body).await.refusal(),
        "400 TimeoutError"
    );
}

#[tokio::test]
async fn totals_are_of_the_same_days_as_the_rows() {
    let app = TestApp::new(local::api()).await;
    let weeks = json!({ "startOfWeek": 2 });
    let (ana, project) = open_with(&app, &orders(false), &weeks).await;
    let mut query = by_owner();
    query["timezone"] = json!("Asia/Tokyo");
    query["filters"] = json!({ "dimensions": { "id": "g", "and": [{
        "id": "r", "target": { "fieldId": "orders_ordered_at" }, "operator": "inTheCurrent", "values": [1],
        "settings": { "unitOfTime": "weeks" },
    }] } });
    let run = format!("{}/runQuery", explore(&project));
    ana.post(&run).json(&query).await.ok();
    let body = json!({ "explore": "orders", "metricQuery": query, "columnOrder": [] });
    for part in ["calculate-total", "calculate-subtotals"] {
        let path = format!("/api/v1/projects/{project}/{part}");
        ana.post(&path).json(&body).await.ok();
    }
    let asked = app.warehouse.asked();
    assert_eq!(asked.len(), 3);
    for one in asked {
        // From Wednesday to Wednesday, in Tokyo.
        for border in ["'2026-01-27 15:00:00'", "'2026-02-03 15:00:00'"] {
            assert!(one.sql.contains(border), "{border}: {}", one.sql);
        }
    }
}

#[tokio::test]
async fn totals_are_for_those_who_may_explore() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (ana, project) = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let eve = app.admin("eve@other.com", "Other").await;
    let body = json!({ "explore": "orders", "metricQuery": by_status(), "columnOrder": [] });
    let elsewhere = json!({ "explore": "none", "metricQuery": by_status(), "columnOrder": [] });
    let mut wide = by_owner();
    let many: Vec<String> = (0..30).map(|at| format!("d{at}")).collect();
    wide["dimensions"] = json!(many);
    let wide = json!({ "explore": "orders", "metricQuery": wide, "columnOrder": [] });
    for part in ["calculate-total", "calculate-subtotals"] {
        let path = format!("/api/v1/projects/{project}/{part}");
        for (who, body, refusal) in [
            (&vic, &body, "403 ForbiddenError"),
            (&eve, &body, "404 NotExistsError"),
            (&ana, &json!({ "explore": "orders" }), "422 ValidateError"),
        ] {
            assert_eq!(
                who.post(&path).json(body).await.refusal(),
                refusal,
                "{part}"
            );
        }
    }
    let total = format!("/api/v1/projects/{project}/calculate-total");
    assert_eq!(
        ana.post(&total).json(&elsewhere).await.refusal(),
        "404 NotExistsError"
    );
    let subtotals = format!("/api/v1/projects/{project}/calculate-subtotals");
    assert_eq!(
        ana.post(&subtotals).json(&wide).await.refusal(),
        "400 ParameterError"
    );
}

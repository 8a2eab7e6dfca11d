use serde_json::json;
use testing::TestApp;

use crate::shop::{ORDERS, by_status, filters, of, open, rule};

#[tokio::test]
async fn a_total_is_over_all_rows_that_pass() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let chart = shop.chart(&app, &by_status(&json!({ "limit": 1 }))).await;
    let total = async |body| {
        let found = vic.post(&of(&chart, "calculate-total")).json(&body).await;
        let found = found.ok();
        (
            found["orders_count"].as_i64().unwrap(),
            found["orders_revenue"].as_f64().unwrap(),
        )
    };
    let all: f64 = ORDERS.iter().filter_map(|order| order.amount).sum();
    assert_eq!(total(json!({})).await, (ORDERS.len() as i64, all));
    let anas: Vec<_> = ORDERS.iter().filter(|order| order.owner == "ana").collect();
    let sum: f64 = anas.iter().filter_map(|order| order.amount).sum();
    let body = json!({ "dashboardFilters": filters(&[rule("orders_owner", &json!(["ana"]))]) });
    assert_eq!(total(body).await, (anas.len() as i64, sum));
    let off = json!({ "dashboardFilters": null, "invalidateCache": true });
    assert_eq!(total(off).await, (ORDERS.len() as i64, all));
}

#[tokio::test]
async fn a_total_is_asked_once_for_all_who_see_the_same() {
    let kept = [("ZERODASH_RESULTS_CACHE_SECONDS", "3600")];
    let app = TestApp::with(local::api(), &kept).await;
    let shop = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let chart = shop.chart(&app, &by_status(&json!({}))).await;
    let path = of(&chart, "calculate-total");
    let first = shop.ana.post(&path).json(&json!({})).await.ok();
    assert_eq!(vic.post(&path).json(&json!({})).await.ok(), first);
    assert_eq!(app.warehouse.asked().len(), 1);
    let fresh = json!({ "invalidateCache": true });
    assert_eq!(vic.post(&path).json(&fresh).await.ok(), first);
    assert_eq!(app.warehouse.asked().len(), 2);
}

#[tokio::test]
async fn a_chart_without_metrics_has_no_total() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let chart = shop
        .chart(&app, &by_status(&json!({ "metrics": [] })))
        .await;
    let total = shop.ana.post(&of(&chart, "calculate-total"));
    assert_eq!(total.json(&json!({})).await.ok(), json!({}));
    let mut elsewhere = by_status(&json!({ "metrics": [] }));
    elsewhere["metricQuery"]["exploreName"] = json!("gone");
    let chart = shop.chart(&app, &elsewhere).await;
    let total = shop.ana.post(&of(&chart, "calculate-total"));
    let answer = total.json(&json!({})).await;
    assert_eq!(answer.refusal(), "404 NotExistsError");
    assert!(app.warehouse.asked().is_empty());
}

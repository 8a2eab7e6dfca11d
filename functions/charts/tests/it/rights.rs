//! Whose rights count for the SQL that a chart brings: those of whoever runs it.

use serde_json::{Value, json};
use testing::TestApp;

use crate::shop::{ANA, by_status, counted, explore, of, open, open_with, told};

/// A query with an expression of its own: of a metric, or of a table calculation.
fn metric(sql: &str) -> Value {
    by_status(&json!({
        "metrics": ["orders_count", "orders_own"],
        "additionalMetrics": [{ "table": "orders", "name": "own", "label": "Own", "type": "max", "sql": sql }],
    }))
}

fn calculation(sql: &str) -> Value {
    let calculation = json!([{ "name": "own", "displayName": "Own", "sql": sql }]);
    by_status(&json!({ "tableCalculations": calculation }))
}

#[tokio::test]
async fn whoever_opens_a_chart_lends_it_no_rights() {
    let app = TestApp::new(local::api()).await;
    let shop = open(&app).await;
    let eda = app.in_role("eda@acme.com", "editor").await;
    let project = format!("/api/v1/projects/{}", shop.project);
    let compile = format!("{project}/explores/orders/compileQuery");
    let charts = [
        (metric("owner"), "403 ForbiddenError"),
        (
            metric("(SELECT MAX(owner) FROM orders)"),
            "403 ForbiddenError",
        ),
        (
            calculation("(SELECT MAX(owner) FROM orders)"),
            "400 CompileError",
        ),
    ];
    for (own, refusal) in charts {
        // An admin may ask it, an editor may not; and neither may, where the editor has saved it.
        let query = &own["metricQuery"];
        shop.ana.post(&compile).json(query).await.ok();
        let refused = eda.post(&compile).json(query).await;
        assert_eq!(refused.refusal(), refusal, "{query}");
        let body = json!({
            "name": "Own", "spaceUuid": shop.space, "tableName": "orders", "metricQuery": query,
            "chartConfig": { "type": "table" }, "tableConfig": { "columnOrder": [] },
        });
        let saved = eda.post(&format!("{project}/saved")).json(&body).await.ok();
        let chart = saved["uuid"].as_str().unwrap();
        let totals = json!({ "dashboardFilters": {} });
        for who in [&shop.ana, &eda] {
            let rows = who.post(&of(chart, "results")).json(&json!({})).await;
            assert_eq!(rows.refusal(), refusal, "{query}");
            let file = json!({ "onlyRaw": true, "csvLimit": null, "dashboardFilters": {} });
            let file = who.post(&of(chart, "downloadCsv")).json(&file).await;
            assert_eq!(file.refusal(), refusal, "{query}");
        }
        if refusal.starts_with("403") {
            let total = shop.ana.post(&of(chart, "calculate-total"));
            assert_eq!(total.json(&totals).await.refusal(), refusal, "{query}");
        }
        let asked = format!("/api/v2/projects/{}/query/chart", shop.project);
        let asked = shop.ana.post(&asked).json(&json!({ "chartUuid": chart }));
        assert_eq!(asked.await.refusal(), refusal, "{query}");
    }
    assert!(app.warehouse.asked().is_empty());
}

/// A chart of orders by an expression.
fn by(sql: &str) -> Value {
    by_status(&json!({
        "dimensions": ["own"], "sorts": [{ "fieldId": "own", "descending": false }],
        "customDimensions": [{ "id": "own", "name": "Own", "type": "sql", "table": "orders", "sql": sql, "dimensionType": "string" }],
    }))
}

#[tokio::test]
async fn saved_sql_reads_nothing_that_is_hidden_from_whoever_runs_it() {
    let app = TestApp::new(local::api()).await;
    let mut guarded = explore(false);
    guarded["tables"]["orders"]["dimensions"]["owner"]["requiredAttributes"] =
        json!({ "team": "finance" });
    let shop = open_with(&app, &guarded).await;
    let (vic, fay) = (
        app.viewer("vic@acme.com").await,
        app.viewer("fay@acme.com").await,
    );
    let id = app.account("fay@acme.com").await.id;
    let attribute = json!({
        "name": "team", "attributeDefault": null, "users": [{ "userUuid": id, "value": "finance" }], "groups": [],
    });
    let made = shop.ana.post("/api/v1/org/attributes").json(&attribute);
    assert_eq!(made.await.status, 201);
    let place = (shop.project.as_str(), shop.space.as_str());

    let owners = counted(|order| order.owner.to_uppercase(), |_| true);
    for (sql, refusal) in [
        ("UPPER(${TABLE}.owner)", "403 ForbiddenError"),
        ("UPPER(${owner})", "401 AuthorizationError"),
    ] {
        let chart = app.chart(ANA, place, "Owners", &by(sql)).await;
        let path = of(&chart, "results");
        let results = fay.post(&path).json(&json!({})).await.ok();
        assert_eq!(told(&results["rows"], "own"), owners, "{sql}");
        // Not for whoever has saved it neither.
        for who in [&vic, &shop.ana] {
            let refused = who.post(&path).json(&json!({})).await;
            assert_eq!(refused.refusal(), refusal, "{sql}");
        }
    }
    // What reads nothing hidden runs for everybody.
    let chart = app
        .chart(ANA, place, "States", &by("UPPER(${status})"))
        .await;
    let states = counted(|order| order.status.to_uppercase(), |_| true);
    for who in [&vic, &fay, &shop.ana] {
        let results = who.post(&of(&chart, "results")).json(&json!({})).await;
        assert_eq!(told(&results.ok()["rows"], "own"), states);
    }
}

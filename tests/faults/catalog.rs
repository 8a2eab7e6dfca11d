//! What there is to ask for.

use serde_json::json;
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario};

const ANA: &str = "ana@example.com";

/// Ana, and her project with an explore.
async fn deployed(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    let path = format!("/api/v1/projects/{}", project.id);
    let explore = json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": {}, "metrics": { "total": {
                "fieldType": "metric", "type": "sum", "name": "total", "label": "Total", "table": "orders",
                "tableLabel": "Orders", "sql": "${TABLE}.a", "compiledSql": "SUM(a)", "hidden": false,
            } },
        } },
    });
    let list = format!("{path}/explores");
    ana.put(&list).json(&json!([explore])).await.ok();
    (ana, path)
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!("getCatalog", "", |app| {
            let (ana, path) = deployed(app).await;
            Plan::get(&ana, format!("{path}/dataCatalog?search=total"))
        }),
        scenario!("getMetricsCatalog", "", |app| {
            let (ana, path) = deployed(app).await;
            Plan::get(&ana, format!("{path}/dataCatalog/metrics"))
        }),
        scenario!("hasMetricsInCatalog", "", |app| {
            let (ana, path) = deployed(app).await;
            Plan::get(&ana, format!("{path}/dataCatalog/metrics/has"))
        }),
        scenario!("getProjectCatalog", "", |app| {
            let (ana, path) = deployed(app).await;
            Plan::get(&ana, format!("{path}/catalog"))
        }),
    ]
}

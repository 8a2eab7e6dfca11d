//! The metrics explorer.

use serde_json::json;
use testing::{Actor, Says, TestApp};
use warehouse::{Column, Type};

use super::scenario::{Again, Plan, Scenario};

/// Ana, and where she asks for a metric of her project, whose warehouse answers one row whatever it is asked.
async fn open(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin("ana@example.com", "Acme").await;
    let column = |name: &str, r#type| Column {
        name: name.to_owned(),
        r#type,
    };
    let columns = vec![
        column("orders_day", Type::Date),
        column("orders_count", Type::Integer),
    ];
    let rows = vec![vec![vec![json!("2024-01-01"), json!(7)]]];
    app.warehouse.always(Says::Rows(columns, rows));
    let field = |kind: &str, r#type: &str, name: &str, sql: &str| {
        json!({
            "fieldType": kind, "type": r#type, "name": name, "label": name, "table": "orders", "tableLabel": "Orders", "sql": sql,
            "compiledSql": sql, "hidden": false, "filters": [], "isIntervalBase": true,
        })
    };
    let explore = json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": { "day": field("dimension", "date", "day", "\"orders\".day"), "status": field("dimension", "string", "status", "\"orders\".status") },
            "metrics": { "count": field("metric", "count", "count", "COUNT(\"orders\".id)") },
        } },
    });
    let project = ana.open_project("Sales", &json!({}), &[explore]).await;
    let path = format!("/api/v1/projects/{project}/metricsExplorer/orders/count");
    (ana, path)
}

const DAYS: &str = "startDate=2024-01-01&endDate=2024-12-31";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!("runMetricExplorerQuery", "", |app| {
            let (ana, path) = open(app).await;
            let body = json!({ "query": { "comparison": "previous_period" } });
            Plan::post(&ana, format!("{path}/runMetricExplorerQuery?{DAYS}"), body)
        }),
        scenario!("runMetricExplorerQuery", "by segments", |app| {
            let (ana, path) = open(app).await;
            let body =
                json!({ "query": { "comparison": "none", "segmentDimension": "orders_status" } });
            Plan::post(&ana, format!("{path}/runMetricExplorerQuery?{DAYS}"), body)
        }),
        scenario!("runMetricTotal", "", |app| {
            let (ana, path) = open(app).await;
            let body = json!({ "comparisonType": "previous_period" });
            let path = format!("{path}/runMetricTotal?timeFrame=YEAR&{DAYS}");
            Plan::post(&ana, path, body)
        }),
    ]
}

//! Previews with what is copied into them, and how the list of a project's metrics is shown.

use http::Method;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";
const PROJECTS: &str = "/api/v1/org/projects";

fn explore() -> Value {
    let dimension = json!({
        "fieldType": "dimension", "type": "string", "name": "status", "label": "Status", "table": "orders", "tableLabel": "Orders",
        "sql": "${TABLE}.status", "compiledSql": "\"orders\".status", "hidden": false,
    });
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": { "status": dimension }, "metrics": {},
        } },
    })
}

fn chart(space: &str) -> Value {
    json!({
        "name": "Chart", "spaceUuid": space, "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 500,
            "tableCalculations": [],
        },
        "chartConfig": { "type": "table", "config": {} }, "tableConfig": { "columnOrder": [] },
    })
}

/// Ana, and her project with an explore and a chart.
async fn saved(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let body = json!({
        "name": "Sales", "type": "DEFAULT", "dbtVersion": "latest", "dbtConnection": { "type": "none" },
        "warehouseConnection": {
            "type": "trino", "host": "h", "port": 8080, "dbname": "d", "schema": "s", "http_scheme": "https", "user": "u",
            "password": "hunter2-hunter2",
        },
    });
    let made = ana.post(PROJECTS).json(&body).await.ok();
    let id = text(&made["project"]["projectUuid"]);
    let path = format!("/api/v1/projects/{id}");
    let explores = format!("{path}/explores");
    ana.put(&explores).json(&json!([explore()])).await.ok();
    let spaces = ana.get(&format!("{path}/spaces")).await.ok();
    let body = chart(spaces[0]["uuid"].as_str().unwrap());
    ana.post(&format!("{path}/saved")).json(&body).await.ok();
    (ana, path)
}

fn preview(ana: &Actor<'_>, path: &str) -> Plan {
    let body = json!({ "name": "Preview", "copyContent": true });
    Plan::post(ana, format!("{path}/createPreview"), body)
}

fn columns(visible: bool) -> Value {
    json!({ "columnConfig": [{ "column": "label", "isVisible": visible }] })
}

fn spotlight(path: &str) -> String {
    format!("{path}/spotlight/table/config")
}

/// Where in the index a copy stands follows from its id, which is another one each time.
fn without_index(scenario: Scenario) -> Scenario {
    Scenario {
        beside: &["content index"],
        ..scenario
    }
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        without_index(scenario!(
            "createPreview",
            "",
            |app| {
                let (ana, path) = saved(app).await;
                preview(&ana, &path)
            },
            Again::More
        )),
        without_index(scenario!(
            "createPreview",
            "with an idempotency key",
            |app| {
                let (ana, path) = saved(app).await;
                preview(&ana, &path).keyed("once")
            }
        )),
        scenario!("getSpotlightTableConfig", "", |app| {
            let (ana, path) = saved(app).await;
            ana.post(&spotlight(&path)).json(&columns(true)).await;
            Plan::get(&ana, spotlight(&path))
        }),
        scenario!("postSpotlightTableConfig", "", |app| {
            let (ana, path) = saved(app).await;
            ana.post(&spotlight(&path)).json(&columns(true)).await;
            Plan::new(&ana, Method::POST, spotlight(&path)).json(columns(false))
        }),
        scenario!("resetSpotlightTableConfig", "", |app| {
            let (ana, path) = saved(app).await;
            ana.post(&spotlight(&path)).json(&columns(true)).await;
            Plan::delete(&ana, spotlight(&path))
        }),
    ]
}

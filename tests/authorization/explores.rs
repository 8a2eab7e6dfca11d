//! Explores: deploying, listing, compiling.

use http::Method;
use serde_json::{Value, json};

use super::rows::{Named, Row, get, with};

/// What the organisation's project has, and everybody deploys.
pub(super) fn explore() -> Value {
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

pub(super) fn list(named: &Named) -> String {
    format!("/api/v1/projects/{}/explores", named.project)
}

/// Where the project is deployed in batches.
pub(super) fn deploys(named: &Named) -> String {
    format!("/api/v2/projects/{}/deploy", named.project)
}

pub(super) fn batch() -> Value {
    json!({ "batchNumber": 1, "explores": [explore()] })
}

fn query() -> Value {
    json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 500,
        "tableCalculations": [],
    })
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("GetExplores", "", |named| get(list(named))),
        ("SetExplores", "", |named| {
            with(Method::PUT, list(named), json!([explore()]))
        }),
        ("GetExplore", "", |named| {
            get(format!("{}/orders", list(named)))
        }),
        ("CompileQuery", "", |named| {
            let path = format!("{}/orders/compileQuery", list(named));
            with(Method::POST, path, query())
        }),
        ("CompileQuery", "with SQL of its own", |named| {
            let path = format!("{}/orders/compileQuery", list(named));
            let mut query = query();
            query["dimensions"] = json!(["own"]);
            query["customDimensions"] = json!([{
                "id": "own", "name": "Own", "table": "orders", "type": "sql", "sql": "1", "dimensionType": "number",
            }]);
            with(Method::POST, path, query)
        }),
        ("StartDeploy", "", |named| {
            (Method::POST, deploys(named), None)
        }),
        ("AddDeployBatch", "", |named| {
            let path = format!("{}/{}/batch", deploys(named), named.deploy);
            with(Method::POST, path, batch())
        }),
        ("FinalizeDeploy", "", |named| {
            let path = format!("{}/{}/finalize", deploys(named), named.deploy);
            (Method::POST, path, None)
        }),
    ]
}

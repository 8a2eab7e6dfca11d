//! Explores: deploying, listing, compiling, asking.

use http::Method;
use serde_json::{Value, json};
use testing::Says;
use warehouse::{Column, Type};

use super::{
    metrics,
    rows::{Named, Row, get, with},
};

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
            "dimensions": { "status": dimension, "day": metrics::dates() }, "metrics": { "count": metrics::metric() },
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

fn counted() -> Value {
    with_more(&json!({ "metrics": ["orders_count"] }))
}

/// The project's warehouse is the test's.
pub(super) fn connection() -> Value {
    json!({
        "type": "postgres", "host": "embedded", "port": 5432, "user": "", "password": "", "dbname": "postgres", "schema": "s",
    })
}

/// What the warehouse answers whatever it is asked.
pub(super) fn answer() -> Says {
    let column = Column {
        name: "orders_status".to_owned(),
        r#type: Type::Text,
    };
    Says::Rows(vec![column], vec![vec![vec![json!("completed")]]])
}

fn queries(named: &Named) -> String {
    format!("/api/v2/projects/{}/query", named.project)
}

pub(super) fn metric_query(named: &Named) -> String {
    format!("{}/metric-query", queries(named))
}

pub(super) fn asked() -> Value {
    json!({ "query": query() })
}

fn of_query(named: &Named, part: &str) -> String {
    format!("{}/{}{part}", queries(named), named.query)
}

fn runner(named: &Named, part: &str) -> String {
    format!("/api/v1/projects/{}/sqlRunner/{part}", named.project)
}

pub(super) fn with_more(more: &Value) -> Value {
    let mut body = query();
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn statement() -> Value {
    json!({ "sql": "SELECT 1 AS one" })
}

/// Asking, and what comes of it.
pub(super) fn asking() -> Vec<Row> {
    vec![
        ("RunMetricQuery", "", |named| {
            let path = format!("{}/orders/runQuery", list(named));
            with(Method::POST, path, query())
        }),
        ("postRunUnderlyingDataQuery", "", |named| {
            let path = format!("{}/orders/runUnderlyingDataQuery", list(named));
            with(Method::POST, path, query())
        }),
        ("RunSqlQuery", "", |named| {
            let path = format!("/api/v1/projects/{}/sqlQuery", named.project);
            with(Method::POST, path, statement())
        }),
        ("CalculateTotalFromQuery", "", |named| {
            let path = format!("/api/v1/projects/{}/calculate-total", named.project);
            with(
                Method::POST,
                path,
                json!({ "explore": "orders", "metricQuery": counted() }),
            )
        }),
        ("CalculateSubtotalsFromQuery", "", |named| {
            let path = format!("/api/v1/projects/{}/calculate-subtotals", named.project);
            let body = json!({ "explore": "orders", "metricQuery": counted(), "columnOrder": [] });
            with(Method::POST, path, body)
        }),
        ("DownloadCsvFromExplore", "", |named| {
            let path = format!("{}/orders/downloadCsv", list(named));
            let more = json!({ "onlyRaw": false, "csvLimit": null, "showTableNames": false, "columnOrder": [] });
            with(Method::POST, path, with_more(&more))
        }),
        ("SearchFieldValues", "", |named| {
            let path = format!(
                "/api/v1/projects/{}/field/orders_status/search",
                named.project
            );
            let body = json!({ "table": "orders", "search": "c", "limit": 10 });
            with(Method::POST, path, body)
        }),
        ("ExecuteAsyncMetricQuery", "", |named| {
            with(Method::POST, metric_query(named), asked())
        }),
        ("ExecuteAsyncUnderlyingDataQuery", "", |named| {
            let path = format!("{}/underlying-data", queries(named));
            let body = json!({ "underlyingDataSourceQueryUuid": named.query, "filters": {} });
            with(Method::POST, path, body)
        }),
        ("ExecuteAsyncSqlQuery", "", |named| {
            with(Method::POST, format!("{}/sql", queries(named)), statement())
        }),
        ("GetAsyncQueryResults", "", |named| get(of_query(named, ""))),
        ("GetAsyncQueryResultsStream", "", |named| {
            get(of_query(named, "/results"))
        }),
        ("CancelAsyncQuery", "", |named| {
            (Method::POST, of_query(named, "/cancel"), None)
        }),
        ("DownloadAsyncQueryResults", "", |named| {
            with(
                Method::POST,
                of_query(named, "/download"),
                json!({ "type": "csv" }),
            )
        }),
        ("ScheduleDownloadAsyncQueryResults", "", |named| {
            with(
                Method::POST,
                of_query(named, "/schedule-download"),
                json!({ "type": "csv" }),
            )
        }),
        ("getTables", "", |named| get(runner(named, "tables"))),
        ("getTableFields", "", |named| {
            get(runner(named, "fields?tableName=orders&schemaName=s"))
        }),
        ("refreshSqlRunnerCatalog", "", |named| {
            (Method::POST, runner(named, "refresh-catalog"), None)
        }),
        ("runSql", "", |named| {
            with(Method::POST, runner(named, "run"), statement())
        }),
        ("runSqlPivotQuery", "", |named| {
            let body = json!({ "sql": "SELECT 1 AS one", "indexColumn": { "reference": "one", "type": "category" }, "valuesColumns": [{ "reference": "one", "aggregation": "sum" }] });
            with(Method::POST, runner(named, "runPivotQuery"), body)
        }),
        ("getLocalResults", "", |named| {
            get(runner(named, &format!("results/{}", named.query)))
        }),
    ]
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

//! Asking the warehouse.

use http::Method;
use serde_json::{Value, json};
use testing::{Actor, Says, TestApp};
use warehouse::{Column, Type};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";

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

pub(super) fn query() -> Value {
    json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 500,
        "tableCalculations": [],
    })
}

/// The same with a metric.
pub(super) fn counted() -> Value {
    let mut query = query();
    query["metrics"] = json!(["orders_n"]);
    query["additionalMetrics"] =
        json!([{ "table": "orders", "name": "n", "type": "count", "sql": "${TABLE}.status" }]);
    query
}

/// Ana, and her project, whose warehouse answers one row whatever it is asked.
pub(super) async fn open(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let column = Column {
        name: "orders_status".to_owned(),
        r#type: Type::Text,
    };
    let rows = vec![vec![vec![json!("completed")]]];
    app.warehouse.always(Says::Rows(vec![column], rows));
    let project = ana.open_project("Sales", &json!({}), &[explore()]).await;
    (ana, project)
}

/// The same with a query that is answered, and where it is.
async fn asked(app: &TestApp) -> (Actor<'_>, String, String) {
    let (ana, project) = open(app).await;
    let path = format!("/api/v2/projects/{project}/query");
    let body = json!({ "query": query() });
    let made = ana.post(&format!("{path}/metric-query")).json(&body).await;
    let id = text(&made.ok()["queryUuid"]);
    (ana, path, id)
}

/// The same with a query that waits for the worker.
async fn waiting(app: &TestApp) -> (Actor<'_>, String) {
    let (ana, path, _) = asked(app).await;
    app.warehouse.say(Says::TooLate);
    let body = json!({ "query": query() });
    let made = ana.post(&format!("{path}/metric-query")).json(&body).await;
    let id = text(&made.ok()["queryUuid"]);
    (ana, format!("{path}/{id}"))
}

fn statement() -> Value {
    json!({ "sql": "SELECT 1 AS one" })
}

/// Answered in the same request.
fn at_once() -> Vec<Scenario> {
    vec![
        scenario!("RunMetricQuery", "", |app| {
            let (ana, project) = open(app).await;
            let path = format!("/api/v1/projects/{project}/explores/orders/runQuery");
            Plan::post(&ana, path, query())
        }),
        scenario!("postRunUnderlyingDataQuery", "", |app| {
            let (ana, project) = open(app).await;
            let path = format!("/api/v1/projects/{project}/explores/orders/runUnderlyingDataQuery");
            Plan::post(&ana, path, query())
        }),
        scenario!("RunSqlQuery", "", |app| {
            let (ana, project) = open(app).await;
            Plan::post(
                &ana,
                format!("/api/v1/projects/{project}/sqlQuery"),
                statement(),
            )
        }),
        scenario!("CalculateTotalFromQuery", "", |app| {
            let (ana, project) = open(app).await;
            let path = format!("/api/v1/projects/{project}/calculate-total");
            Plan::post(
                &ana,
                path,
                json!({ "explore": "orders", "metricQuery": counted() }),
            )
        }),
        scenario!("CalculateSubtotalsFromQuery", "", |app| {
            let (ana, project) = open(app).await;
            let path = format!("/api/v1/projects/{project}/calculate-subtotals");
            let body = json!({ "explore": "orders", "metricQuery": counted(), "columnOrder": [] });
            Plan::post(&ana, path, body)
        }),
        scenario!("SearchFieldValues", "", |app| {
            let (ana, project) = open(app).await;
            let path = format!("/api/v1/projects/{project}/field/orders_status/search");
            Plan::post(
                &ana,
                path,
                json!({ "table": "orders", "search": "c", "limit": 10 }),
            )
        }),
        Scenario {
            // The list is kept for the next beside the answer.
            beside: &["catalogue"],
            ..scenario!("getTables", "", |app| {
                let (ana, project) = open(app).await;
                Plan::get(&ana, format!("/api/v1/projects/{project}/sqlRunner/tables"))
            })
        },
        scenario!("getTableFields", "", |app| {
            let (ana, project) = open(app).await;
            let params = "tableName=orders&schemaName=s";
            Plan::get(
                &ana,
                format!("/api/v1/projects/{project}/sqlRunner/fields?{params}"),
            )
        }),
        scenario!("refreshSqlRunnerCatalog", "", |app| {
            let (ana, project) = open(app).await;
            let path = format!("/api/v1/projects/{project}/sqlRunner/refresh-catalog");
            Plan::new(&ana, Method::POST, path)
        }),
    ]
}

/// Kept.
fn kept() -> Vec<Scenario> {
    vec![
        scenario!(
            "ExecuteAsyncMetricQuery",
            "",
            |app| {
                let (ana, project) = open(app).await;
                let path = format!("/api/v2/projects/{project}/query/metric-query");
                Plan::post(&ana, path, json!({ "query": query() }))
            },
            Again::More
        ),
        scenario!(
            "ExecuteAsyncUnderlyingDataQuery",
            "",
            |app| {
                let (ana, path, id) = asked(app).await;
                let body = json!({ "underlyingDataSourceQueryUuid": id, "filters": {} });
                Plan::post(&ana, format!("{path}/underlying-data"), body)
            },
            Again::More
        ),
        scenario!(
            "ExecuteAsyncSqlQuery",
            "",
            |app| {
                let (ana, project) = open(app).await;
                Plan::post(
                    &ana,
                    format!("/api/v2/projects/{project}/query/sql"),
                    statement(),
                )
            },
            Again::More
        ),
        scenario!(
            "DownloadCsvFromExplore",
            "",
            |app| {
                let (ana, project) = open(app).await;
                let mut body = query();
                body["onlyRaw"] = json!(false);
                body["csvLimit"] = Value::Null;
                body["showTableNames"] = json!(false);
                body["columnOrder"] = json!([]);
                let path = format!("/api/v1/projects/{project}/explores/orders/downloadCsv");
                Plan::post(&ana, path, body)
            },
            Again::More
        ),
        scenario!(
            "runSql",
            "",
            |app| {
                let (ana, project) = open(app).await;
                Plan::post(
                    &ana,
                    format!("/api/v1/projects/{project}/sqlRunner/run"),
                    statement(),
                )
            },
            Again::More
        ),
        scenario!(
            "runSqlPivotQuery",
            "",
            |app| {
                let (ana, project) = open(app).await;
                let body = json!({ "sql": "SELECT 1 AS one", "indexColumn": { "reference": "one", "type": "category" }, "valuesColumns": [{ "reference": "one", "aggregation": "sum" }] });
                Plan::post(
                    &ana,
                    format!("/api/v1/projects/{project}/sqlRunner/runPivotQuery"),
                    body,
                )
            },
            Again::More
        ),
    ]
}

/// Read and taken away.
fn read() -> Vec<Scenario> {
    vec![
        scenario!("GetAsyncQueryResults", "", |app| {
            let (ana, path, id) = asked(app).await;
            Plan::get(&ana, format!("{path}/{id}"))
        }),
        scenario!("GetAsyncQueryResultsStream", "", |app| {
            let (ana, path, id) = asked(app).await;
            Plan::get(&ana, format!("{path}/{id}/results"))
        }),
        scenario!("CancelAsyncQuery", "", |app| {
            let (ana, path) = waiting(app).await;
            Plan::new(&ana, Method::POST, format!("{path}/cancel"))
        }),
        scenario!("DownloadAsyncQueryResults", "", |app| {
            let (ana, path, id) = asked(app).await;
            Plan::post(
                &ana,
                format!("{path}/{id}/download"),
                json!({ "type": "csv" }),
            )
        }),
        Scenario {
            // The name of the file is random, and packed in it.
            beside: &["work"],
            ..scenario!("ScheduleDownloadAsyncQueryResults", "", |app| {
                let (ana, path, id) = asked(app).await;
                Plan::post(
                    &ana,
                    format!("{path}/{id}/schedule-download"),
                    json!({ "type": "csv" }),
                )
            })
        },
        scenario!("getLocalResults", "", |app| {
            let (ana, path, id) = asked(app).await;
            let path = path
                .replace("/v2/", "/v1/")
                .replace("/query", "/sqlRunner/results");
            Plan::get(&ana, format!("{path}/{id}"))
        }),
    ]
}

pub(super) fn scenarios() -> Vec<Scenario> {
    [at_once(), kept(), read()].concat()
}

//! A project that can be asked: an explore, and a warehouse that answers as a test says.

use app::domain::id::JobId;
use serde_json::{Value, json};
use testing::{Actor, Answer, Says, TestApp};
use warehouse::{Column, Type};

pub(crate) const ANA: &str = "ana@acme.com";

fn explore() -> Value {
    let dimension = json!({
        "fieldType": "dimension", "type": "string", "name": "status", "label": "Status", "table": "orders", "tableLabel": "Orders",
        "sql": "${TABLE}.status", "compiledSql": "\"orders\".status", "hidden": false, "tablesReferences": ["orders"],
    });
    let metric = json!({
        "fieldType": "metric", "type": "sum", "name": "revenue", "label": "Revenue", "table": "orders", "tableLabel": "Orders",
        "sql": "${TABLE}.amount", "compiledSql": "SUM(\"orders\".amount)", "hidden": false, "filters": [], "format": "usd",
        "tablesReferences": ["orders"],
    });
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": { "status": dimension }, "metrics": { "revenue": metric },
        } },
    })
}

/// Ana, and her project.
pub(crate) async fn open(app: &TestApp) -> (Actor<'_>, String) {
    let ana = app.admin(ANA, "Acme").await;
    app.warehouse.always(orders());
    let project = ana.open_project("Sales", &json!({}), &[explore()]).await;
    (ana, project)
}

/// Rows of the explore.
pub(crate) fn rows(rows: Vec<(&str, Value)>) -> Says {
    let column = |name: &str, r#type| Column {
        name: name.to_owned(),
        r#type,
    };
    let columns = vec![
        column("orders_status", Type::Text),
        column("orders_revenue", Type::Decimal),
    ];
    let rows = rows.into_iter();
    let rows = rows.map(|(status, revenue)| vec![json!(status), revenue]);
    Says::Rows(columns, vec![rows.collect()])
}

/// What the warehouse answers if nothing else is said.
fn orders() -> Says {
    rows(vec![
        ("completed", json!("30.50")),
        ("=1+1", json!("-100")),
        ("+49 30", json!("0")),
        ("-x", json!(null)),
        ("@sum", json!("1")),
        ("\tx", json!("1")),
        ("\rx", json!("1")),
        ("say \"so\", now", json!("1")),
    ])
}

pub(crate) fn query() -> Value {
    json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_revenue"], "filters": {}, "sorts": [],
        "limit": 500, "tableCalculations": [],
    })
}

/// Begins a CSV file; its job.
pub(crate) async fn begin(who: &Actor<'_>, project: &str, changes: &Value) -> String {
    let mut body = query();
    let usual =
        json!({ "onlyRaw": false, "csvLimit": null, "showTableNames": false, "columnOrder": [] });
    for (key, value) in [&usual, changes]
        .into_iter()
        .flat_map(|one| one.as_object().unwrap())
    {
        body[key] = value.clone();
    }
    let path = format!("/api/v1/projects/{project}/explores/orders/downloadCsv");
    let begun = who.post(&path).json(&body).await.ok();
    begun["jobId"].as_str().unwrap().to_owned()
}

/// How a CSV file goes.
pub(crate) async fn poll(who: &Actor<'_>, job: &str) -> Answer {
    who.get(&format!("/api/v1/csv/{job}")).await
}

/// The path of a link to this installation.
pub(crate) fn path(url: &Value) -> String {
    let url = url.as_str().unwrap();
    let (_, path) = url.split_once("/api/").unwrap();
    format!("/api/{path}")
}

/// A file that is made at once: the path of its link.
pub(crate) async fn made(who: &Actor<'_>, project: &str, changes: &Value) -> String {
    let job = begin(who, project, changes).await;
    path(&poll(who, &job).await.ok()["url"])
}

/// Asks a query and makes a file of its rows: the path of its link.
pub(crate) async fn downloaded(who: &Actor<'_>, project: &str, body: &Value) -> String {
    let queries = format!("/api/v2/projects/{project}/query");
    let asked = json!({ "query": query() });
    let asked = who
        .post(&format!("{queries}/metric-query"))
        .json(&asked)
        .await;
    let id = asked.ok()["queryUuid"].as_str().unwrap().to_owned();
    let file = who.post(&format!("{queries}/{id}/download")).json(body);
    path(&file.await.ok()["fileUrl"])
}

/// The job that waits for the worker.
pub(crate) async fn waiting(app: &TestApp) -> JobId {
    app.app.store.late_open_jobs().await.unwrap()[0]
}

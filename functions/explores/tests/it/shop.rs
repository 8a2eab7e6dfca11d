//! A project that can be asked: an explore over five orders in the embedded engine.

use serde_json::{Value, json};
use testing::{Actor, Says, TestApp};
use warehouse::{Column, Type};

use crate::given::ANA;

pub(crate) const ORDERS: &str = "order_id,status,amount,ordered_at,owner\n\
    1,completed,10.50,2024-01-15 10:00:00,ana\n\
    2,completed,20.00,2024-01-20 11:30:00,bob\n\
    3,returned,5.25,2024-02-01 09:00:00,ana\n\
    4,completed,,2024-02-10 12:00:00,bob\n\
    5,=1+1,100.00,2024-03-05 08:15:00,ana\n";

fn dimension(name: &str, kind: &str, more: &Value) -> Value {
    let mut field = json!({
        "fieldType": "dimension", "type": kind, "name": name, "label": name, "table": "orders", "tableLabel": "Orders",
        "sql": format!("${{TABLE}}.{name}"), "compiledSql": format!("\"orders\".{name}"), "hidden": false, "tablesReferences": ["orders"],
    });
    for (key, value) in more.as_object().unwrap() {
        field[key] = value.clone();
    }
    field
}

fn metric(name: &str, kind: &str, sql: &str, more: &Value) -> Value {
    let mut field = json!({
        "fieldType": "metric", "type": kind, "name": name, "label": name, "table": "orders", "tableLabel": "Orders",
        "sql": sql, "compiledSql": format!("{kind}({})", sql.replace("${TABLE}", "\"orders\"")), "hidden": false, "filters": [],
        "tablesReferences": ["orders"],
    });
    for (key, value) in more.as_object().unwrap() {
        field[key] = value.clone();
    }
    field
}

/// The explore of the orders; with `guarded`, each sees those of the owners that the attribute `owner` names.
pub(crate) fn orders(guarded: bool) -> Value {
    let month = json!({
        "label": "Month", "timeInterval": "MONTH", "timeIntervalBaseDimensionName": "ordered_at",
        "compiledSql": "DATE_TRUNC('MONTH', \"orders\".ordered_at)",
    });
    let completed = json!([{ "id": "f", "target": { "fieldRef": "status" }, "operator": "equals", "values": ["completed"] }]);
    let mut table = json!({
        "name": "orders", "label": "Orders", "database": "postgres", "schema": "jaffle",
        "sqlTable": "\"postgres\".\"jaffle\".\"orders\"", "lineageGraph": {},
        "dimensions": {
            "order_id": dimension("order_id", "number", &json!({})),
            "status": dimension("status", "string", &json!({ "label": "Status" })),
            "amount": dimension("amount", "number", &json!({ "hidden": true })),
            "ordered_at": dimension("ordered_at", "timestamp", &json!({})),
            "ordered_at_month": dimension("ordered_at_month", "date", &month),
            "owner": dimension("owner", "string", &json!({})),
        },
        "metrics": {
            "revenue": metric("revenue", "sum", "${TABLE}.amount", &json!({ "label": "Revenue", "format": "usd" })),
            "count": metric("count", "count", "${TABLE}.order_id", &json!({ "label": "Orders" })),
            "completed": metric("completed", "count", "${TABLE}.order_id",
                &json!({ "filters": completed, "showUnderlyingValues": ["owner", "orders.status"] })),
        },
    });
    if guarded {
        table["sqlWhere"] = json!("\"orders\".owner IN (${lightdash.attributes.owner})");
        table["uncompiledSqlWhere"] = json!("${TABLE}.owner IN (${lightdash.attributes.owner})");
    }
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": table },
    })
}

/// Ana, and the id of her project with the orders.
pub(crate) async fn open(app: &TestApp) -> (Actor<'_>, String) {
    open_with(app, &orders(false), &json!({})).await
}

/// The same with this explore, and more in the connection.
pub(crate) async fn open_with<'a>(
    app: &'a TestApp,
    explore: &Value,
    more: &Value,
) -> (Actor<'a>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let mut more = more.clone();
    more["schema"] = json!("jaffle");
    let explores = [explore.clone()];
    let project = ana.open_project("Jaffle", &more, &explores).await;
    let data = app.folder("warehouse").join(&project);
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("orders.csv"), ORDERS).unwrap();
    app.warehouse
        .behind(warehouse::embedded::projects(app.folder("warehouse")));
    (ana, project)
}

/// Orders and revenue by status.
pub(crate) fn by_status() -> Value {
    json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_count", "orders_revenue"], "filters": {},
        "sorts": [{ "fieldId": "orders_status", "descending": false }], "limit": 500, "tableCalculations": [],
    })
}

/// Every order.
pub(crate) fn every_order() -> Value {
    json!({
        "exploreName": "orders", "dimensions": ["orders_order_id", "orders_owner"], "metrics": [], "filters": {},
        "sorts": [{ "fieldId": "orders_order_id", "descending": false }], "limit": 500, "tableCalculations": [],
    })
}

/// Where the area's routes for a project begin.
pub(crate) fn explore(project: &str) -> String {
    format!("/api/v1/projects/{project}/explores/orders")
}

/// Where queries of a project are.
pub(crate) fn queries(project: &str) -> String {
    format!("/api/v2/projects/{project}/query")
}

/// Raw values of rows, in the order of the ids.
pub(crate) fn raw(rows: &Value, ids: &[&str]) -> Vec<Vec<Value>> {
    let cells = |row: &Value| {
        ids.iter()
            .map(|id| row[id]["value"]["raw"].clone())
            .collect()
    };
    rows.as_array().unwrap().iter().map(cells).collect()
}

/// Asks, and answers where the query is.
pub(crate) async fn ask(who: &Actor<'_>, project: &str, query: &Value) -> String {
    let path = format!("{}/metric-query", queries(project));
    let asked = who.post(&path).json(&json!({ "query": query })).await.ok();
    format!(
        "{}/{}",
        queries(project),
        asked["queryUuid"].as_str().unwrap()
    )
}

pub(crate) fn column(name: &str, r#type: Type) -> Column {
    Column {
        name: name.to_owned(),
        r#type,
    }
}

/// So many rows of one column, in batches.
pub(crate) fn numbers(count: usize) -> Says {
    let rows: Vec<_> = (0..count).map(|at| vec![json!(at)]).collect();
    let batches = rows.chunks(700).map(<[_]>::to_vec).collect();
    Says::Rows(vec![column("orders_order_id", Type::Integer)], batches)
}

/// What a link of this installation leads to, as text.
pub(crate) async fn file(app: &TestApp, url: &str) -> String {
    let token = url.rsplit('/').next().unwrap();
    let now = app.app.clock.now();
    let link = app.app.files.follow(token, now).unwrap();
    let bytes = app.app.files.read(&link.file, 0, 1 << 30).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

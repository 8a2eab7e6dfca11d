//! A project with an explore over five orders in the embedded engine, and what is to come of them, counted here by hand.

use std::collections::BTreeMap;

use app::domain::id::QueryId;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

pub(crate) const ANA: &str = "ana@acme.com";

/// An order.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) status: &'static str,
    pub(crate) amount: Option<f64>,
    pub(crate) at: &'static str,
    pub(crate) owner: &'static str,
}

const fn order(
    id: i64,
    status: &'static str,
    amount: Option<f64>,
    at: &'static str,
    owner: &'static str,
) -> Order {
    Order {
        id,
        status,
        amount,
        at,
        owner,
    }
}

pub(crate) const ORDERS: [Order; 5] = [
    order(1, "completed", Some(10.5), "2024-01-15 10:00:00", "ana"),
    order(2, "completed", Some(20.0), "2024-01-20 11:30:00", "bob"),
    order(3, "returned", Some(5.25), "2024-02-01 09:00:00", "ana"),
    order(4, "completed", None, "2024-02-10 12:00:00", "bob"),
    order(5, "open", Some(100.0), "2024-03-05 08:15:00", "ana"),
];

/// How many orders there are of each group, and what they bring, of those that are let pass.
pub(crate) fn counted(
    group: impl Fn(&Order) -> String,
    pass: impl Fn(&Order) -> bool,
) -> Vec<(String, i64, f64)> {
    let mut found = BTreeMap::<String, (i64, f64)>::new();
    for order in ORDERS.iter().filter(|order| pass(order)) {
        let (count, revenue) = found.entry(group(order)).or_default();
        *count += 1;
        *revenue += order.amount.unwrap_or_default();
    }
    let found = found.into_iter();
    found
        .map(|(group, (count, revenue))| (group, count, revenue))
        .collect()
}

/// The same as rows have it.
pub(crate) fn told(rows: &Value, group: &str) -> Vec<(String, i64, f64)> {
    let raw = |row: &Value, id: &str| row[id]["value"]["raw"].clone();
    let one = |row: &Value| {
        let count = raw(row, "orders_count").as_i64().unwrap();
        let revenue = raw(row, "orders_revenue").as_f64().unwrap_or_default();
        (raw(row, group).as_str().unwrap().to_owned(), count, revenue)
    };
    rows.as_array().unwrap().iter().map(one).collect()
}

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

fn metric(name: &str, kind: &str, column: &str, label: &str) -> Value {
    json!({
        "fieldType": "metric", "type": kind, "name": name, "label": label, "table": "orders", "tableLabel": "Orders",
        "sql": format!("${{TABLE}}.{column}"), "compiledSql": format!("{kind}(\"orders\".{column})"), "hidden": false, "filters": [],
        "tablesReferences": ["orders"],
    })
}

/// The explore of the orders; with `guarded`, each sees those of the owners that the attribute `owner` names.
pub(crate) fn explore(guarded: bool) -> Value {
    let month = json!({
        "timeInterval": "MONTH", "timeIntervalBaseDimensionName": "ordered_at",
        "compiledSql": "DATE_TRUNC('MONTH', \"orders\".ordered_at)",
    });
    let mut table = json!({
        "name": "orders", "label": "Orders", "database": "postgres", "schema": "jaffle",
        "sqlTable": "\"postgres\".\"jaffle\".\"orders\"", "lineageGraph": {},
        "dimensions": {
            "order_id": dimension("order_id", "number", &json!({})),
            "status": dimension("status", "string", &json!({ "label": "Status" })),
            "ordered_at": dimension("ordered_at", "timestamp", &json!({})),
            "ordered_at_month": dimension("ordered_at_month", "date", &month),
            "owner": dimension("owner", "string", &json!({ "label": "Owner" })),
        },
        "metrics": {
            "revenue": metric("revenue", "sum", "amount", "Revenue"), "count": metric("count", "count", "order_id", "Orders"),
        },
    });
    if guarded {
        table["sqlWhere"] = json!("\"orders\".owner IN (${lightdash.attributes.owner})");
        table["uncompiledSqlWhere"] = json!("${TABLE}.owner IN (${lightdash.attributes.owner})");
    }
    json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": table }, "unfilteredTables": { "people": {} },
    })
}

/// Ana, her project, and a space of it that everybody sees.
pub(crate) struct Shop<'a> {
    pub(crate) ana: Actor<'a>,
    pub(crate) project: String,
    pub(crate) space: String,
}

/// Opens the shop.
pub(crate) async fn open(app: &TestApp) -> Shop<'_> {
    open_with(app, &explore(false)).await
}

/// The same with this explore.
pub(crate) async fn open_with<'a>(app: &'a TestApp, explore: &Value) -> Shop<'a> {
    let ana = app.admin(ANA, "Acme").await;
    let explores = [explore.clone()];
    let project = ana
        .open_project("Jaffle", &json!({ "schema": "jaffle" }), &explores)
        .await;
    let data = app.folder("warehouse").join(&project);
    std::fs::create_dir_all(&data).unwrap();
    let mut csv = "order_id,status,amount,ordered_at,owner\n".to_owned();
    for order in ORDERS {
        let amount = order.amount.map(|amount| format!("{amount:.2}"));
        let amount = amount.unwrap_or_default();
        let (id, status, at, owner) = (order.id, order.status, order.at, order.owner);
        csv.push_str(&format!("{id},{status},{amount},{at},{owner}\n"));
    }
    std::fs::write(data.join("orders.csv"), csv).unwrap();
    app.warehouse
        .behind(warehouse::embedded::projects(app.folder("warehouse")));
    let space = space(&ana, &project, false).await;
    Shop {
        ana,
        project,
        space,
    }
}

/// A space of a project.
pub(crate) async fn space(who: &Actor<'_>, project: &str, is_private: bool) -> String {
    let path = format!("/api/v1/projects/{project}/spaces");
    let body =
        json!({ "name": if is_private { "Private" } else { "Public" }, "isPrivate": is_private });
    let made = who.post(&path).json(&body).await.ok();
    made["uuid"].as_str().unwrap().to_owned()
}

impl Shop<'_> {
    /// A chart in the space.
    pub(crate) async fn chart(&self, app: &TestApp, chart: &Value) -> String {
        let place = (self.project.as_str(), self.space.as_str());
        app.chart(ANA, place, "Sales", chart).await
    }
}

/// Orders and revenue by status, as a chart; with changes to the query.
pub(crate) fn by_status(changes: &Value) -> Value {
    let mut query = json!({
        "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_count", "orders_revenue"], "filters": {},
        "sorts": [{ "fieldId": "orders_status", "descending": false }], "limit": 500, "tableCalculations": [],
    });
    for (key, value) in changes.as_object().unwrap() {
        query[key] = value.clone();
    }
    json!({ "metricQuery": query })
}

/// A rule of a dashboard.
pub(crate) fn rule(field: &str, values: &Value) -> Value {
    json!({ "id": field, "target": { "fieldId": field, "tableName": "orders" }, "operator": "equals", "values": values, "label": "" })
}

/// Rules of a dashboard on dimensions.
pub(crate) fn filters(rules: &[Value]) -> Value {
    json!({ "dimensions": rules, "metrics": [], "tableCalculations": [] })
}

/// Where a chart is, and what of it is asked.
pub(crate) fn of(chart: &str, part: &str) -> String {
    format!("/api/v1/saved/{chart}/{part}")
}

/// How often a chart was opened.
pub(crate) async fn views(app: &TestApp, chart: &str) -> u64 {
    use app::domain::{content::ContentKind, id::ContentId};
    let id = ContentId::parse(chart).unwrap();
    let found = app.app.store.views(&[(ContentKind::Chart, id)]).await;
    found.unwrap()[0].views
}

/// The text of a CSV job's file, and whether rows were left out.
pub(crate) async fn file(app: &TestApp, job: &Value) -> (bool, String) {
    app.work(worker::run).await;
    let id = QueryId::parse(job.as_str().unwrap()).unwrap();
    let now = app.app.clock.now();
    let found = app.app.store.query(id, now).await.unwrap().unwrap();
    let outcome = found.outcome.as_ref().unwrap();
    let link = query::export::link_of_job(&app.app, &found, outcome).await;
    let link = link.unwrap();
    let link = app.app.files.follow(link.rsplit('/').next().unwrap(), now);
    let bytes = app.app.files.read(&link.unwrap().file, 0, 1 << 30).await;
    let text = String::from_utf8_lossy(&bytes.unwrap()).into_owned();
    (outcome.truncated, text)
}

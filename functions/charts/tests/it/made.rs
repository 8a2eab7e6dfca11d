//! What these tests have: a project of Ana's with an explore, spaces and charts.

use serde_json::{Value, json};
use testing::{Actor, TestApp};

pub(crate) const ANA: &str = "ana@acme.com";

/// An explore of one table with two dimensions, one of them hidden, and a metric.
pub(crate) fn explore(name: &str) -> Value {
    let dimension = |field: &str, hidden: bool| {
        json!({
            "fieldType": "dimension", "type": "string", "name": field, "label": field, "table": name, "tableLabel": name,
            "sql": format!("${{TABLE}}.{field}"), "compiledSql": format!("\"{name}\".{field}"), "hidden": hidden,
        })
    };
    json!({
        "name": name, "label": name, "tags": [], "baseTable": name, "joinedTables": [], "targetDatabase": "postgres",
        "tables": { name: {
            "name": name, "label": name, "database": "db", "schema": "s", "sqlTable": name, "lineageGraph": {},
            "dimensions": { "status": dimension("status", false), "secret": dimension("secret", true) },
            "metrics": { "total": {
                "fieldType": "metric", "type": "sum", "name": "total", "label": "Total", "table": name, "tableLabel": name,
                "sql": "${TABLE}.amount", "compiledSql": format!("SUM(\"{name}\".amount)"), "hidden": false, "filters": [],
            } },
        } },
    })
}

/// A version of a chart.
pub(crate) fn definition() -> Value {
    json!({
        "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_total"], "filters": {}, "sorts": [],
            "limit": 500, "tableCalculations": [],
        },
        "chartConfig": { "type": "cartesian", "config": {
            "layout": {}, "eChartsConfig": { "series": [{ "type": "bar" }] },
        } },
        "tableConfig": { "columnOrder": ["orders_status", "orders_total"] },
    })
}

/// The same with more, or other, fields.
pub(crate) fn with(mut value: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        unreachable!("fields")
    };
    value.as_object_mut().unwrap().extend(more);
    value
}

/// A version with SQL of its own in a dimension.
pub(crate) fn with_sql() -> Value {
    let mut definition = definition();
    definition["metricQuery"]["customDimensions"] = json!([{
        "id": "own", "name": "Own", "table": "orders", "type": "sql", "sql": "lower(${orders.status})", "dimensionType": "string",
    }]);
    definition
}

/// A project, and its path.
pub(crate) struct Made<'a> {
    pub(crate) ana: Actor<'a>,
    pub(crate) path: String,
    /// A space that is open to all of the project.
    pub(crate) space: String,
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Ana's project with the explore `orders` and a public space.
pub(crate) async fn made(app: &TestApp) -> Made<'_> {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Jaffle").await;
    let path = format!("/api/v1/projects/{}", project.id);
    ana.put(&format!("{path}/explores"))
        .json(&json!([explore("orders")]))
        .await
        .ok();
    let mut made = Made {
        ana,
        path,
        space: String::new(),
    };
    made.space = made.space("Public", false).await;
    made
}

impl Made<'_> {
    pub(crate) async fn space(&self, name: &str, is_private: bool) -> String {
        let body = json!({ "name": name, "isPrivate": is_private });
        let path = format!("{}/spaces", self.path);
        text(&self.ana.post(&path).json(&body).await.ok()["uuid"])
    }

    pub(crate) fn saved(&self) -> String {
        format!("{}/saved", self.path)
    }

    /// A new chart in a space.
    pub(crate) async fn chart_in(&self, name: &str, space: &str) -> Value {
        let body = with(definition(), json!({ "name": name, "spaceUuid": space }));
        self.ana.post(&self.saved()).json(&body).await.ok()
    }

    /// A new chart in the public space; its path.
    pub(crate) async fn chart(&self, name: &str) -> String {
        chart_path(&self.chart_in(name, &self.space).await)
    }
}

pub(crate) fn chart_path(chart: &Value) -> String {
    format!("/api/v1/saved/{}", chart["uuid"].as_str().unwrap())
}

/// The names in a list.
pub(crate) fn names(list: &Value) -> Vec<&str> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap()).collect()
}

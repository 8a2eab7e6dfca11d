//! What is sent: explores, charts and dashboards as code, and a project.

use serde_json::{Map, Value, json};

/// Fields of an explore: dimensions and metrics.
const FIELDS: (usize, usize) = (10, 4);

pub(super) fn explore(at: usize) -> Value {
    let name = format!("model_{at:05}");
    let field = |kind: &str, of: &str, field: String| {
        let body = json!({
            "fieldType": kind, "type": of, "name": field, "label": field, "table": name, "tableLabel": name,
            "sql": format!("${{TABLE}}.{field}"), "compiledSql": format!("\"{name}\".{field}"), "hidden": false,
        });
        (field, body)
    };
    let dimensions = (0..FIELDS.0).map(|at| field("dimension", "string", format!("field_{at}")));
    let metrics = (0..FIELDS.1).map(|at| field("metric", "count", format!("metric_{at}")));
    let (dimensions, metrics): (Map<_, _>, Map<_, _>) = (dimensions.collect(), metrics.collect());
    json!({
        "name": name, "label": name, "tags": [], "baseTable": name, "joinedTables": [], "targetDatabase": "postgres",
        "tables": { &name: {
            "name": name, "label": name, "database": "d", "schema": "s", "sqlTable": name, "lineageGraph": {},
            "dimensions": dimensions, "metrics": metrics,
        } },
    })
}

fn chart_slug(at: usize) -> String {
    format!("chart-{at:05}")
}

/// A chart as code, over one of so many explores.
fn chart(at: usize, explores: usize) -> Value {
    let table = format!("model_{:05}", at % explores.max(1));
    let id = |field: &str| format!("{table}_{field}");
    let query = json!({
        "exploreName": table, "dimensions": [id("field_0"), id("field_1")], "metrics": [id("metric_0"), id("metric_1")],
        "filters": { "dimensions": { "id": "root", "and": [{
            "id": "one", "target": { "fieldId": id("field_2") }, "operator": "equals", "values": ["a", "b"],
        }] } },
        "sorts": [{ "fieldId": id("metric_0"), "descending": true }], "limit": 500, "tableCalculations": [],
    });
    let series = json!([{ "type": "bar", "encode": { "xRef": { "field": id("field_0") }, "yRef": { "field": id("metric_0") } } }]);
    json!({
        "name": format!("Chart {at}"), "description": "What there is of each", "slug": chart_slug(at), "spaceSlug": "shared",
        "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z", "tableName": table, "metricQuery": query,
        "chartConfig": { "type": "cartesian", "config": {
            "layout": { "xField": id("field_0"), "yField": [id("metric_0")] }, "eChartsConfig": { "series": series },
        } },
        "tableConfig": { "columnOrder": [id("field_0"), id("field_1"), id("metric_0"), id("metric_1")] },
    })
}

/// A dashboard as code, with charts from that one on.
pub(super) fn dashboard(slug: &str, first: usize, tiles: usize) -> Value {
    let tile = |at: usize| {
        let chart = chart_slug(first + at);
        json!({
            "type": "saved_chart", "x": at % 3 * 12, "y": at / 3 * 6, "w": 12, "h": 6, "tileSlug": chart,
            "properties": { "title": "", "hideTitle": false, "chartSlug": chart, "chartName": chart },
        })
    };
    let tiles: Vec<Value> = (0..tiles).map(tile).collect();
    json!({
        "name": slug, "slug": slug, "spaceSlug": "shared", "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z", "tabs": [],
        "tiles": tiles, "filters": { "dimensions": [], "metrics": [], "tableCalculations": [] },
    })
}

pub(super) fn project() -> Value {
    json!({
        "name": "Shop", "type": "DEFAULT", "dbtVersion": "v1.8", "dbtConnection": { "type": "none" },
        "warehouseConnection": { "type": "postgres", "host": "127.0.0.1", "user": "u", "password": "p", "port": 5432,
                                 "dbname": "d", "schema": "s" },
    })
}

/// A path and what is sent there.
pub(super) type Sent = (String, Value);

pub(super) fn charts(project: &str, range: std::ops::Range<usize>, explores: usize) -> Vec<Sent> {
    let path = |at| format!("/api/v1/{project}/charts/{}/code", chart_slug(at));
    range.map(|at| (path(at), chart(at, explores))).collect()
}

/// Dashboards of ten tiles.
pub(super) fn dashboards(project: &str, count: usize, charts: usize) -> Vec<Sent> {
    let slug = |at: usize| format!("dashboard-{at:04}");
    let one = |at: usize| {
        let path = format!("/api/v1/{project}/dashboards/{}/code", slug(at));
        let first = at * 7 % charts.saturating_sub(10).max(1);
        (path, dashboard(&slug(at), first, 10))
    };
    (0..count).map(one).collect()
}

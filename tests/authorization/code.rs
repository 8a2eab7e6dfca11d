//! Charts and dashboards as documents, and promotion.

use http::Method;
use serde_json::{Value, json};

use super::rows::{Named, Row, get, with};

const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

fn of(named: &Named, rest: &str) -> String {
    format!("/api/v1/projects/{}{rest}", named.project)
}

fn chart() -> Value {
    json!({
        "name": "As code", "tableName": "orders", "slug": "as-code", "spaceSlug": "as-code", "version": 1,
        "updatedAt": "2026-01-01T00:00:00.000Z", "chartConfig": { "type": "table" }, "tableConfig": { "columnOrder": [] },
        "metricQuery": {
            "exploreName": "orders", "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 1, "tableCalculations": [],
        },
    })
}

fn dashboard() -> Value {
    json!({
        "name": "As code", "slug": "as-code", "spaceSlug": "as-code", "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z",
        "tiles": [], "tabs": [], "filters": { "dimensions": [], "metrics": [], "tableCalculations": [] },
    })
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("getChartsAsCode", "", |named| {
            get(of(named, "/charts/code"))
        }),
        ("upsertChartAsCode", "", |named| {
            let path = of(named, "/charts/as-code/code");
            with(Method::POST, path, chart())
        }),
        ("getDashboardsAsCode", "", |named| {
            get(of(named, "/dashboards/code"))
        }),
        ("upsertDashboardAsCode", "", |named| {
            let path = of(named, "/dashboards/as-code/code");
            with(Method::POST, path, dashboard())
        }),
        ("promoteChartDiff", "that is not there", |_| {
            get(format!("/api/v1/saved/{NOBODYS}/promoteDiff"))
        }),
        ("promoteChart", "that is not there", |_| {
            let path = format!("/api/v1/saved/{NOBODYS}/promote");
            (Method::POST, path, None)
        }),
        ("promoteDashboardDiff", "that is not there", |_| {
            get(format!("/api/v1/dashboards/{NOBODYS}/promoteDiff"))
        }),
        ("promoteDashboard", "that is not there", |_| {
            let path = format!("/api/v1/dashboards/{NOBODYS}/promote");
            (Method::POST, path, None)
        }),
    ]
}

//! The metrics explorer.

use http::Method;
use serde_json::{Value, json};

use super::rows::{Named, Row, with};

/// The date and the metric that the organisation's explore has for it.
pub(super) fn dates() -> Value {
    json!({
        "fieldType": "dimension", "type": "date", "name": "day", "label": "Day", "table": "orders", "tableLabel": "Orders",
        "sql": "${TABLE}.day", "compiledSql": "\"orders\".day", "hidden": false, "isIntervalBase": true,
    })
}

pub(super) fn metric() -> Value {
    json!({
        "fieldType": "metric", "type": "count", "name": "count", "label": "Count", "table": "orders", "tableLabel": "Orders",
        "sql": "${TABLE}.id", "compiledSql": "COUNT(\"orders\".id)", "hidden": false, "filters": [],
    })
}

fn path(named: &Named, call: &str) -> String {
    format!(
        "/api/v1/projects/{}/metricsExplorer/orders/count/{call}startDate=2024-01-01&endDate=2024-12-31",
        named.project
    )
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("runMetricExplorerQuery", "", |named| {
            let body = json!({ "query": { "comparison": "none", "segmentDimension": null } });
            let path = path(named, "runMetricExplorerQuery?");
            with(Method::POST, path, body)
        }),
        ("runMetricTotal", "", |named| {
            let path = path(named, "runMetricTotal?timeFrame=YEAR&granularity=MONTH&");
            with(Method::POST, path, json!({}))
        }),
    ]
}

//! What is wrong with a project's content, and renaming in it.

use http::Method;
use serde_json::json;

use super::rows::{Named, Row, delete, get, with};

fn of(named: &Named, rest: &str) -> String {
    format!("/api/v1/projects/{}{rest}", named.project)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("ValidateProject", "", |named| {
            with(Method::POST, of(named, "/validate"), json!({}))
        }),
        ("GetLatestValidationResults", "", |named| {
            get(of(named, "/validate"))
        }),
        ("DeleteValidationDismiss", "of nothing", |named| {
            delete(of(named, "/validate/1"))
        }),
        ("rename", "", |named| {
            let body = json!({ "from": "orders", "to": "sales", "type": "model", "dryRun": true });
            with(Method::POST, of(named, "/rename"), body)
        }),
        ("renameChart", "of nothing", |named| {
            let body = json!({ "from": "orders", "to": "sales", "type": "model" });
            let path = of(named, &format!("/rename/chart/{}", named.chart));
            with(Method::POST, path, body)
        }),
        ("renameChartFields", "of nothing", |named| {
            get(of(named, &format!("/rename/chart/{}/fields", named.chart)))
        }),
    ]
}

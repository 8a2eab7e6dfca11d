//! Previews, and how the list of a project's metrics is shown.

use http::Method;
use serde_json::{Value, json};

use super::rows::{Named, Row, delete, get, with};

fn preview(copies: bool) -> Value {
    json!({ "name": "New", "copyContent": copies })
}

fn previews(named: &Named) -> String {
    format!("/api/v1/projects/{}/createPreview", named.project)
}

fn spotlight(named: &Named) -> String {
    format!("/api/v1/projects/{}/spotlight/table/config", named.project)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("createPreview", "", |named| {
            with(Method::POST, previews(named), preview(true))
        }),
        ("createPreview", "without content", |named| {
            with(Method::POST, previews(named), preview(false))
        }),
        // Nobody has said anything in this project.
        ("getSpotlightTableConfig", "", |named| get(spotlight(named))),
        ("postSpotlightTableConfig", "", |named| {
            let columns = json!([{ "column": "label", "isVisible": true }]);
            let body = json!({ "columnConfig": columns });
            with(Method::POST, spotlight(named), body)
        }),
        ("resetSpotlightTableConfig", "", |named| {
            delete(spotlight(named))
        }),
    ]
}

//! What there is to ask for.

use super::rows::{Named, Row, get};

fn catalog(named: &Named) -> String {
    format!("/api/v1/projects/{}/dataCatalog", named.project)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("getCatalog", "", |named| get(catalog(named))),
        ("getCatalog", "fields", |named| {
            get(format!("{}?type=field", catalog(named)))
        }),
        ("getCatalog", "a search", |named| {
            get(format!("{}?search=orders", catalog(named)))
        }),
        ("getMetricsCatalog", "", |named| {
            get(format!("{}/metrics?page=1&pageSize=10", catalog(named)))
        }),
        ("hasMetricsInCatalog", "", |named| {
            get(format!("{}/metrics/has", catalog(named)))
        }),
        ("getProjectCatalog", "", |named| {
            get(format!("/api/v1/projects/{}/catalog", named.project))
        }),
    ]
}

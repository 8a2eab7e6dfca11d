//! Charts, their versions, and what was deleted.

use http::Method;
use serde_json::{Value, json};

use super::rows::{Named, Row, delete, get, with};

/// A version of a chart of the organisation's explore.
pub(super) fn definition() -> Value {
    json!({
        "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_count"], "filters": {}, "sorts": [],
            "limit": 500, "tableCalculations": [],
        },
        "chartConfig": { "type": "table" }, "tableConfig": { "columnOrder": [] },
    })
}

/// A new chart in a space.
pub(super) fn chart(name: &str, space: &str) -> Value {
    let mut body = definition();
    body["name"] = json!(name);
    body["spaceUuid"] = json!(space);
    body
}

fn with_sql() -> Value {
    let mut definition = definition();
    definition["metricQuery"]["customDimensions"] = json!([{
        "id": "own", "name": "Own", "table": "orders", "type": "sql", "sql": "1", "dimensionType": "number",
    }]);
    definition
}

fn of(named: &Named, call: &str) -> String {
    format!("/api/v1/projects/{}/{call}", named.project)
}

fn saved(named: &Named, call: &str) -> String {
    format!("/api/v1/saved/{}{call}", named.chart)
}

fn private(named: &Named, call: &str) -> String {
    format!("/api/v1/saved/{}{call}", named.private_chart)
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = one();
    rows.extend(many());
    rows
}

fn one() -> Vec<Row> {
    vec![
        ("createSavedChart", "", |named| {
            let body = chart("New", &named.space);
            with(Method::POST, of(named, "saved"), body)
        }),
        ("createSavedChart", "in a private space", |named| {
            let body = chart("New", &named.private_space);
            with(Method::POST, of(named, "saved"), body)
        }),
        ("createSavedChart", "a copy", |named| {
            let path = format!("saved?duplicateFrom={}", named.chart);
            let body = json!({ "chartName": "Copy" });
            with(Method::POST, of(named, &path), body)
        }),
        ("getSavedChart", "", |named| get(saved(named, ""))),
        ("getSavedChart", "in a private space", |named| {
            get(private(named, ""))
        }),
        ("updateSavedChart", "", |named| {
            with(Method::PATCH, saved(named, ""), json!({ "name": "New" }))
        }),
        ("updateSavedChart", "into a private space", |named| {
            let body = json!({ "spaceUuid": named.private_space });
            with(Method::PATCH, saved(named, ""), body)
        }),
        ("deleteSavedChart", "", |named| delete(saved(named, ""))),
        ("getSavedChartViews", "", |named| {
            get(saved(named, "/views"))
        }),
        ("getSavedChartAvailableFilters", "", |named| {
            get(saved(named, "/availableFilters"))
        }),
        ("toggleSavedChartPinning", "", |named| {
            (Method::PATCH, saved(named, "/pinning"), None)
        }),
        ("createSavedChartVersion", "", |named| {
            with(Method::POST, saved(named, "/version"), definition())
        }),
        ("createSavedChartVersion", "with custom SQL", |named| {
            with(Method::POST, saved(named, "/version"), with_sql())
        }),
        ("GetChartHistory", "", |named| get(saved(named, "/history"))),
        ("GetChartVersion", "", |named| {
            get(saved(named, &format!("/version/{}", named.chart_version)))
        }),
        ("postChartVersionRollback", "", |named| {
            let path = saved(named, &format!("/rollback/{}", named.chart_version));
            (Method::POST, path, None)
        }),
    ]
}

fn many() -> Vec<Row> {
    vec![
        ("updateSavedCharts", "", |named| {
            let one = json!({ "uuid": named.chart, "name": "New", "spaceUuid": named.space });
            with(Method::PATCH, of(named, "saved"), json!([one]))
        }),
        ("updateSavedCharts", "out of a private space", |named| {
            let one =
                json!({ "uuid": named.private_chart, "name": "New", "spaceUuid": named.space });
            with(Method::PATCH, of(named, "saved"), json!([one]))
        }),
        ("ListChartsInProject", "", |named| get(of(named, "charts"))),
        ("ListChartSummariesInProject", "", |named| {
            get(of(named, "chart-summaries"))
        }),
        ("hasSavedCharts", "", |named| {
            get(of(named, "hasSavedCharts"))
        }),
        ("getMostPopularAndRecentlyUpdated", "", |named| {
            get(of(named, "most-popular-and-recently-updated"))
        }),
        ("listDeletedContent", "", |named| get(of(named, "deleted"))),
        ("restoreContent", "", |named| {
            let path = of(named, &format!("deleted/{}/restore", named.deleted_chart));
            (Method::POST, path, None)
        }),
        ("restoreContent", "into a private space", |named| {
            let path = of(named, &format!("deleted/{}/restore", named.deleted_chart));
            let body = json!({ "spaceUuid": named.private_space });
            with(Method::POST, path, body)
        }),
    ]
}

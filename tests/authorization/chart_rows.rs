//! Rows of saved charts, in every way that they are asked for.

use app::domain::id::ContentId;
use http::Method;
use serde_json::{Value, json};
use testing::TestApp;

use super::{
    explores::with_more,
    rows::{ANA, Named, Row, with},
};

/// A chart in each of two spaces, and a dashboard in the first with the first chart.
pub(super) async fn made(
    app: &TestApp,
    project: &str,
    (public, private): (&str, &str),
) -> (String, String, String) {
    let query = json!({ "metricQuery": with_more(&json!({ "metrics": ["orders_count"] })) });
    let chart = app.chart(ANA, (project, public), "Sales", &query).await;
    let hidden = app.chart(ANA, (project, private), "Hidden", &query).await;
    let place = (project, public);
    let dashboard = app.dashboard(ANA, place, "Overview", &[&chart]).await;
    (chart, hidden, dashboard)
}

fn of(chart: &str, part: &str) -> String {
    format!("/api/v1/saved/{chart}/{part}")
}

fn query(named: &Named, part: &str) -> String {
    format!("/api/v2/projects/{}/query/{part}", named.project)
}

fn no_filters() -> Value {
    json!({ "dimensions": [], "metrics": [], "tableCalculations": [] })
}

fn tile(named: &Named, chart: &str) -> Value {
    json!({ "chartUuid": chart, "dashboardUuid": named.asked_dashboard, "dashboardFilters": no_filters(), "dashboardSorts": [] })
}

fn first_version(chart: &str) -> String {
    let id = ContentId::parse(chart).map(|id| id.version(1));
    id.map(|id| id.to_string()).unwrap_or_default()
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("PostChartResults", "", |named| {
            with(Method::POST, of(&named.asked_chart, "results"), json!({}))
        }),
        ("PostChartResults", "of a private space", |named| {
            with(Method::POST, of(&named.hidden_chart, "results"), json!({}))
        }),
        ("PostDashboardTile", "", |named| {
            let path = of(&named.asked_chart, "chart-and-results");
            with(Method::POST, path, tile(named, &named.asked_chart))
        }),
        ("getChartVersionResults", "", |named| {
            let version = first_version(&named.asked_chart);
            let path = of(&named.asked_chart, &format!("version/{version}/results"));
            (Method::POST, path, None)
        }),
        ("CalculateTotalFromSavedChart", "", |named| {
            with(
                Method::POST,
                of(&named.asked_chart, "calculate-total"),
                json!({}),
            )
        }),
        ("DownloadCsvFromSavedChart", "", |named| {
            let body =
                json!({ "onlyRaw": true, "csvLimit": null, "dashboardFilters": no_filters() });
            with(Method::POST, of(&named.asked_chart, "downloadCsv"), body)
        }),
        ("ExecuteAsyncSavedChartQuery", "", |named| {
            let body = json!({ "chartUuid": named.asked_chart });
            with(Method::POST, query(named, "chart"), body)
        }),
        (
            "ExecuteAsyncSavedChartQuery",
            "of a private space",
            |named| {
                let body = json!({ "chartUuid": named.hidden_chart });
                with(Method::POST, query(named, "chart"), body)
            },
        ),
        ("ExecuteAsyncDashboardChartQuery", "", |named| {
            let body = tile(named, &named.asked_chart);
            with(Method::POST, query(named, "dashboard-chart"), body)
        }),
        ("exportCsvDashboard", "", |named| {
            let path = format!("/api/v1/dashboards/{}/exportCsv", named.asked_dashboard);
            with(Method::POST, path, json!({ "filters": no_filters() }))
        }),
        ("exportDashboard", "", |named| {
            let path = format!("/api/v1/dashboards/{}/export", named.asked_dashboard);
            (Method::POST, path, None)
        }),
    ]
}

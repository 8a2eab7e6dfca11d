//! Rows of saved charts.

use app::domain::id::ContentId;
use http::Method;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::{
    asking::{counted, open},
    scenario::{Again, Plan, Scenario, text},
};

const ANA: &str = "ana@example.com";

/// A chart and a dashboard with it.
struct Saved<'a> {
    ana: Actor<'a>,
    project: String,
    chart: String,
    dashboard: String,
}

async fn saved(app: &TestApp) -> Saved<'_> {
    let (ana, project) = open(app).await;
    let spaces = format!("/api/v1/projects/{project}/spaces");
    let body = json!({ "name": "Public", "isPrivate": false });
    let space = text(&ana.post(&spaces).json(&body).await.ok()["uuid"]);
    let place = (project.as_str(), space.as_str());
    let query = json!({ "metricQuery": counted() });
    let chart = app.chart(ANA, place, "Sales", &query).await;
    let dashboard = app.dashboard(ANA, place, "Overview", &[&chart]).await;
    Saved {
        ana,
        project,
        chart,
        dashboard,
    }
}

impl Saved<'_> {
    fn of(&self, part: &str, body: Value) -> Plan {
        let path = format!("/api/v1/saved/{}/{part}", self.chart);
        Plan::post(&self.ana, path, body)
    }

    fn asked(&self, part: &str) -> Plan {
        let path = format!("/api/v2/projects/{}/query/{part}", self.project);
        Plan::post(&self.ana, path, self.tile())
    }

    fn tile(&self) -> Value {
        json!({ "chartUuid": self.chart, "dashboardUuid": self.dashboard, "dashboardFilters": {}, "dashboardSorts": [] })
    }
}

/// Answered in the same request.
fn at_once() -> Vec<Scenario> {
    vec![
        scenario!("PostChartResults", "", |app| {
            saved(app).await.of("results", json!({}))
        }),
        scenario!("PostDashboardTile", "", |app| {
            let saved = saved(app).await;
            saved.of("chart-and-results", saved.tile())
        }),
        scenario!("getChartVersionResults", "", |app| {
            let saved = saved(app).await;
            let version = ContentId::parse(&saved.chart).unwrap().version(1);
            let (chart, path) = (&saved.chart, format!("version/{version}/results"));
            Plan::new(
                &saved.ana,
                Method::POST,
                format!("/api/v1/saved/{chart}/{path}"),
            )
        }),
        scenario!("CalculateTotalFromSavedChart", "", |app| {
            saved(app).await.of("calculate-total", json!({}))
        }),
        scenario!("exportDashboard", "", |app| {
            let saved = saved(app).await;
            let path = format!("/api/v1/dashboards/{}/export", saved.dashboard);
            Plan::new(&saved.ana, Method::POST, path)
        }),
    ]
}

/// Kept.
fn kept() -> Vec<Scenario> {
    vec![
        scenario!(
            "ExecuteAsyncSavedChartQuery",
            "",
            |app| saved(app).await.asked("chart"),
            Again::More
        ),
        scenario!(
            "ExecuteAsyncDashboardChartQuery",
            "",
            |app| saved(app).await.asked("dashboard-chart"),
            Again::More
        ),
        scenario!(
            "DownloadCsvFromSavedChart",
            "",
            |app| {
                let body = json!({ "onlyRaw": true, "csvLimit": null, "dashboardFilters": {} });
                saved(app).await.of("downloadCsv", body)
            },
            Again::More
        ),
        scenario!(
            "exportCsvDashboard",
            "",
            |app| {
                let saved = saved(app).await;
                let path = format!("/api/v1/dashboards/{}/exportCsv", saved.dashboard);
                Plan::post(&saved.ana, path, json!({}))
            },
            Again::More
        ),
    ]
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let all = [at_once(), kept()].concat();
    let all = all.into_iter().map(|scenario| Scenario {
        // How often a chart was opened (which has no kind), and an export with links that are random.
        beside: &["", "work"],
        ..scenario
    });
    all.collect()
}

//! Charts and dashboards as documents, and promotion.

use serde_json::{Value, json};
use testing::{Actor, TestApp};

use super::scenario::{Again, Plan, Scenario, text};

const ANA: &str = "ana@example.com";

fn chart(slug: &str, within: Option<&str>) -> Value {
    let mut chart = json!({
        "name": "Chart", "tableName": "orders", "slug": slug, "spaceSlug": "sales/deep", "version": 1,
        "updatedAt": "2026-01-01T00:00:00.000Z", "chartConfig": { "type": "table" }, "tableConfig": { "columnOrder": [] },
        "metricQuery": {
            "exploreName": "orders", "dimensions": ["orders_status"], "metrics": [], "filters": {}, "sorts": [], "limit": 1,
            "tableCalculations": [],
        },
    });
    if let Some(within) = within {
        chart["dashboardSlug"] = json!(within);
    }
    chart
}

fn dashboard(name: &str) -> Value {
    json!({
        "name": name, "slug": "board", "spaceSlug": "sales/deep", "version": 1, "updatedAt": "2026-01-01T00:00:00.000Z",
        "tiles": [{ "type": "saved_chart", "x": 0, "y": 0, "w": 1, "h": 1, "tileSlug": "a", "properties": { "chartSlug": "a" } }],
        "tabs": [], "filters": { "dimensions": [], "metrics": [], "tableCalculations": [] },
    })
}

async fn uploaded(actor: &Actor<'_>, project: &str, kind: &str, body: &Value) -> Value {
    let slug = text(&body["slug"]);
    let path = format!("{project}/{kind}/{slug}/code");
    let changes = actor.post(&path).json(body).await.ok();
    changes[kind][0]["data"]["uuid"].clone()
}

async fn project(app: &TestApp) -> String {
    format!("/api/v1/projects/{}", app.project(ANA, "Sales").await.id)
}

/// A project of Ana's, and a preview of it.
async fn preview(app: &TestApp, ana: &Actor<'_>) -> String {
    let sales = app.project(ANA, "Sales").await;
    let body = json!({
        "name": "Preview", "type": "PREVIEW", "dbtVersion": "latest", "dbtConnection": { "type": "none" },
        "upstreamProjectUuid": sales.id,
    });
    let made = ana.post("/api/v1/org/projects").json(&body).await.ok();
    format!("/api/v1/projects/{}", text(&made["project"]["projectUuid"]))
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario!("getChartsAsCode", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let project = project(app).await;
            uploaded(&ana, &project, "charts", &chart("a", None)).await;
            Plan::get(&ana, format!("{project}/charts/code"))
        }),
        scenario!("getDashboardsAsCode", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let project = project(app).await;
            uploaded(&ana, &project, "charts", &chart("a", None)).await;
            uploaded(&ana, &project, "dashboards", &dashboard("Board")).await;
            Plan::get(&ana, format!("{project}/dashboards/code"))
        }),
        scenario!(
            "upsertChartAsCode",
            "with spaces and a dashboard that are not there",
            |app| {
                let ana = app.admin(ANA, "Acme").await;
                let project = project(app).await;
                let path = format!("{project}/charts/a/code");
                Plan::post(&ana, path, chart("a", Some("board")))
            }
        ),
        scenario!("upsertChartAsCode", "that is there", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let project = project(app).await;
            uploaded(&ana, &project, "charts", &chart("a", None)).await;
            let mut changed = chart("a", None);
            changed["metricQuery"]["limit"] = json!(2);
            Plan::post(&ana, format!("{project}/charts/a/code"), changed)
        }),
        scenario!("upsertDashboardAsCode", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let project = project(app).await;
            uploaded(&ana, &project, "charts", &chart("a", None)).await;
            let path = format!("{project}/dashboards/board/code");
            Plan::post(&ana, path, dashboard("Board"))
        }),
        scenario!("upsertDashboardAsCode", "that is there", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let project = project(app).await;
            uploaded(&ana, &project, "charts", &chart("a", None)).await;
            uploaded(&ana, &project, "dashboards", &dashboard("Board")).await;
            let path = format!("{project}/dashboards/board/code");
            Plan::post(&ana, path, dashboard("Another"))
        }),
        scenario!("promoteChartDiff", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let preview = preview(app, &ana).await;
            let id = uploaded(&ana, &preview, "charts", &chart("a", None)).await;
            Plan::get(&ana, format!("/api/v1/saved/{}/promoteDiff", text(&id)))
        }),
        Scenario {
            resumes: true,
            ..scenario!("promoteChart", "", |app| {
                let ana = app.admin(ANA, "Acme").await;
                let preview = preview(app, &ana).await;
                let id = uploaded(&ana, &preview, "charts", &chart("a", None)).await;
                let path = format!("/api/v1/saved/{}/promote", text(&id));
                Plan::new(&ana, http::Method::POST, path)
            })
        },
        scenario!("promoteDashboardDiff", "", |app| {
            let ana = app.admin(ANA, "Acme").await;
            let preview = preview(app, &ana).await;
            uploaded(&ana, &preview, "charts", &chart("a", Some("board"))).await;
            let board = dashboard("Board");
            let id = uploaded(&ana, &preview, "dashboards", &board).await;
            let path = format!("/api/v1/dashboards/{}/promoteDiff", text(&id));
            Plan::get(&ana, path)
        }),
        Scenario {
            resumes: true,
            ..scenario!("promoteDashboard", "", |app| {
                let ana = app.admin(ANA, "Acme").await;
                let preview = preview(app, &ana).await;
                uploaded(&ana, &preview, "charts", &chart("a", Some("board"))).await;
                let board = dashboard("Board");
                let id = uploaded(&ana, &preview, "dashboards", &board).await;
                let path = format!("/api/v1/dashboards/{}/promote", text(&id));
                Plan::new(&ana, http::Method::POST, path)
            })
        },
    ]
}

//! Dashboards, their versions, and the comments on them.

use http::Method;
use serde_json::{Value, json};

use super::rows::{Named, Request, Row, delete, get, with};

fn dashboards(named: &Named) -> String {
    format!("/api/v1/projects/{}/dashboards", named.project)
}

fn dashboard(named: &Named) -> String {
    format!("/api/v1/dashboards/{}", named.dashboard)
}

fn private(named: &Named) -> String {
    format!("/api/v1/dashboards/{}", named.private_dashboard)
}

fn comments(named: &Named) -> String {
    format!("/api/v1/comments/dashboards/{}", named.dashboard)
}

fn comment(named: &Named) -> String {
    format!("{}/{}", comments(named), named.comment)
}

fn bare(method: Method, path: String) -> Request {
    (method, path, None)
}

/// An empty dashboard.
pub(super) fn new(space: &str) -> Value {
    json!({ "name": "New", "tiles": [], "tabs": [], "spaceUuid": space })
}

/// A dashboard with a tile to comment on.
pub(super) fn with_tile(space: &str) -> Value {
    let tile = json!({
        "uuid": "tile", "type": "markdown", "x": 0, "y": 0, "w": 6, "h": 4,
        "properties": { "title": "Tile", "content": "" },
    });
    json!({ "name": "Dashboard", "tiles": [tile], "tabs": [], "spaceUuid": space })
}

pub(super) fn saying() -> Value {
    json!({ "text": "Look", "textHtml": "<p>Look</p>", "mentions": [] })
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("getDashboards", "", |named| get(dashboards(named))),
        ("createDashboard", "", |named| {
            with(Method::POST, dashboards(named), new(&named.space))
        }),
        ("createDashboard", "in a private space", |named| {
            with(Method::POST, dashboards(named), new(&named.private_space))
        }),
        ("createDashboard", "a copy", |named| {
            let path = format!("{}?duplicateFrom={}", dashboards(named), named.dashboard);
            let body = json!({ "dashboardName": "Copy", "dashboardDesc": "" });
            with(Method::POST, path, body)
        }),
        ("updateDashboards", "", |named| {
            let one = json!({ "uuid": named.dashboard, "name": "New", "spaceUuid": named.space });
            with(Method::PATCH, dashboards(named), json!([one]))
        }),
        ("getDashboard", "", |named| get(dashboard(named))),
        ("getDashboard", "in a private space", |named| {
            get(private(named))
        }),
        ("updateDashboard", "", |named| {
            with(Method::PATCH, dashboard(named), json!({ "tiles": [] }))
        }),
        ("updateDashboard", "into a private space", |named| {
            let body = json!({ "spaceUuid": named.private_space });
            with(Method::PATCH, dashboard(named), body)
        }),
        ("updateDashboard", "in a private space", |named| {
            with(Method::PATCH, private(named), json!({ "tiles": [] }))
        }),
        ("deleteDashboard", "", |named| delete(dashboard(named))),
        ("deleteDashboard", "in a private space", |named| {
            delete(private(named))
        }),
        ("getDashboardViews", "", |named| {
            get(format!("{}/views", dashboard(named)))
        }),
        ("toggleDashboardPinning", "", |named| {
            bare(Method::PATCH, format!("{}/pinning", dashboard(named)))
        }),
        ("getDashboardHistory", "", |named| {
            get(format!("{}/history", dashboard(named)))
        }),
        ("getDashboardVersion", "", |named| {
            let version = &named.dashboard_version;
            get(format!("{}/version/{version}", dashboard(named)))
        }),
        ("rollbackDashboard", "", |named| {
            let version = &named.dashboard_version;
            let path = format!("{}/rollback/{version}", dashboard(named));
            bare(Method::POST, path)
        }),
        (
            "getDashboardAvailableFilters",
            "of a chart that is gone",
            |named| {
                let body = json!([{ "tileUuid": "tile", "savedChartUuid": named.dashboard }]);
                with(Method::POST, "/api/v1/dashboards/availableFilters", body)
            },
        ),
        ("getComments", "", |named| get(comments(named))),
        ("createComment", "", |named| {
            with(Method::POST, format!("{}/tile", comments(named)), saying())
        }),
        ("resolveComment", "", |named| {
            bare(Method::PATCH, comment(named))
        }),
        ("deleteComment", "of somebody else", |named| {
            delete(comment(named))
        }),
    ]
}

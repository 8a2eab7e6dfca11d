//! Promotion of dashboards to the project that a preview is of (reference 21 §5).

use app::{App, CurrentUser, Ok, Path, Reply, Result, domain::content::ContentKind};
use axum::extract::State;
use saved::promote::{
    self,
    changes::{Changes, PromotedDashboard},
};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct PromotedPath {
    dashboard_uuid: String,
}

/// Tells what a promotion would change in the project that this one is a preview of.
#[utoipa::path(get, path = "/api/v1/dashboards/{dashboardUuid}/promoteDiff", operation_id = "promoteDashboardDiff", tag = "Dashboards",
               params(PromotedPath), responses((status = 200, body = Ok<Changes>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn promote_dashboard_diff(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<PromotedPath>,
) -> Result<Reply<Changes>> {
    let found = saved::find(&app, user, ContentKind::Dashboard, &path.dashboard_uuid).await?;
    let changes = Box::pin(promote::diff(&app, &found));
    Ok(Reply(changes.await?))
}

/// Copies a dashboard with its charts to the project that this one is a preview of: to the dashboard of its slug, or a new one.
/// May be repeated when it failed halfway.
#[utoipa::path(post, path = "/api/v1/dashboards/{dashboardUuid}/promote", operation_id = "promoteDashboard", tag = "Dashboards",
               params(PromotedPath), responses((status = 200, body = Ok<PromotedDashboard>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn promote_dashboard(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<PromotedPath>,
) -> Result<Reply<PromotedDashboard>> {
    let found = saved::find(&app, user, ContentKind::Dashboard, &path.dashboard_uuid).await?;
    let promoted = Box::pin(promote::promote_dashboard(&app, &found));
    Ok(Reply(promoted.await?))
}

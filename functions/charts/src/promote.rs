//! Promotion of charts to the project that a preview is of (reference 21 §5).

use app::{App, CurrentUser, Ok, Path, Reply, Result, domain::content::ContentKind};
use axum::extract::State;
use saved::promote::{
    self,
    changes::{Changes, PromotedChart},
};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct PromotedPath {
    chart_uuid: String,
}

/// Tells what a promotion would change in the project that this one is a preview of.
#[utoipa::path(get, path = "/api/v1/saved/{chartUuid}/promoteDiff", operation_id = "promoteChartDiff", tag = "Charts",
               params(PromotedPath), responses((status = 200, body = Ok<Changes>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn promote_chart_diff(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<PromotedPath>,
) -> Result<Reply<Changes>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    let changes = Box::pin(promote::diff(&app, &found));
    Ok(Reply(changes.await?))
}

/// Copies a chart to the project that this one is a preview of, with the spaces that it lies in: to the chart of its slug, or a
/// new one. One that is the same there already stays as it is.
#[utoipa::path(post, path = "/api/v1/saved/{chartUuid}/promote", operation_id = "promoteChart", tag = "Charts",
               params(PromotedPath), responses((status = 200, body = Ok<PromotedChart>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn promote_chart(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<PromotedPath>,
) -> Result<Reply<PromotedChart>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    let promoted = Box::pin(promote::promote_chart(&app, &found));
    Ok(Reply(promoted.await?))
}

//! Pinning a chart.

use app::{
    App, CurrentUser, Error, Kind, Ok, Path, Reply, Result,
    domain::{
        access::Action,
        content::ContentKind,
        id::{PinnedListId, ProjectId, SpaceId},
        pins::Pinnable,
    },
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::charts::ChartPath;

/// Whether a chart is pinned, and where.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PinnedChart {
    project_uuid: ProjectId,
    space_uuid: SpaceId,
    pinned_list_uuid: PinnedListId,
    is_pinned: bool,
}

/// Pins a chart, or takes its pin away.
#[utoipa::path(patch, path = "/api/v1/saved/{chartUuid}/pinning", operation_id = "toggleSavedChartPinning", tag = "Charts",
               params(ChartPath), responses((status = 200, body = Ok<PinnedChart>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn toggle_saved_chart_pinning(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
) -> Result<Reply<PinnedChart>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    let project = &found.project;
    let place = found.place(&app).await?;
    place.require(Action::View)?;
    let space = place.space().ok_or(Error::NotFound(Kind::Chart))?;
    let id = found.head.id.to_string();
    let (list, is_pinned) = saved::pin::toggle(&app, project, Pinnable::Chart, id).await?;

    Ok(Reply(PinnedChart {
        project_uuid: project.id(),
        space_uuid: space.id,
        pinned_list_uuid: list,
        is_pinned,
    }))
}

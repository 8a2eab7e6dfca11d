//! Pinning a dashboard to the project's start page.

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

use crate::dashboards::DashboardPath;

/// Whether a dashboard is pinned now, and on which list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardPin {
    project_uuid: ProjectId,
    space_uuid: SpaceId,
    pinned_list_uuid: PinnedListId,
    is_pinned: bool,
}

/// Pins a dashboard, or takes its pin away.
#[utoipa::path(patch, path = "/api/v1/dashboards/{dashboardUuid}/pinning", operation_id = "toggleDashboardPinning", tag = "Dashboards",
               params(DashboardPath), responses((status = 200, body = Ok<DashboardPin>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn toggle_dashboard_pinning(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<DashboardPath>,
) -> Result<Reply<DashboardPin>> {
    let kind = ContentKind::Dashboard;
    let found = saved::find(&app, user, kind, &path.dashboard_uuid).await?;
    let place = found.place(&app).await?;
    place.require(Action::View)?;
    let space = place.space().ok_or(Error::NotFound(Kind::Dashboard))?.id;

    let (project, id) = (&found.project, found.head.id.to_string());
    let toggled = saved::pin::toggle(&app, project, Pinnable::Dashboard, id).await?;
    Ok(Reply(DashboardPin {
        project_uuid: project.id(),
        space_uuid: space,
        pinned_list_uuid: toggled.0,
        is_pinned: toggled.1,
    }))
}

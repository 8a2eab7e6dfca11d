//! Pinning a chart.

use app::{
    App, CurrentUser, Error, InProject, Kind, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        content::ContentKind,
        id::{PinnedListId, ProjectId, SpaceId},
        pins::{LAST, MOST_PINS, Pinnable, Pins},
    },
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{TRIES, charts::ChartPath};

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
    project.require(Action::Manage, Subject::PinnedItems)?;
    let space = place.space().ok_or(Error::NotFound(Kind::Chart))?;
    let id = found.head.id.to_string();
    let (list, is_pinned) = toggle(&app, project, (Pinnable::Chart, id)).await?;

    Ok(Reply(PinnedChart {
        project_uuid: project.id(),
        space_uuid: space.id,
        pinned_list_uuid: list,
        is_pinned,
    }))
}

/// Pins what is not pinned, and the other way round: the list, and which it was.
async fn toggle(
    app: &App,
    project: &InProject,
    (what, id): (Pinnable, String),
) -> Result<(PinnedListId, bool)> {
    for _ in 0..TRIES {
        let pins = app.store.pins(project.id()).await?;
        let mut pins = pins.unwrap_or_else(|| Pins::new(PinnedListId::new(&app.random)));
        let is_pinned = pins.orders.remove(&id).is_none();
        if is_pinned {
            if pins.orders.len() >= MOST_PINS {
                return Err(Error::invalid("A project has at most 1000 pins"));
            }
            pins.orders.insert(id.clone(), (what, LAST));
        }
        match app.store.put_pins(project.id(), &pins).await {
            Err(Error::Changed(_)) => {}
            done => return done.map(|()| (pins.id, is_pinned)),
        }
    }
    Err(Error::Changed(Kind::PinnedList))
}

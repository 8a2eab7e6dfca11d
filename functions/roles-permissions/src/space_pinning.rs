//! Pinning spaces.

use app::{
    App, InProject, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        pins::Pinnable,
    },
};
use axum::extract::State;
use saved::{Contents, pin};

use crate::{
    space_view::{SpaceView, view},
    spaces::{SpacePath, space_id},
};

/// Pins a space that the caller may see to the project's start page, or takes its pin away.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}/pinning", operation_id = "ToggleSpacePinning", tag = "Spaces",
               params(("projectUuid" = String, Path), SpacePath), responses((status = 200, body = Ok<SpaceView>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn toggle_space_pinning(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SpacePath>,
) -> Result<Reply<SpaceView>> {
    project.require(Action::View, Subject::Project)?;
    let id = space_id(&path.space_uuid)?;
    let contents = Contents::read(&app, &project).await?;
    let space = contents.spaces.find(id)?;
    contents
        .spaces
        .require(Action::View, Subject::Space, space)?;

    pin::toggle(&app, &project, Pinnable::Space, id.to_string()).await?;
    Ok(Reply(view(&app, &contents, space).await?))
}

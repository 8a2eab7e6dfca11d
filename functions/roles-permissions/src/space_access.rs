//! Who was let into a space.

use app::{
    App, Done, DoneOk, Error, InProject, Json, Kind, Path, Result,
    domain::{
        access::{Action, SpaceRole, Subject},
        id::{GroupId, UserId},
        space::{Guest, Space},
    },
    spaces::Spaces,
};
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::spaces::{NESTED, SpacePath, TRIES, space_id};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddSpaceUserAccess {
    user_uuid: String,
    space_role: SpaceRole,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddSpaceGroupAccess {
    group_uuid: String,
    space_role: SpaceRole,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct SpaceUserPath {
    space_uuid: String,
    user_uuid: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct SpaceGroupPath {
    space_uuid: String,
    group_uuid: String,
}

/// Lets a member of the organisation into a root space, or gives them another role there.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}/share", operation_id = "AddSpaceUserAccess", tag = "Roles & Permissions",
               params(("projectUuid" = String, Path), SpacePath), request_body = AddSpaceUserAccess, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn add_space_user_access(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SpacePath>,
    Json(body): Json<AddSpaceUserAccess>,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;
    let user = UserId::parse(&body.user_uuid).ok_or(Error::NotFound(Kind::User))?;

    let guest = Guest::User(user);
    share(&app, &project, &path.space_uuid, (guest, body.space_role)).await
}

/// Takes back what somebody was given in a root space; that they have nothing there is fine.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}/share/{userUuid}", operation_id = "RevokeSpaceAccessForUser", tag = "Roles & Permissions",
               params(("projectUuid" = String, Path), SpaceUserPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn revoke_space_access_for_user(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SpaceUserPath>,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;
    let user = UserId::parse(&path.user_uuid).ok_or(Error::NotFound(Kind::User))?;

    revoke(&app, &project, &path.space_uuid, Guest::User(user)).await
}

/// Lets a group of the organisation into a root space, or gives it another role there.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}/group/share", operation_id = "AddSpaceGroupAccess", tag = "Roles & Permissions",
               params(("projectUuid" = String, Path), SpacePath), request_body = AddSpaceGroupAccess, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn add_space_group_access(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SpacePath>,
    Json(body): Json<AddSpaceGroupAccess>,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;
    let group = GroupId::parse(&body.group_uuid).ok_or(Error::NotFound(Kind::Group))?;

    let guest = Guest::Group(group);
    share(&app, &project, &path.space_uuid, (guest, body.space_role)).await
}

/// Takes back what a group was given in a root space; that it has nothing there is fine.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}/group/share/{groupUuid}", operation_id = "RevokeGroupSpaceAccess", tag = "Roles & Permissions",
               params(("projectUuid" = String, Path), SpaceGroupPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn revoke_group_space_access(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SpaceGroupPath>,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;
    let group = GroupId::parse(&path.group_uuid).ok_or(Error::NotFound(Kind::Group))?;

    revoke(&app, &project, &path.space_uuid, Guest::Group(group)).await
}

/// The root space that the caller may share: it is there, it is a root, they may manage it, asked in this order.
async fn manageable(app: &App, project: &InProject, space: &str) -> Result<Space> {
    let id = space_id(space)?;
    let found = app.store.space(project.id(), id).await?;
    let space = found.ok_or(Error::NotFound(Kind::Space))?;
    if space.parent.is_some() {
        return Err(NESTED);
    }
    let alone = Spaces {
        project,
        tree: [space.clone()].into_iter().collect(),
    };
    alone.require(Action::Manage, Subject::Space, &space)?;
    Ok(space)
}

async fn share(
    app: &App,
    project: &InProject,
    space: &str,
    (guest, role): (Guest, SpaceRole),
) -> Result<Done> {
    let organization = project.organization();
    for _ in 0..TRIES {
        let space = manageable(app, project, space).await?;
        if let Guest::Group(group) = guest {
            let group = app.store.group(group).await?;
            let ours = group.filter(|group| group.organization == organization);
            ours.ok_or(Error::NotFound(Kind::Group))?;
        }
        if space.role_of(guest) == Some(role) {
            return Ok(Done);
        }
        space.admits(guest)?;
        let shared = app.store.let_into_space(organization, &space, guest, role);
        match shared.await {
            Err(Error::Changed(Kind::Space)) => {}
            done => return done.map(|()| Done),
        }
    }
    Err(Error::Changed(Kind::Space))
}

async fn revoke(app: &App, project: &InProject, space: &str, guest: Guest) -> Result<Done> {
    let space = manageable(app, project, space).await?;
    if space.role_of(guest).is_some() {
        app.store.put_out_of_space(&space, guest).await?;
    }
    Ok(Done)
}

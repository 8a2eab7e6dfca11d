//! The spaces of a project.

use app::{
    App, Done, DoneOk, Error, IdempotencyKey, InProject, Json, Kind, Ok, Path, Reply, Result,
    domain::{
        access::{Action, SpaceRole, Subject},
        id::{SpaceId, UserId},
        space::{Guest, MOST_LISTED, Space, space_name},
    },
    store::{NewSpace, SpaceChange},
};
use axum::extract::State;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

use crate::space_view::{SpaceSummary, SpaceView, Spaces};

/// How often a change is tried that others came in the way of: each time, one of them got on.
pub(crate) const TRIES: usize = 10;
/// What somebody is told who shares or closes a space that is not a root.
pub(crate) const NESTED: Error =
    Error::Forbidden("A nested space is as private, and shared with whom, as its root space is");

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub(crate) struct SpacePath {
    pub(crate) space_uuid: String,
}

/// Lists the spaces of a project that the caller may see, of any level, by path.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/spaces", operation_id = "ListSpacesInProject", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<Vec<SpaceSummary>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn list_spaces_in_project(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<Vec<SpaceSummary>>> {
    project.require(Action::View, Subject::Project)?;
    let spaces = Spaces::read(&app, &project).await?;

    Ok(Reply(spaces.seen()))
}

/// Answers a space with who may enter it.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}", operation_id = "GetSpace", tag = "Spaces",
               params(("projectUuid" = String, Path), SpacePath), responses((status = 200, body = Ok<SpaceView>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_space(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SpacePath>,
) -> Result<Reply<SpaceView>> {
    project.require(Action::View, Subject::Project)?;
    let id = space_id(&path.space_uuid)?;
    let spaces = Spaces::read(&app, &project).await?;
    let space = spaces.find(id)?;
    spaces.require(Action::View, space)?;

    Ok(Reply(spaces.view(&app, space).await?))
}

/// Somebody who is let in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSpaceAccess {
    user_uuid: String,
    role: SpaceRole,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSpace {
    name: String,
    is_private: Option<bool>,
    #[schema(nullable = false)]
    access: Option<Vec<CreateSpaceAccess>>,
    #[schema(nullable = false)]
    parent_space_uuid: Option<String>,
}

impl CreateSpace {
    /// Who is let in; the creator as admin, whatever they said of themselves.
    fn users(&self, creator: UserId) -> Result<BTreeMap<UserId, SpaceRole>> {
        let listed = self.access.as_deref().unwrap_or_default();
        if listed.len() > MOST_LISTED {
            return Err(Error::invalid(
                "A new space is shared with at most 40 people at once; share it with more afterwards",
            ));
        }
        let user = |one: &CreateSpaceAccess| Some((UserId::parse(&one.user_uuid)?, one.role));
        let users: Option<BTreeMap<_, _>> = listed.iter().map(user).collect();
        let mut users = users.ok_or(Error::NotFound(Kind::User))?;
        users.insert(creator, SpaceRole::Admin);
        Ok(users)
    }
}

/// Makes a space, private unless the caller says otherwise; one in another space is as open as its root is.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/spaces", operation_id = "CreateSpaceInProject", tag = "Roles & Permissions",
               params(("projectUuid" = String, Path)), request_body = CreateSpace, responses((status = 200, body = Ok<SpaceView>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_space_in_project(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateSpace>,
) -> Result<Reply<SpaceView>> {
    project.require(Action::Create, Subject::Space)?;
    let name = space_name(&body.name)?;
    let spaces = Spaces::read(&app, &project).await?;
    if let Some(earlier) = before(&app, &spaces, key.as_deref()).await? {
        spaces.require(Action::View, earlier)?;
        return Ok(Reply(spaces.fresh(earlier)));
    }
    let parent = body.parent_space_uuid.as_deref().map(space_id);
    let parent = spaces.parent(parent.transpose()?)?;

    let (creator, now) = (project.user.id, app.clock.now());
    let new = Space::new(project.id(), name, &app.random, now);
    let space = match parent {
        Some(parent) => new.inside(parent)?,
        None => Space {
            is_private: body.is_private.unwrap_or(true),
            users: body.users(creator)?,
            ..new
        },
    };
    let organization = project.organization();
    let new = NewSpace {
        space,
        organization,
        creator,
        client_key: key.as_deref(),
    };
    let made = app.store.create_space(new, now).await?;
    Ok(Reply(spaces.fresh(&made)))
}

/// What an earlier request with the same idempotency key made.
async fn before<'a>(
    app: &App,
    spaces: &'a Spaces<'_>,
    key: Option<&str>,
) -> Result<Option<&'a Space>> {
    let Some(key) = key else { return Ok(None) };
    let user = spaces.project.user.id;
    let made = app
        .store
        .made_before(user, ("space", key), app.clock.now())
        .await?;
    let id = made.as_deref().and_then(SpaceId::parse);
    Ok(id.and_then(|id| spaces.tree.get(id)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateSpace {
    name: String,
    is_private: Option<bool>,
}

/// Renames a space, and opens or closes it if it is a root; slug and path stay. Whoever closes one without having been
/// let in becomes an admin of it.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}", operation_id = "UpdateSpace", tag = "Roles & Permissions",
               params(("projectUuid" = String, Path), SpacePath), request_body = UpdateSpace, responses((status = 200, body = Ok<SpaceView>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_space(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SpacePath>,
    Json(body): Json<UpdateSpace>,
) -> Result<Reply<SpaceView>> {
    project.require(Action::View, Subject::Project)?;
    let (id, name) = (space_id(&path.space_uuid)?, space_name(&body.name)?);
    for _ in 0..TRIES {
        let spaces = Spaces::read(&app, &project).await?;
        let space = spaces.find(id)?;
        if space.parent.is_some() && body.is_private.is_some() {
            return Err(NESTED);
        }
        spaces.require(Action::Manage, space)?;
        match change(&app, &project, space, (&name, body.is_private)).await {
            Err(Error::Changed(Kind::Space)) => {}
            done => {
                done?;
                let spaces = Spaces::read(&app, &project).await?;
                return Ok(Reply(spaces.view(&app, spaces.find(id)?).await?));
            }
        }
    }
    Err(Error::Changed(Kind::Space))
}

/// Writes what is to be changed of a space that has been read, if anything is.
async fn change(
    app: &App,
    project: &InProject,
    space: &Space,
    (name, is_private): (&str, Option<bool>),
) -> Result<()> {
    let is_private = is_private.unwrap_or(space.is_private);
    if space.name == name && space.is_private == is_private {
        return Ok(());
    }
    let closes = is_private && !space.is_private;
    let caller = Guest::User(project.user.id);
    let admin = (closes && space.role_of(caller).is_none()).then_some(project.user.id);
    if admin.is_some() {
        space.admits(caller)?;
    }
    let change = SpaceChange {
        name,
        is_private,
        admin,
    };
    let now = app.clock.now();
    app.store
        .change_space(project.organization(), space, change, now)
        .await
}

/// Deletes a space with everything in it. May be repeated when it failed halfway.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}", operation_id = "DeleteSpace", tag = "Spaces",
               params(("projectUuid" = String, Path), SpacePath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn delete_space(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<SpacePath>,
) -> Result<Done> {
    project.require(Action::View, Subject::Project)?;
    let id = space_id(&path.space_uuid)?;
    for earlier in 0..TRIES {
        let spaces = Spaces::read(&app, &project).await?;
        let space = match spaces.find(id) {
            Err(_) if earlier > 0 => return Ok(Done),
            found => found?,
        };
        spaces.require(Action::Delete, space)?;
        let subtree = spaces.tree.subtree(id);
        match app.store.delete_spaces(&subtree, &project.user).await {
            Err(Error::Changed(Kind::Space)) => {}
            done => return done.map(|()| Done),
        }
    }
    Err(Error::Changed(Kind::Space))
}

/// The id of a space in a path or a body.
pub(crate) fn space_id(text: &str) -> Result<SpaceId> {
    SpaceId::parse(text).ok_or(Error::NotFound(Kind::Space))
}

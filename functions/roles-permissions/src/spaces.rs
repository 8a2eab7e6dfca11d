//! The spaces of a project.

use app::{
    App, Done, DoneOk, Error, IdempotencyKey, InProject, Json, Kind, Ok, Path, Reply, Result,
    domain::{
        access::{Action, SpaceRole, Subject},
        content::{Content, ContentKind},
        id::{ContentId, SpaceId, UserId},
        space::{Guest, MOST_LISTED, MOST_SPACES, Space, space_name},
    },
    spaces::Spaces,
    store::{Edit, NewSpace, SpaceChange},
};
use axum::extract::State;
use saved::{Contents, edit::edit_each};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::{IntoParams, ToSchema};

use crate::space_view::{SpaceSummary, SpaceView, fresh, seen, view};

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
    let (contents, pins) =
        tokio::try_join!(Contents::read(&app, &project), app.store.pins(project.id()),)?;

    Ok(Reply(seen(&contents, pins.as_ref())))
}

/// Answers a space with what lies in it and who may enter it.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/spaces/{spaceUuid}", operation_id = "GetSpace", tag = "Spaces",
               params(("projectUuid" = String, Path), SpacePath), responses((status = 200, body = Ok<SpaceView>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_space(
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

    Ok(Reply(view(&app, &contents, space).await?))
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
        spaces.require(Action::View, Subject::Space, earlier)?;
        return Ok(Reply(fresh(&spaces, earlier)));
    }
    let parent = body.parent_space_uuid.as_deref().map(space_id);
    let parent = new_parent(&spaces, parent.transpose()?)?;

    let (creator, now) = (project.user.id, app.clock.now());
    let new = Space {
        created_by: Some(creator),
        ..Space::new(project.id(), name, &app.random, now)
    };
    let space = match parent {
        Some(parent) => new.inside(parent)?,
        None => Space {
            is_private: body.is_private.unwrap_or(true),
            users: body.users(creator)?,
            ..new
        },
    };
    let organization = project.organization();
    // Documents name spaces by their paths.
    let space = match spaces.tree.at_path(&space.path) {
        Some(_) => {
            let wanted = space.slug.clone();
            space.under_another_slug(&wanted, &app.random)
        }
        None => space,
    };
    let new = NewSpace {
        space,
        organization,
        creator,
        client_key: key.as_deref(),
    };
    match app.store.create_space(new, now).await {
        // A request with the same key may have been first: its space is in no tree that was read before.
        Err(lost @ Error::Changed(_)) => {
            let spaces = Spaces::read(&app, &project).await?;
            let earlier = before(&app, &spaces, key.as_deref()).await?.ok_or(lost)?;
            spaces.require(Action::View, Subject::Space, earlier)?;
            Ok(Reply(fresh(&spaces, earlier)))
        }
        made => Ok(Reply(fresh(&spaces, &made?))),
    }
}

/// Where a new space goes: into one that the caller may manage, or to the roots.
fn new_parent<'a>(spaces: &'a Spaces<'_>, id: Option<SpaceId>) -> Result<Option<&'a Space>> {
    let parent = id.map(|id| spaces.find(id)).transpose()?;
    if let Some(parent) = parent {
        spaces.require(Action::Manage, Subject::Space, parent)?;
    }
    // Who comes at the same time is not counted: a few more do no harm.
    if spaces.tree.len() >= MOST_SPACES {
        return Err(Error::invalid("A project has at most 1000 spaces"));
    }
    Ok(parent)
}

/// What an earlier request with the same idempotency key made.
async fn before<'a>(
    app: &App,
    spaces: &'a Spaces<'_>,
    key: Option<&str>,
) -> Result<Option<&'a Space>> {
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
        spaces.require(Action::Manage, Subject::Space, space)?;
        match change(&app, &project, space, (&name, body.is_private)).await {
            Err(Error::Changed(Kind::Space)) => {}
            done => {
                done?;
                let contents = Contents::read(&app, &project).await?;
                let space = contents.spaces.find(id)?;
                return Ok(Reply(view(&app, &contents, space).await?));
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

/// Deletes a space with everything in it: charts and dashboards first, which can be restored for a while, then the spaces,
/// deepest first. May be repeated when it failed halfway.
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
        // The spaces first: what comes into one from then on changes it, or is in the index already.
        let spaces = Spaces::read(&app, &project).await?;
        let index = app.store.index(project.id()).await?;
        let contents = Contents { spaces, index };
        let spaces = &contents.spaces;
        let space = match spaces.find(id) {
            Err(_) if earlier > 0 => return Ok(Done),
            found => found?,
        };
        spaces.require(Action::Delete, Subject::Space, space)?;
        match delete(&app, &contents, &spaces.tree.subtree(id)).await {
            Err(Error::Changed(_)) => {}
            done => return done.map(|()| Done),
        }
    }
    Err(Error::Changed(Kind::Space))
}

/// Deletes spaces, given deepest first, and before them what lies in them: charts that belong to a dashboard, also to one that is
/// deleted already, come first.
async fn delete(app: &App, contents: &Contents<'_>, spaces: &[&Space]) -> Result<()> {
    let ids: BTreeSet<SpaceId> = spaces.iter().map(|space| space.id).collect();
    let index = &contents.index;
    let dashboards = index.live().chain(index.deleted());
    let dashboards = dashboards.filter(|row| row.what == ContentKind::Dashboard);
    let lie: BTreeMap<ContentId, Option<SpaceId>> =
        dashboards.map(|row| (row.id, row.space)).collect();
    let inside = index.live().filter(|row| {
        let space = match row.dashboard {
            Some(dashboard) => lie.get(&dashboard).copied().flatten(),
            None => row.space,
        };
        space.is_some_and(|space| ids.contains(&space))
    });
    let mut wanted: Vec<&Content> = inside.collect();
    wanted.sort_by_key(|row| (row.dashboard.is_none(), row.what, row.id));
    let now = app.clock.now();
    let edits: Vec<_> = wanted.iter().map(|row| Edit::delete(row, now)).collect();
    edit_each(app, &edits).await?;
    let user = &contents.spaces.project.user;
    app.store.delete_spaces(spaces, user).await
}

/// The id of a space in a path or a body.
pub(crate) fn space_id(text: &str) -> Result<SpaceId> {
    SpaceId::parse(text).ok_or(Error::NotFound(Kind::Space))
}

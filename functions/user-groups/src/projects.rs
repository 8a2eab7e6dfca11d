//! The roles of a group in projects: every member has the rules of the role, at once.

use app::{
    App, CurrentUser, DoneOk, Effect, Error, IdempotencyKey, Json, Kind, Ok, Path, Reply, Result,
    domain::{
        access::{Action, ProjectRole, Subject},
        group::Group,
        id::{GroupId, ProjectId},
        project::Project,
        user::User,
    },
    store::{Once, made_once},
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct GroupProjectPath {
    group_uuid: String,
    project_uuid: String,
}

/// Nothing but the role is ever read: group and project are those of the path.
#[derive(Deserialize, ToSchema)]
pub(crate) struct GroupRole {
    role: ProjectRole,
}

/// The role of a group in a project.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectGroupAccess {
    project_uuid: ProjectId,
    group_uuid: GroupId,
    role: ProjectRole,
}

impl ProjectGroupAccess {
    fn new(project: &Project, group: &Group, role: ProjectRole) -> Self {
        Self {
            project_uuid: project.id,
            group_uuid: group.id,
            role,
        }
    }
}

/// The group and the project of a path, for somebody who may change both.
async fn both(app: &App, user: &User, path: &GroupProjectPath) -> Result<(Group, Project)> {
    let organization = app.require(user, Action::Update, Subject::Group)?;
    app.require(user, Action::Update, Subject::Project)?;
    let group = app.store.group_of(organization, &path.group_uuid).await?;
    let none = || Error::NotExists(Kind::Project);
    let id = ProjectId::parse(&path.project_uuid).ok_or_else(none)?;
    let project = app.store.project(id).await?;
    let project = project.filter(|project| project.organization == organization);
    Ok((group, project.ok_or_else(none)?))
}

/// Gives a group a role in a project.
#[utoipa::path(post, path = "/api/v1/groups/{groupUuid}/projects/{projectUuid}", operation_id = "addProjectAccessToGroup", tag = "User Groups",
               params(GroupProjectPath), request_body = GroupRole,
               responses((status = 200, body = Ok<ProjectGroupAccess>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn add_project_access_to_group(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<GroupProjectPath>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<GroupRole>,
) -> Result<Reply<ProjectGroupAccess>> {
    let (group, project) = both(&app, &user, &path).await?;
    let once = Once {
        user: user.id,
        client_key: key.as_deref(),
        now: app.clock.now(),
    };
    let store = &app.store;
    let earlier = store.group_role_made_before(project.id, group.id, once);
    if let Some(role) = earlier.await? {
        return Ok(Reply(ProjectGroupAccess::new(&project, &group, role)));
    }

    let given = store.grant_project_to_group_once(&project, group.id, body.role, once);
    let given = given.await.map(|()| body.role);
    let earlier = store.group_role_made_before(project.id, group.id, once);
    let role = made_once(given, earlier).await?;
    Ok(Reply(ProjectGroupAccess::new(&project, &group, role)))
}

/// Gives a group another role in a project that it has one in.
#[utoipa::path(patch, path = "/api/v1/groups/{groupUuid}/projects/{projectUuid}", operation_id = "updateProjectAccessForGroup", tag = "User Groups",
               params(GroupProjectPath), request_body = GroupRole,
               responses((status = 200, body = Ok<ProjectGroupAccess>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_project_access_for_group(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<GroupProjectPath>,
    Json(body): Json<GroupRole>,
) -> Result<Reply<ProjectGroupAccess>> {
    let (group, project) = both(&app, &user, &path).await?;
    app.store
        .change_group_role(project.id, group.id, body.role)
        .await?;
    Ok(Reply(ProjectGroupAccess::new(&project, &group, body.role)))
}

/// Takes a group's role in a project away.
#[utoipa::path(delete, path = "/api/v1/groups/{groupUuid}/projects/{projectUuid}", operation_id = "removeProjectAccessFromGroup", tag = "User Groups",
               params(GroupProjectPath), responses((status = 200, body = DoneOk), (status = 204, description = "Had none")),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn remove_project_access_from_group(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<GroupProjectPath>,
) -> Result<Effect> {
    let (group, project) = both(&app, &user, &path).await?;
    let had = app
        .store
        .revoke_project_of_group(&project, group.id)
        .await?;
    Ok(if had {
        Effect::Removed
    } else {
        Effect::Unchanged
    })
}

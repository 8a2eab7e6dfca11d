//! Who has a role of their own in a project.

use app::{
    App, Done, DoneOk, Error, InProject, Json, Kind, Ok, Path, Reply, Result,
    domain::{
        access::{Action, ProjectRole, Subject},
        email::EmailAddress,
        id::{ProjectId, UserId},
        job::{Job, Task},
        user::User,
    },
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How often a grant is tried anew when the account changed meanwhile.
const TRIES: u32 = 3;

/// Somebody with a role of their own in a project.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProjectMemberProfile)]
pub(crate) struct ProjectMember {
    user_uuid: UserId,
    project_uuid: ProjectId,
    role: ProjectRole,
    email: String,
    first_name: String,
    last_name: String,
}

impl ProjectMember {
    fn new(project: ProjectId, user: User, role: ProjectRole) -> Self {
        Self {
            user_uuid: user.id,
            project_uuid: project,
            role,
            email: user.email.to_string(),
            first_name: user.first_name,
            last_name: user.last_name,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct MemberPath {
    #[expect(dead_code, reason = "the project is read by its own extractor")]
    project_uuid: String,
    user_uuid: String,
}

impl MemberPath {
    fn user(&self) -> Result<UserId> {
        UserId::parse(&self.user_uuid).ok_or(Error::NotFound(Kind::ProjectAccess))
    }
}

/// Lists who has a role of their own in a project, by address; who comes in by the organisation or by a group is not
/// on it.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/access", operation_id = "GetProjectAccessList", tag = "Roles & Permissions",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<Vec<ProjectMember>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_project_access_list(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<Vec<ProjectMember>>> {
    project.require(Action::View, Subject::Project)?;
    let granted = app.store.project_members(project.id()).await?;
    let mut users = app
        .store
        .users(granted.iter().map(|(user, _)| *user))
        .await?;

    let shown = granted.into_iter().filter_map(|(user, role)| {
        Some(ProjectMember::new(project.id(), users.remove(&user)?, role))
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort_by(|a, b| (&a.email, a.user_uuid).cmp(&(&b.email, b.user_uuid)));
    Ok(Reply(shown))
}

/// Answers the role that somebody has of their own in a project.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/user/{userUuid}", operation_id = "GetProjectMemberAccess", tag = "Roles & Permissions",
               params(MemberPath), responses((status = 200, body = Ok<ProjectMember>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_project_member_access(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<MemberPath>,
) -> Result<Reply<ProjectMember>> {
    project.require(Action::View, Subject::Project)?;
    let id = path.user()?;
    let none = || Error::NotFound(Kind::ProjectAccess);
    let role = app.store.project_member(project.id(), id).await?;
    let role = role.ok_or_else(none)?;
    let user = app.store.user(id).await?.ok_or_else(none)?;

    Ok(Reply(ProjectMember::new(project.id(), user, role)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateProjectMember {
    email: String,
    role: ProjectRole,
    /// Whether they are told.
    send_email: bool,
}

/// Gives a member of the organisation, pending or not, a role of their own in a project.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/access", operation_id = "GrantProjectAccessToUser", tag = "Roles & Permissions",
               params(("projectUuid" = String, Path)), request_body = CreateProjectMember, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn grant_project_access_to_user(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<CreateProjectMember>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::Project)?;
    let mut result = Ok(());
    for _ in 0..TRIES {
        let user = member(&app, &project, &body.email).await?;
        let mail = Task::MailProjectAccess {
            to: user.email,
            project: project.id(),
            by: project.user.id,
            role: body.role,
        };
        let mail = Job::new(mail, &app.random, app.clock.now());
        let mail = body.send_email.then_some(&mail);
        let granted =
            app.store
                .grant_project_to_user(&project.access.project, user.id, body.role, mail);
        result = granted.await;
        // The account changed after it was read: whether it is a member still is asked again.
        if !matches!(result, Err(Error::Changed(_))) {
            break;
        }
    }
    result.map(|()| Done)
}

/// The member of the project's organisation with this address.
async fn member(app: &App, project: &InProject, email: &str) -> Result<User> {
    let none = || Error::NotExists(Kind::Member);
    let email = EmailAddress::parse(email.trim()).ok_or_else(none)?;
    let id = app.store.user_of_email(&email).await?.ok_or_else(none)?;
    let user = app.store.user(id).await?;
    // Whoever gave themself this address has to prove it before they are taken for its owner.
    let known = |user: &User| user.email_verified || user.email_changed_at.is_none();
    user.filter(|user| user.organization == Some(project.organization()) && known(user))
        .ok_or_else(none)
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct UpdateProjectMember {
    role: ProjectRole,
}

/// Changes the role that somebody has of their own in a project.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/access/{userUuid}", operation_id = "UpdateProjectAccessForUser", tag = "Roles & Permissions",
               params(MemberPath), request_body = UpdateProjectMember, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_project_access_for_user(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<MemberPath>,
    Json(body): Json<UpdateProjectMember>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::Project)?;
    let user = path.user()?;

    app.store
        .change_project_role(project.id(), user, body.role)
        .await?;
    Ok(Done)
}

/// Takes from somebody the role that they have of their own in a project; who has none is fine.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/access/{userUuid}", operation_id = "RevokeProjectAccessForUser", tag = "Roles & Permissions",
               params(MemberPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn revoke_project_access_for_user(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<MemberPath>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::Project)?;
    if let Some(user) = UserId::parse(&path.user_uuid) {
        app.store
            .revoke_project_from_user(&project.access.project, user)
            .await?;
    }

    Ok(Done)
}

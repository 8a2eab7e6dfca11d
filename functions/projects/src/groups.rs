//! Which groups have a role in a project.

use app::{
    App, InProject, Ok, Reply, Result,
    domain::{
        access::{Action, ProjectRole, Subject},
        id::{GroupId, ProjectId},
    },
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The role of a group in a project.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProjectGroupAccess)]
pub(crate) struct GroupAccess {
    project_uuid: ProjectId,
    group_uuid: GroupId,
    role: ProjectRole,
}

/// Lists the groups that have a role in a project.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/groupAccesses", operation_id = "GetProjectGroupAccesses", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<Vec<GroupAccess>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_project_group_accesses(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<Vec<GroupAccess>>> {
    project.require(Action::Manage, Subject::Project)?;
    let found = app.store.project_groups(project.id()).await?;

    let shown = found.into_iter().map(|(group, role)| GroupAccess {
        project_uuid: project.id(),
        group_uuid: group,
        role,
    });
    Ok(Reply(shown.collect()))
}

//! The projects of the organisation: listing, making and deleting them.

use std::collections::BTreeSet;

use app::{
    App, CurrentUser, Done, DoneOk, Error, IdempotencyKey, InProject, Json, Kind, Ok, Reply,
    Result, Timestamp, connect,
    domain::{
        access::{Action, Object, ProjectKind, Subject},
        connection::{Connection, Dbt, NewDbt, NewWarehouse, Warehouse},
        id::{OrganizationId, ProjectId, UserId, WorkId},
        job::{Job, Task},
        project::{DbtVersion, Project, ProjectSummary, WarehouseType, in_order, project_name},
        space::Space,
        table_selection::TableSelection,
    },
    previews,
    store::{NewProject, made_once},
    view::ProjectView,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A project as the organisation's list has it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationProject {
    project_uuid: ProjectId,
    name: String,
    #[serde(rename = "type")]
    kind: ProjectKind,
    #[schema(required)]
    created_by_user_uuid: Option<UserId>,
    #[schema(required)]
    upstream_project_uuid: Option<ProjectId>,
    /// Of a project with a warehouse.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    warehouse_type: Option<WarehouseType>,
    require_user_credentials: bool,
}

impl OrganizationProject {
    fn new(row: ProjectSummary) -> Self {
        Self {
            project_uuid: row.id,
            name: row.name,
            kind: row.kind_of,
            created_by_user_uuid: row.created_by,
            upstream_project_uuid: row.upstream,
            warehouse_type: row.warehouse_type,
            require_user_credentials: row.require_user_credentials,
        }
    }
}

/// Lists the projects of the caller's organisation that they may enter: previews last, then those with the most people
/// first, then the oldest.
#[utoipa::path(get, path = "/api/v1/org/projects", operation_id = "ListOrganizationProjects", tag = "Organizations",
               responses((status = 200, body = Ok<Vec<OrganizationProject>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn list_organization_projects(
    State(app): State<App>,
    user: CurrentUser,
) -> Result<Reply<Vec<OrganizationProject>>> {
    let organization = user
        .organization
        .ok_or(Error::NotExists(Kind::Organization))?;
    let rows = seen(&app, &user, organization).await?;

    let groups: BTreeSet<_> = rows.iter().flat_map(|row| row.groups.clone()).collect();
    let sizes = app.store.group_sizes(organization, &groups).await?;
    let rows = in_order(rows, &sizes).into_iter();
    Ok(Reply(rows.map(OrganizationProject::new).collect()))
}

/// The projects that somebody may enter. Whose role in the organisation opens all of them needs no other role read.
async fn seen(
    app: &App,
    user: &CurrentUser,
    organization: OrganizationId,
) -> Result<Vec<ProjectSummary>> {
    if app.require(user, Action::View, Subject::Project).is_ok() {
        return app.store.projects_of(organization, None).await;
    }
    let abilities = app.abilities(user).await?;
    let named = abilities.projects.iter().map(|(id, _)| *id).collect();
    let mut rows = app.store.projects_of(organization, Some(named)).await?;
    rows.retain(|row| {
        let object = Object {
            project: Some(row.id),
            ..Object::of(organization)
        };
        abilities.may(Action::View, Subject::Project, &object)
    });
    Ok(rows)
}

/// Which tables a new preview offers: those that its upstream does, or all.
#[derive(PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CreateProjectTableConfiguration {
    Prod,
    All,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateProjectOptionalCredentials)]
pub(crate) struct CreateProject {
    name: String,
    #[serde(rename = "type")]
    kind: ProjectKind,
    dbt_connection: NewDbt,
    dbt_version: DbtVersion,
    #[schema(nullable = false)]
    warehouse_connection: Option<NewWarehouse>,
    /// The project that a preview is of.
    #[schema(nullable = false)]
    upstream_project_uuid: Option<String>,
    /// Whether a preview has its upstream's warehouse, whatever was sent.
    #[schema(nullable = false)]
    copy_warehouse_connection_from_upstream_project: Option<bool>,
    /// Whether a preview gets what is saved in its upstream; it does, unless somebody says otherwise.
    #[schema(nullable = false)]
    copy_content: Option<bool>,
    #[schema(nullable = false)]
    table_configuration: Option<CreateProjectTableConfiguration>,
    #[expect(dead_code, reason = "clients send what they read; it is ignored")]
    #[schema(nullable = false)]
    pinned_list_uuid: Option<String>,
}

/// A project that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiCreateProjectResults)]
pub(crate) struct CreatedProject {
    project: ProjectView,
    /// Whether it gets what is saved in its upstream, which takes a moment.
    has_content_copy: bool,
}

impl CreatedProject {
    fn reply(
        project: Project,
        (warehouse, dbt): (Option<Warehouse>, Dbt),
        has_content_copy: bool,
    ) -> Reply<Self> {
        Reply(Self {
            project: ProjectView::new(project, warehouse, dbt),
            has_content_copy,
        })
    }
}

/// Creates a project. A preview of another project lets in whom that one lets in; its creator gets no role by making it.
#[utoipa::path(post, path = "/api/v1/org/projects", operation_id = "CreateProject", tag = "Organizations",
               request_body = CreateProject, responses((status = 200, body = Ok<CreatedProject>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn create_project(
    State(app): State<App>,
    user: CurrentUser,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateProject>,
) -> Result<Reply<CreatedProject>> {
    let (organization, upstream) = permitted(&app, &user, &body).await?;
    let (name, now) = (project_name(&body.name)?, app.clock.now());
    if let Some(earlier) = before(&app, user.id, key.as_deref(), now).await? {
        return Ok(earlier);
    }

    let (id, by) = (ProjectId::new(&app.random), user.id);
    let for_project = (organization, id);
    let from = upstream.as_ref().map(|upstream| upstream.id);
    let (warehouse, dbt) = connections(&app, &body, from, for_project).await?;
    let project = Project::new(id, organization, name, body.kind, (by, now))
        .with_warehouse(warehouse.as_ref().map(|one| &one.shown));
    let project = Project {
        upstream: from,
        scheduler_timezone: upstream.and_then(|upstream| upstream.scheduler_timezone),
        dbt_version: body.dbt_version,
        ..project
    };
    let begins_public = body.kind == ProjectKind::Default;
    let space = begins_public.then(|| Space::shared(id, &app.random, now));
    let tables = tables(&app, &body, from).await?;
    let copying = previews::access(&app, &project, now);
    let content = match body.copy_content {
        Some(false) => None,
        _ => previews::content(&app, &project, now)?,
    };
    let new = NewProject {
        warehouse: warehouse.as_ref(),
        dbt: Some(&dbt),
        key: key.as_deref(),
        copying: copying.as_ref(),
        work: content.as_ref().map(|(work, job)| (work, job)),
        space: space.as_ref(),
        tables: tables.as_ref(),
        ..NewProject::bare(&project, by)
    };
    let done = app.store.create_project(new).await;
    if done.is_ok() {
        app.store.copy_access_soon(copying.as_ref()).await;
    }

    let connections = (warehouse.map(|one| one.shown), dbt.shown);
    let made = done.map(|()| CreatedProject::reply(project, connections, content.is_some()));
    made_once(made, before(&app, user.id, key.as_deref(), now)).await
}

/// What a preview offers of its explores, when it is to be what its upstream offers.
async fn tables(
    app: &App,
    body: &CreateProject,
    upstream: Option<ProjectId>,
) -> Result<Option<TableSelection>> {
    let copies = body.table_configuration == Some(CreateProjectTableConfiguration::Prod);
    match upstream.filter(|_| copies) {
        Some(upstream) => app.store.table_selection(upstream).await.map(Some),
        None => Ok(None),
    }
}

/// Whether the caller may make such a project; their organisation, and the project that it is a preview of, if any.
async fn permitted(
    app: &App,
    user: &CurrentUser,
    body: &CreateProject,
) -> Result<(OrganizationId, Option<Project>)> {
    let (organization, _) = user.membership()?;
    let made = Object {
        kind: Some(body.kind),
        ..Object::of(organization)
    };
    let (create, project) = (Action::Create, Subject::Project);
    match (body.kind, &body.upstream_project_uuid) {
        (ProjectKind::Default, Some(_)) => Err(Error::invalid(
            "Only a preview has a project that it is a preview of",
        )),
        (_, None) => {
            app.require_on(user, create, project, &made)?;
            Ok((organization, None))
        }
        (ProjectKind::Preview, Some(text)) => {
            let id = ProjectId::parse(text).ok_or(Error::NotExists(Kind::Project))?;
            let upstream = InProject::find(app, user.clone(), id).await?;
            previews::require(&upstream)?;
            Ok((organization, Some(upstream.access.project)))
        }
    }
}

/// What an earlier request with the same idempotency key made.
async fn before(
    app: &App,
    user: UserId,
    key: Option<&str>,
    now: Timestamp,
) -> Result<Option<Reply<CreatedProject>>> {
    let Some(project) = app.store.project_made_before(user, key, now).await? else {
        return Ok(None);
    };
    let (warehouse, dbt) = app.store.connections(project.id).await?;
    let dbt = dbt.map(|one| one.shown).unwrap_or_default();
    let warehouse = warehouse.map(|one| one.shown);
    let copy = app.store.work(WorkId::first_of(project.id), now).await?;
    let connections = (warehouse, dbt);
    Ok(Some(CreatedProject::reply(
        project,
        connections,
        copy.is_some(),
    )))
}

/// The connections of a new project, sealed for it.
async fn connections(
    app: &App,
    body: &CreateProject,
    upstream: Option<ProjectId>,
    (organization, id): (OrganizationId, ProjectId),
) -> Result<(Option<Connection<Warehouse>>, Connection<Dbt>)> {
    let copies = body.copy_warehouse_connection_from_upstream_project == Some(true);
    let warehouse = match (upstream.filter(|_| copies), &body.warehouse_connection) {
        (Some(from), _) => Some(connect::resealed(app, from, id).await?),
        (None, Some(sent)) => {
            sent.check_login()?;
            let sent = connect::with_tunnel_key(app, organization, sent.clone()).await?;
            Some(Connection {
                sealed: connect::seal(app, id, &sent.to_seal()?).await?,
                shown: sent.shown(),
            })
        }
        (None, None) => None,
    };
    let dbt = Connection {
        sealed: connect::seal(app, id, &body.dbt_connection.to_seal()?).await?,
        shown: body.dbt_connection.shown(),
    };
    Ok((warehouse, dbt))
}

/// Deletes a project with everything in it; its previews stay.
#[utoipa::path(delete, path = "/api/v1/org/projects/{projectUuid}", operation_id = "DeleteProject", tag = "Organizations",
               params(("projectUuid" = String, Path)), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn delete_project(State(app): State<App>, project: InProject) -> Result<Done> {
    project.require(Action::Delete, Subject::Project)?;
    let now = app.clock.now();
    let task = Task::DeleteProject {
        project: project.id(),
    };
    let job = Job::new(task, &app.random, now);

    app.store
        .delete_project(&project.access.project, &job, now)
        .await?;
    app.store.walk_soon(&job.task).await;
    Ok(Done)
}

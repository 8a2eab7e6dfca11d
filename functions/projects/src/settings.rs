//! Settings of a project: what it comes from, the zone of its schedules, what it offers, its connection to a semantic layer.

use app::{
    App, Done, DoneOk, Error, InProject, Json, Kind, Ok, Reply, Result,
    domain::{
        access::{Action, Object, ProjectKind, Subject},
        id::ProjectId,
        project::timezone,
        semantic_layer::{SemanticLayerUpdate, StoredSemanticLayer},
        table_selection::TableSelection,
    },
};
use axum::extract::State;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// What a project comes from. Absent: it stays so; null: nothing.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateMetadata {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    upstream_project_uuid: Option<Option<String>>,
}

/// Tells null from absent.
fn present<'de, D: Deserializer<'de>>(sent: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(sent).map(Some)
}

/// Says which project one comes from: another one of the organisation that is no preview.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/metadata", operation_id = "updateProjectMetadata", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = UpdateMetadata, responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_project_metadata(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<UpdateMetadata>,
) -> Result<Done> {
    project.require(Action::Manage, Subject::Project)?;
    let Some(upstream) = body.upstream_project_uuid else {
        return Ok(Done);
    };
    let upstream = match upstream {
        Some(text) => Some(upstream_of(&app, &project, &text).await?),
        None => None,
    };
    app.store
        .set_upstream(&project.access.project, upstream, app.clock.now())
        .await?;
    Ok(Done)
}

async fn upstream_of(app: &App, project: &InProject, text: &str) -> Result<ProjectId> {
    let id = ProjectId::parse(text).ok_or(Error::NotExists(Kind::Project))?;
    if id == project.id() {
        return Err(Error::invalid("A project does not come from itself"));
    }
    let upstream = InProject::find(app, project.user.clone(), id).await?;
    upstream.require(Action::View, Subject::Project)?;
    // A preview looks at the tables of its upstream: whoever points one there could make one there.
    if project.access.project.kind_of == ProjectKind::Preview {
        let made = Object {
            kind: Some(ProjectKind::Preview),
            upstream: Some(id),
            ..Object::of(upstream.organization())
        };
        upstream.require_on(Action::Create, Subject::Project, &made)?;
    }
    match upstream.access.project.kind_of {
        ProjectKind::Default => Ok(id),
        ProjectKind::Preview => Err(Error::invalid("A preview is no project to come from")),
    }
}

/// The zone of schedules that have none of their own.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateSchedulerSettings {
    scheduler_timezone: String,
}

/// Puts the schedules of a project that have no zone of their own into one.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/schedulerSettings", operation_id = "updateSchedulerSettings", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = UpdateSchedulerSettings,
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_scheduler_settings(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<UpdateSchedulerSettings>,
) -> Result<Done> {
    project.require(Action::Update, Subject::Project)?;
    let zone = timezone(&body.scheduler_timezone)?;
    app.store
        .set_scheduler_timezone(project.id(), &zone, app.clock.now())
        .await?;
    Ok(Done)
}

/// What a project offers of its explores.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TablesConfiguration {
    table_selection: TableSelection,
}

/// Answers which explores a project offers.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/tablesConfiguration", operation_id = "GetTablesConfiguration", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<TablesConfiguration>)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_tables_configuration(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<TablesConfiguration>> {
    project.require(Action::View, Subject::Project)?;
    let table_selection = app.store.table_selection(project.id()).await?;
    Ok(Reply(TablesConfiguration { table_selection }))
}

/// Chooses which explores a project offers. Nobody checks that there are such tags or names.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/tablesConfiguration", operation_id = "UpdateTablesConfiguration", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = TablesConfiguration,
               responses((status = 200, body = Ok<TablesConfiguration>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn update_tables_configuration(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<TablesConfiguration>,
) -> Result<Reply<TablesConfiguration>> {
    project.require(Action::Update, Subject::Project)?;
    app.store
        .select_tables(project.id(), &body.table_selection)
        .await?;
    Ok(Reply(body))
}

/// Sets a project's connection to a semantic layer; what is missing of one of the same type stays as it was.
#[utoipa::path(patch, path = "/api/v1/projects/{projectUuid}/semantic-layer-connection",
               operation_id = "updateProjectSemanticLayerConnection", tag = "Projects", params(("projectUuid" = String, Path)),
               request_body = SemanticLayerUpdate, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_project_semantic_layer_connection(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<SemanticLayerUpdate>,
) -> Result<Done> {
    project.require(Action::Update, Subject::Project)?;
    let id = project.id().to_string();
    let sealed_for = [("project", id.as_str())];
    let stored = app.store.semantic_layer(project.id()).await?;
    let known = match &stored {
        Some(stored) => Some(app.seal.open(&stored.sealed, &sealed_for).await?),
        None => None,
    };
    let shown = stored.as_ref().map(|stored| &stored.shown);
    // A token is only taken over within one type.
    let opened = known
        .as_deref()
        .filter(|_| shown.is_some_and(|shown| body.needs_token_of(shown)));
    let (shown, whole) = body.over(shown, opened)?;
    if known.is_some_and(|known| known == whole) {
        return Ok(Done);
    }

    let new = StoredSemanticLayer {
        sealed: app.seal.seal(&whole, &sealed_for).await?,
        shown,
    };
    app.store
        .replace_semantic_layer(project.id(), stored.as_ref(), &new)
        .await?;

    Ok(Done)
}

/// Removes a project's connection to a semantic layer, if it has one.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/semantic-layer-connection",
               operation_id = "deleteProjectSemanticLayerConnection", tag = "Projects", params(("projectUuid" = String, Path)),
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn delete_project_semantic_layer_connection(
    State(app): State<App>,
    project: InProject,
) -> Result<Done> {
    project.require(Action::Update, Subject::Project)?;
    app.store.delete_semantic_layer(project.id()).await?;
    Ok(Done)
}

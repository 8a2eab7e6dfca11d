//! How the list of a project's metrics is shown (reference 23 §4): one configuration for everybody in it.

use app::{
    App, Done, DoneOk, Effect, Error, InProject, Json, Kind, Ok, Reply, Result,
    domain::{
        access::{Action, Subject},
        id::{ProjectId, SpotlightConfigId},
        spotlight::{ColumnConfig, SpotlightConfig},
    },
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// A configuration as clients see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SpotlightTableConfig)]
pub(crate) struct ShownConfig {
    spotlight_table_config_uuid: SpotlightConfigId,
    project_uuid: ProjectId,
    column_config: Vec<ColumnConfig>,
}

/// Answers how the list of metrics is shown. Where nobody said, clients have their own way.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/spotlight/table/config", operation_id = "getSpotlightTableConfig",
               tag = "Spotlight", params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<ShownConfig>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_spotlight_table_config(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<ShownConfig>> {
    project.require(Action::View, Subject::SpotlightTableConfig)?;
    let found = app.store.spotlight(project.id()).await?;
    let found = found.ok_or(Error::NotFound(Kind::SpotlightConfig))?;
    Ok(Reply(ShownConfig {
        spotlight_table_config_uuid: SpotlightConfigId::of(project.id()),
        project_uuid: project.id(),
        column_config: found.column_config,
    }))
}

/// Says how the list of metrics is shown, whatever was said before.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/spotlight/table/config", operation_id = "postSpotlightTableConfig",
               tag = "Spotlight", params(("projectUuid" = String, Path)), request_body = SpotlightConfig,
               responses((status = 201, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn post_spotlight_table_config(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<SpotlightConfig>,
) -> Result<Effect> {
    project.require(Action::Manage, Subject::SpotlightTableConfig)?;
    let config = body.checked()?;
    app.store.put_spotlight(project.id(), &config).await?;
    Ok(Effect::Added)
}

/// Leaves it to clients again how the list of metrics is shown.
#[utoipa::path(delete, path = "/api/v1/projects/{projectUuid}/spotlight/table/config", operation_id = "resetSpotlightTableConfig",
               tag = "Spotlight", params(("projectUuid" = String, Path)), responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn reset_spotlight_table_config(
    State(app): State<App>,
    project: InProject,
) -> Result<Done> {
    project.require(Action::Manage, Subject::SpotlightTableConfig)?;
    app.store.delete_spotlight(project.id()).await?;
    Ok(Done)
}

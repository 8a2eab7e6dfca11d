//! Giving a model or a field another name in charts and dashboards (reference 17 §6).

use std::collections::BTreeMap;

use app::{
    App, IdempotencyKey, IfMatch, InProject, Json, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        id::WorkId,
    },
    http::etag,
};
use axum::{extract::State, response::IntoResponse};
use saved::rename::{
    Rename, begin,
    one::{self, RenameChart},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validation::JobScheduled;

/// Begins to rename a model or a field in everything of a project, whoever may see it. With `dryRun` the job only says where.
/// What the caller may not view is renamed in, too, and told as "Private content", without its id and its places.
/// Each chart and dashboard that changes has a new version; to undo it is to go back to the one before.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/rename", operation_id = "rename", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = Rename, responses((status = 200, body = Ok<JobScheduled>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn rename(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<Rename>,
) -> Result<Reply<JobScheduled>> {
    project.require(Action::Update, Subject::Project)?;
    let job_id = begin(&app, &project, &body, key.as_deref()).await?;
    Ok(Reply(JobScheduled { job_id }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChartPath {
    chart_uuid: String,
}

/// A chart in which something was renamed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChartRenamed {
    /// The job that renames everywhere else, if one was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    job_id: Option<WorkId>,
}

/// Renames a field, or the explore, in one chart that the caller may change; with `fixAll` also begins to rename it everywhere else.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/rename/chart/{chartUuid}", operation_id = "renameChart", tag = "Projects",
               params(("projectUuid" = String, Path), ("chartUuid" = String, Path)), request_body = RenameChart,
               responses((status = 200, body = Ok<ChartRenamed>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn rename_chart(
    State(app): State<App>,
    project: InProject,
    IfMatch(rev): IfMatch,
    IdempotencyKey(key): IdempotencyKey,
    Path(path): Path<ChartPath>,
    Json(body): Json<RenameChart>,
) -> Result<impl IntoResponse> {
    project.require(Action::Update, Subject::Project)?;
    let given = (rev, key.as_deref());
    let (head, job_id) = one::rename(&app, &project, &path.chart_uuid, &body, given).await?;
    Ok((etag(head.rev), Reply(ChartRenamed { job_id })))
}

/// The fields that a chart's can be renamed to.
#[derive(Serialize, ToSchema)]
pub(crate) struct RenameFields {
    /// Ids by table.
    fields: BTreeMap<String, Vec<String>>,
}

/// Answers the fields of the explore of a chart that the caller may view, by table.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/rename/chart/{chartUuid}/fields", operation_id = "renameChartFields",
               tag = "Projects", params(("projectUuid" = String, Path), ("chartUuid" = String, Path)),
               responses((status = 200, body = Ok<RenameFields>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn rename_chart_fields(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ChartPath>,
) -> Result<Reply<RenameFields>> {
    project.require(Action::Update, Subject::Project)?;
    let fields = one::fields(&app, &project, &path.chart_uuid).await?;
    Ok(Reply(RenameFields { fields }))
}

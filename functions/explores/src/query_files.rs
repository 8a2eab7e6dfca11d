//! Files of a query's rows that are begun and polled: the way for large ones.

use app::{
    App, InProject, Json, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        id::WorkId,
    },
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    queries::{QueryPath, kept},
    query_download::DownloadQuery,
};

/// A file that was begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryFileBegun {
    job_id: WorkId,
}

/// Begins a file of a query's rows; `getSchedulerJobStatus` tells when it is there, and where: `fileUrl` of its details. The same
/// file is begun once, however often it is asked for.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/{queryUuid}/schedule-download", operation_id = "ScheduleDownloadAsyncQueryResults", tag = "Query",
               params(("projectUuid" = String, Path), ("queryUuid" = String, Path)), request_body = DownloadQuery,
               responses((status = 200, body = Ok<QueryFileBegun>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn schedule_download_async_query_results(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<QueryPath>,
    Json(body): Json<DownloadQuery>,
) -> Result<Reply<QueryFileBegun>> {
    let query = kept(&app, &project, &path.query_uuid).await?;
    project.require(Action::Manage, Subject::ExportCsv)?;
    let (wanted, kind) = body.wanted()?;
    let job_id = query::download::begin(&app, &query, &wanted, kind).await?;
    Ok(Reply(QueryFileBegun { job_id }))
}

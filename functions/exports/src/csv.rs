//! How a CSV file goes that somebody asked for.

use app::{App, CurrentUser, Error, Kind, Ok, Path, Reply, Result, domain::query::Purpose};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse},
};
use query::{
    export::{TRUNCATED, link_of_job},
    job::{Progress, State as JobState, own, progress},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPath {
    job_id: String,
}

/// How a CSV file goes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CsvUrl {
    /// Leads to the file for a day; empty until it is there.
    url: String,
    /// `scheduled`, `started` or `completed`.
    #[schema(value_type = String)]
    status: JobState,
    /// Whether rows were left out.
    truncated: bool,
}

/// Answers how a CSV file of the caller's goes, and a fresh link once it is there. One that failed is not there: 404 with the
/// reason.
#[utoipa::path(get, path = "/api/v1/csv/{jobId}", operation_id = "getCsvUrl", tag = "Exports",
               params(("jobId" = String, Path)), responses((status = 200, body = Ok<CsvUrl>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_csv_url(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<JobPath>,
) -> Result<impl IntoResponse> {
    let query = own(&app, user, &path.job_id).await?;
    if query.purpose != Purpose::Csv {
        return Err(Error::NotFound(Kind::Job));
    }
    let progress = progress(&app, &query).await?;
    let (url, truncated) = match &progress {
        Progress::Scheduled | Progress::Started => (String::new(), false),
        Progress::Failed(failure) => return Err(Error::Failed(failure.message.clone())),
        Progress::Completed(outcome) => {
            let url = link_of_job(&app, &query, outcome).await?;
            (url, outcome.truncated)
        }
    };
    let reply = Reply(CsvUrl {
        url,
        status: progress.state(),
        truncated,
    });
    let header = if truncated { "true" } else { "false" };
    Ok((AppendHeaders([(TRUNCATED, header)]), reply))
}

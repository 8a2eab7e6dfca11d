//! All rows of a query as JSON lines (reference 13 §12).

use app::{
    App, Error, InProject, Path, Result,
    domain::query::{Query, WAITED},
    http::Carrier,
};
use axum::{
    body::Body,
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Redirect, Response},
};
use query::{export::Wanted, page};

use crate::queries::{QueryPath, kept};

/// Bytes of rows at most that are tried whether a function carries them: more hardly ever become small enough.
const LARGEST_TRIED: u64 = 24 * 1024 * 1024;
/// What somebody is told whose rows take longer than an HTTP API waits.
const TOO_LONG: &str = "There are too many rows to be read in one piece; read them page by page with \
    GET /api/v2/projects/{projectUuid}/query/{queryUuid}, or ask for less";

/// Answers all rows of a query as JSON lines, raw.
#[utoipa::path(get, path = "/api/v2/projects/{projectUuid}/query/{queryUuid}/results", operation_id = "GetAsyncQueryResultsStream", tag = "Query",
               params(("projectUuid" = String, Path), ("queryUuid" = String, Path)),
               responses((status = 200, body = Value)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_async_query_results_stream(
    State(app): State<App>,
    project: InProject,
    carrier: Carrier,
    Path(path): Path<QueryPath>,
) -> Result<Response> {
    let query = kept(&app, &project, &path.query_uuid).await?;
    lines(&app, &carrier, &query).await
}

/// All rows of a query as JSON lines. What a function does not carry is a redirect to a file: the last resort, as not every
/// client follows one.
pub(crate) async fn lines(app: &App, carrier: &Carrier, query: &Query) -> Result<Response> {
    if carrier.carries_anything() {
        return sent(app, query).await;
    }
    let made = tokio::time::timeout(WAITED, carried_or_linked(app, carrier, query));
    made.await
        .unwrap_or_else(|_| Err(Error::Timeout(TOO_LONG.to_owned())))
}

/// The lines, read as they are sent.
async fn sent(app: &App, query: &Query) -> Result<Response> {
    let outcome = query::job::rows(app, query).await?;
    let lines = page::lines(app, outcome).await?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        // Also tells the stack not to wait for all of it.
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

async fn carried_or_linked(app: &App, carrier: &Carrier, query: &Query) -> Result<Response> {
    let outcome = query::job::rows(app, query).await?;
    if outcome.bytes <= LARGEST_TRIED
        && let Some(response) = carrier.carried(sent(app, query).await?).await?
    {
        return Ok(response);
    }
    let wanted = Wanted::default();
    let (link, _) = query::download::file(app, query, &wanted, export::File::Jsonl).await?;
    Ok(Redirect::temporary(&link).into_response())
}

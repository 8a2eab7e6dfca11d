//! How queries that are kept go, and their rows page by page (reference 13 §11).

use std::time::Instant;

use app::{
    App, Error, InProject, Ok, Path, Query as Params, Reply, Result, Timestamp,
    domain::{
        id::QueryId,
        query::{Failure, Outcome, Query, QueryStatus},
    },
};
use axum::extract::State;
use query::{Asked, job::Progress, page, show::Shown};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::queries::{QueryPath, kept};

/// Rows of a page that nobody sized (reference 13 §2).
const USUAL_PAGE: u64 = 500;
/// Rows of a page at most (reference 13 §2).
const LARGEST_PAGE: u64 = 2_500;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// From 1 on.
    #[param(nullable = false)]
    page: Option<f64>,
    /// Rows of a page, 2,500 at most; if not said, as many as the first page had that was read, or 500.
    #[param(nullable = false)]
    page_size: Option<f64>,
}

/// How a query goes, and a page of its rows once they are there.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum QueryPage {
    Ready(ReadyQuery),
    Unready(QueryState),
}

/// A query whose rows are there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadyQuery {
    query_uuid: QueryId,
    status: ReadyStatus,
    #[serde(flatten)]
    page: ReadyPage,
}

/// That the rows are there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReadyStatus {
    Ready,
}

/// How a query goes whose rows are not there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UnreadyStatus {
    Pending,
    Error,
    Cancelled,
}

/// How a query goes whose rows are not there, or not yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryState {
    query_uuid: QueryId,
    status: UnreadyStatus,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    /// Where the statement is wrong: `lineNumber`, `charNumber`, both from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_data: Option<Value>,
}

/// A page of rows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadyPage {
    #[schema(value_type = Vec<Value>)]
    rows: Box<serde_json::value::RawValue>,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    columns: Map<String, Value>,
    page: u64,
    page_size: u64,
    total_page_count: u64,
    total_results: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_page: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    previous_page: Option<u64>,
    initial_query_execution_ms: u64,
    results_page_execution_ms: u64,
    pivot_details: Option<Value>,
    /// When the rows go.
    expires_at: Timestamp,
}

/// Answers how a query of the caller's goes, and a page of its rows once they are there.
#[utoipa::path(get, path = "/api/v2/projects/{projectUuid}/query/{queryUuid}", operation_id = "GetAsyncQueryResults", tag = "Query",
               params(("projectUuid" = String, Path), ("queryUuid" = String, Path), PageParams),
               responses((status = 200, body = Ok<QueryPage>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_async_query_results(
    State(app): State<App>,
    project: InProject,
    Params(params): Params<PageParams>,
    Path(path): Path<QueryPath>,
) -> Result<Reply<QueryPage>> {
    let query = kept(&app, &project, &path.query_uuid).await?;
    if params
        .page_size
        .is_some_and(|size| size > LARGEST_PAGE as f64)
    {
        let message = format!("A page has at most {LARGEST_PAGE} rows");
        return Err(Error::NoSuchPage(message));
    }
    let usual = query.page_size.unwrap_or(USUAL_PAGE);
    let (page, size) = (whole(params.page, 1)?, whole(params.page_size, usual)?);
    if page < 1 || size < 1 {
        return Err(Error::Page);
    }
    // A job that was given up leaves its query as it is.
    let (status, failure) = match (query.status, query::job::progress(&app, &query).await?) {
        (_, Progress::Completed(outcome)) => {
            let page = ready_page(&app, &query, outcome, (page, size)).await?;
            return Ok(Reply(QueryPage::Ready(ReadyQuery {
                query_uuid: query.id,
                status: ReadyStatus::Ready,
                page,
            })));
        }
        (QueryStatus::Cancelled, _) => (UnreadyStatus::Cancelled, None),
        (_, Progress::Failed(failure)) => (UnreadyStatus::Error, Some(failure)),
        (_, Progress::Scheduled | Progress::Started) => (UnreadyStatus::Pending, None),
    };
    let place = failure
        .as_ref()
        .map(place)
        .filter(|place| *place != json!({}));
    Ok(Reply(QueryPage::Unready(QueryState {
        query_uuid: query.id,
        status,
        error: failure.map(|failure| failure.message),
        error_data: place,
    })))
}

/// Where a statement is wrong.
pub(crate) fn place(failure: &Failure) -> Value {
    let mut place = Map::new();
    place.extend(
        failure
            .line
            .map(|line| ("lineNumber".to_owned(), json!(line))),
    );
    place.extend(
        failure
            .character
            .map(|character| ("charNumber".to_owned(), json!(character))),
    );
    Value::Object(place)
}

/// A number of a query string as a whole one.
fn whole(sent: Option<f64>, otherwise: u64) -> Result<u64> {
    match sent {
        None => Ok(otherwise),
        Some(number) if (0.0..=1e9).contains(&number) && number.fract() == 0.0 => Ok(number as u64),
        Some(_) => Err(Error::Page),
    }
}

async fn ready_page(
    app: &App,
    query: &Query,
    outcome: &Outcome,
    (page, size): (u64, u64),
) -> Result<ReadyPage> {
    let begun = Instant::now();
    let pages = outcome.rows.div_ceil(size);
    // What has no rows has none on any page.
    if pages > 0 && page > pages {
        return Err(Error::NoSuchPage(format!(
            "There is no page {page}: the last page of {size} rows each is {pages}"
        )));
    }
    let asked: Asked = query.asked.unpack_json()?;
    let columns = page::columns(outcome)?;
    let rows = page::rows(app, outcome, (page - 1) * size, size).await?;
    if query.page_size.is_none() {
        app.store.keep_page_size(query.id, size).await?;
    }
    let written = Shown::new(&columns, &asked.fields).written(&rows);
    let kinds = columns.iter().map(|column| {
        let kind = json!({ "reference": column.name, "type": column.r#type.simple() });
        (column.name.clone(), kind)
    });
    Ok(ReadyPage {
        rows: written?,
        columns: kinds.collect(),
        page,
        page_size: rows.len() as u64,
        total_page_count: pages,
        total_results: outcome.rows,
        next_page: (page < pages).then_some(page + 1),
        previous_page: (pages > 0 && page > 1).then_some(page - 1),
        initial_query_execution_ms: if query.cached {
            0
        } else {
            outcome.milliseconds
        },
        results_page_execution_ms: begun.elapsed().as_millis() as u64,
        pivot_details: Some(outcome.pivot.clone()).filter(|pivot| !pivot.is_null()),
        expires_at: query.expires_at,
    })
}

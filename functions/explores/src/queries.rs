//! Queries that are kept and polled (reference 13 §11 and §12).

use std::time::Instant;

use app::{
    App, Done, DoneOk, Error, InProject, Json, Kind, Ok, Path, Query as Params, Reply, Result,
    Timestamp,
    domain::{
        access::{Action, Subject},
        id::QueryId,
        query::{Failure, Outcome, Purpose, Query, QueryStatus},
    },
};
use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use query::{
    Asked, Question,
    answer::{CacheMetadata, MetricQueryAsked, submit_question, tags},
    asked::Manner,
    export::{TRUNCATED, Wanted},
    job::Progress,
    page,
    question::How,
    run::Tags,
    show::{RawRow, Shown},
    submit,
};
use semantic::{MetricQuery, query::DateZoom};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::run::statement;

/// Rows of a page that nobody sized (reference 13 §2).
const USUAL_PAGE: u64 = 500;
/// Rows of a page at most (reference 13 §2).
const LARGEST_PAGE: u64 = 2_500;
/// Bytes of rows that are answered in one piece: names of columns come to them, and Lambda carries 6 MB.
const LARGEST_ANSWER: u64 = 2 * 1024 * 1024;

/// A metric query that is to be asked.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AskMetricQuery {
    query: MetricQuery,
    #[schema(nullable = false)]
    date_zoom: Option<DateZoom>,
    /// What the query is for; warehouses are told.
    #[schema(nullable = false)]
    context: Option<String>,
    /// Whether rows that another query left will not do.
    #[schema(nullable = false)]
    invalidate_cache: Option<bool>,
}

/// Asks a metric query; its rows are read by `GetAsyncQueryResults`.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/metric-query", operation_id = "ExecuteAsyncMetricQuery", tag = "Query",
               params(("projectUuid" = String, Path)), request_body = AskMetricQuery,
               responses((status = 200, body = Ok<MetricQueryAsked>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn execute_async_metric_query(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<AskMetricQuery>,
) -> Result<Reply<MetricQueryAsked>> {
    project.require(Action::Manage, Subject::Explore)?;
    let mut query = body.query;
    query.date_zoom = body.date_zoom.or(query.date_zoom);
    let name = query.explore_name.clone();
    let question = Question::ask(&app, &project, &name, query, How::default()).await?;
    let manner = Manner {
        purpose: Purpose::Rows,
        fresh: body.invalidate_cache.unwrap_or(false),
    };
    let tags = tags(&question, body.context.as_deref().unwrap_or("api"))?;
    let submitted = submit_question(&app, &project, &question, tags, manner).await?;
    Ok(Reply(MetricQueryAsked::new(
        &app,
        question,
        &submitted.query,
    )))
}

/// A statement that is to be asked.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AskSql {
    sql: String,
    /// Rows that are kept at most.
    #[schema(nullable = false, minimum = 0)]
    limit: Option<u64>,
    #[schema(nullable = false)]
    context: Option<String>,
    #[schema(nullable = false)]
    invalidate_cache: Option<bool>,
    #[schema(nullable = false, value_type = Option<Value>)]
    pivot_configuration: Option<semantic::pivot::Pivot>,
}

/// A statement that was asked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SqlAsked {
    query_uuid: QueryId,
    cache_metadata: CacheMetadata,
}

impl SqlAsked {
    /// What is told of a query that was kept.
    pub(crate) fn of(app: &App, query: &Query) -> Self {
        Self {
            query_uuid: query.id,
            cache_metadata: CacheMetadata::of(app, query),
        }
    }
}

/// Asks a statement. What the warehouse refuses at once is refused here.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/sql", operation_id = "ExecuteAsyncSqlQuery", tag = "Query",
               params(("projectUuid" = String, Path)), request_body = AskSql,
               responses((status = 200, body = Ok<SqlAsked>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn execute_async_sql_query(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<AskSql>,
) -> Result<Reply<SqlAsked>> {
    project.require(Action::Manage, Subject::SqlRunner)?;
    let sql = statement(&body.sql)?;
    let (sql, pivot) = match &body.pivot_configuration {
        Some(pivot) => {
            let dialect = query::login::dialect(&app, project.id()).await?;
            let limit = body.limit.and_then(|limit| u32::try_from(limit).ok());
            (
                semantic::pivot::pivot(dialect, sql, pivot, limit)?,
                Some(pivot.clone()),
            )
        }
        None => (sql.to_owned(), None),
    };
    let asked = Asked {
        sql,
        tags: Tags {
            context: body.context.unwrap_or_else(|| "sqlRunner".to_owned()),
            ..Tags::default()
        },
        metric_query: json!({ "exploreName": "sql_query_explorer" }),
        most: body.limit.filter(|_| body.pivot_configuration.is_none()),
        pivot,
        ..Asked::default()
    };
    let manner = Manner {
        purpose: Purpose::Rows,
        fresh: body.invalidate_cache.unwrap_or(false),
    };
    let submitted = submit(&app, (&project).into(), &asked, manner).await?;
    if let Some(error) = submitted.error {
        return Err(error.into());
    }
    Ok(Reply(SqlAsked::of(&app, &submitted.query)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryPath {
    pub(crate) query_uuid: String,
}

/// A query of the caller's own in this project; whatever is in the way, there is none.
pub(crate) async fn own(app: &App, project: &InProject, id: &str) -> Result<Query> {
    project.require(Action::View, Subject::Project)?;
    let missing = || Error::NotFound(Kind::Query);
    let id = QueryId::parse(id).ok_or_else(missing)?;
    let found = app.store.query(id, app.clock.now()).await?;
    let own = |query: &Query| query.user == project.user.id && query.project == project.id();
    found.filter(own).ok_or_else(missing)
}

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
pub(crate) struct ReadyQuery {
    #[serde(flatten)]
    state: QueryState,
    #[serde(flatten)]
    page: ReadyPage,
}

/// How a query goes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryState {
    query_uuid: QueryId,
    #[schema(value_type = String)]
    status: QueryStatus,
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
    let query = own(&app, &project, &path.query_uuid).await?;
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
    let progress = query::job::progress(&app, &query).await?;
    let ready = match progress {
        Progress::Completed(outcome) => {
            Some(ready_page(&app, &query, outcome, (page, size)).await?)
        }
        _ => None,
    };
    // A job that was given up leaves its query as it is.
    let (status, failure) = match (query.status, progress) {
        (QueryStatus::Pending | QueryStatus::Error, Progress::Failed(failure)) => {
            (QueryStatus::Error, Some(failure))
        }
        (status, _) => (status, None),
    };
    let place = failure
        .as_ref()
        .map(place)
        .filter(|place| *place != json!({}));
    let state = QueryState {
        query_uuid: query.id,
        status,
        error: failure.map(|failure| failure.message),
        error_data: place,
    };
    Ok(Reply(match ready {
        Some(page) => QueryPage::Ready(ReadyQuery { state, page }),
        None => QueryPage::Unready(state),
    }))
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

/// Stops a query of the caller's that is not answered yet; one that is stays as it is.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/{queryUuid}/cancel", operation_id = "CancelAsyncQuery", tag = "Query",
               params(("projectUuid" = String, Path), ("queryUuid" = String, Path)), responses((status = 200, body = DoneOk)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn cancel_async_query(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<QueryPath>,
) -> Result<Done> {
    let query = own(&app, &project, &path.query_uuid).await?;
    app.store.cancel_query(query.id).await?;
    Ok(Done)
}

/// What is to be downloaded.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadQuery {
    #[serde(rename = "type")]
    #[schema(nullable = false)]
    kind: Option<DownloadType>,
    #[schema(nullable = false)]
    only_raw: Option<bool>,
    #[schema(nullable = false)]
    show_table_names: Option<bool>,
    #[schema(nullable = false)]
    custom_labels: Option<std::collections::HashMap<String, String>>,
    #[schema(nullable = false)]
    column_order: Option<Vec<String>>,
    #[schema(nullable = false)]
    hidden_fields: Option<Vec<String>>,
    #[schema(nullable = false)]
    pivot_config: Option<Value>,
    /// What the file is called where it is saved.
    #[schema(nullable = false)]
    attachment_download_name: Option<String>,
    /// Whether CSV begins with a byte-order mark; it does unless this says no.
    #[schema(nullable = false)]
    byte_order_mark: Option<bool>,
}

/// The kinds of files.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DownloadType {
    Csv,
    Xlsx,
    Jsonl,
}

impl DownloadQuery {
    /// The same as files are made by.
    pub(crate) fn wanted(self) -> Result<(Wanted, export::File)> {
        let pivot = self.pivot_config.map(serde_json::from_value).transpose();
        let wanted = Wanted {
            options: export::Options {
                only_raw: self.only_raw.unwrap_or(false),
                show_table_names: self.show_table_names.unwrap_or(false),
                custom_labels: self.custom_labels.into_iter().flatten().collect(),
                column_order: self.column_order.unwrap_or_default(),
                hidden_fields: self.hidden_fields.unwrap_or_default(),
            },
            pivot_config: pivot.map_err(|error| Error::invalid(format!("pivotConfig: {error}")))?,
            saved_as: self
                .attachment_download_name
                .filter(|name| !name.is_empty()),
            byte_order_mark: self.byte_order_mark,
            name: None,
        };
        let kind = match self.kind {
            Some(DownloadType::Csv) => export::File::Csv,
            Some(DownloadType::Xlsx) => export::File::Xlsx,
            Some(DownloadType::Jsonl) | None => export::File::Jsonl,
        };
        Ok((wanted, kind))
    }
}

/// A file that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Downloaded {
    /// Leads there for a day.
    file_url: String,
    /// Whether rows were left out.
    truncated: bool,
}

/// Makes a file of a query's rows, and answers a link to it. One that takes long goes on as a job, whose id stands in the
/// refusal; the same request answers it once it is there.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/{queryUuid}/download", operation_id = "DownloadAsyncQueryResults", tag = "Query",
               params(("projectUuid" = String, Path), ("queryUuid" = String, Path)), request_body = DownloadQuery,
               responses((status = 200, body = Ok<Downloaded>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn download_async_query_results(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<QueryPath>,
    Json(body): Json<DownloadQuery>,
) -> Result<impl IntoResponse> {
    let query = own(&app, &project, &path.query_uuid).await?;
    project.require(Action::Manage, Subject::ExportCsv)?;
    let (wanted, kind) = body.wanted()?;
    let (file_url, truncated) = query::download::file(&app, &query, &wanted, kind).await?;
    let header = if truncated { "true" } else { "false" };
    let reply = Reply(Downloaded {
        file_url,
        truncated,
    });
    Ok((AppendHeaders([(TRUNCATED, header)]), reply))
}

/// Answers all rows of a query as JSON lines, raw.
#[utoipa::path(get, path = "/api/v2/projects/{projectUuid}/query/{queryUuid}/results", operation_id = "GetAsyncQueryResultsStream", tag = "Query",
               params(("projectUuid" = String, Path), ("queryUuid" = String, Path)),
               responses((status = 200, body = Value)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_async_query_results_stream(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<QueryPath>,
) -> Result<Response> {
    let query = own(&app, &project, &path.query_uuid).await?;
    lines(&app, &query).await
}

/// All rows of a query as JSON lines. What Lambda's 6 MB do not carry is a redirect to a file.
pub(crate) async fn lines(app: &App, query: &Query) -> Result<Response> {
    let outcome = query::job::rows(app, query).await?;
    if outcome.bytes > LARGEST_ANSWER {
        let wanted = Wanted::default();
        let (link, _) = query::export::file_of(app, query, &wanted, export::File::Jsonl).await?;
        return Ok(Redirect::temporary(&link).into_response());
    }
    let columns = page::columns(outcome)?;
    let rows = page::rows(app, outcome, 0, outcome.rows).await?;
    let mut text = String::new();
    for row in &rows {
        let line = RawRow {
            columns: &columns,
            row,
        };
        let line = serde_json::to_string(&line).map_err(|error| Error::Internal(error.into()))?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

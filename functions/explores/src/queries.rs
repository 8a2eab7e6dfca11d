//! Queries that are kept and polled (reference 13 §11 and §12).

use app::{
    App, Error, InProject, Json, Kind, Nothing, NothingOk, Ok, Path, Reply, Result,
    domain::{
        access::{Action, Subject},
        id::QueryId,
        query::{Purpose, Query},
    },
};
use axum::extract::State;
use query::{
    Asked, Question,
    answer::{CacheMetadata, MetricQueryAsked, submit_question, tags},
    asked::Manner,
    question::How,
    run::Tags,
    submit,
};
use semantic::{MetricQuery, query::DateZoom};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::run::statement;

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

/// The same of which rows are kept: not of a CSV file.
pub(crate) async fn kept(app: &App, project: &InProject, id: &str) -> Result<Query> {
    let query = own(app, project, id).await?;
    match query.purpose {
        Purpose::Rows | Purpose::SqlRunner => Ok(query),
        Purpose::Csv => Err(Error::NotFound(Kind::Query)),
    }
}

/// Stops a query of the caller's that is not answered yet; one that is stays as it is.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/{queryUuid}/cancel", operation_id = "CancelAsyncQuery", tag = "Query",
               params(("projectUuid" = String, Path), ("queryUuid" = String, Path)), responses((status = 200, body = NothingOk)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn cancel_async_query(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<QueryPath>,
) -> Result<Nothing> {
    let query = own(&app, &project, &path.query_uuid).await?;
    app.store.cancel_query(query.id).await?;
    Ok(Nothing)
}

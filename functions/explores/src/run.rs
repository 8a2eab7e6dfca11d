//! Queries whose rows come in the same answer (reference 13 §4, §6). Whatever may take long is asked in `queries.rs`.

use app::{
    App, Error, InProject, Json, Ok, Path, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse},
};
use query::{
    Asker, Login, Question,
    answer::{CacheMetadata, QueryResults, RowsOf, answer, superseded},
    login::Overrides,
    question::{How, MOST_ROWS, rows_at_most, said},
    run::{Run, Tags, collect},
    show::{RawRow, Shown},
};
use semantic::{Explore, MetricQuery, query::DateZoom, underlying::unzoomed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::explores::ExplorePath;

/// A metric query with what is said beside it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetricQueryRequest {
    #[serde(flatten)]
    pub(crate) query: MetricQuery,
    /// Rows at most of a file; null for all that fit into one.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<f64>)]
    pub(crate) csv_limit: Option<Option<f64>>,
    #[serde(default)]
    #[schema(nullable = false)]
    pub(crate) granularity: Option<semantic::query::Granularity>,
}

impl MetricQueryRequest {
    /// The query, with the granularity that older clients send as the zoom that newer ones do.
    pub(crate) fn query(self) -> MetricQuery {
        let mut query = self.query;
        // What stands beside it, and has no name here, is not the query's.
        query.rest.clear();
        if let (None, Some(granularity)) = (&query.date_zoom, self.granularity) {
            query.date_zoom = Some(DateZoom {
                granularity: Some(granularity),
                ..DateZoom::default()
            });
        }
        query
    }
}

/// The header of a way that has a better one now.
fn warning(by: &str) -> AppendHeaders<[(&'static str, String); 1]> {
    AppendHeaders([("Warning", superseded(by))])
}

/// Answers a metric query's rows, raw and formatted.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/explores/{exploreId}/runQuery", operation_id = "RunMetricQuery", tag = "Exploring",
               params(("projectUuid" = String, Path), ("exploreId" = String, Path)), request_body = MetricQueryRequest,
               responses((status = 200, body = Ok<QueryResults>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn run_metric_query(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ExplorePath>,
    Json(body): Json<MetricQueryRequest>,
) -> Result<impl IntoResponse> {
    project.require(Action::Manage, Subject::Explore)?;
    let explore = &path.explore_id;
    let reply = run(&app, &project, explore, body, "exploreView", as_sent).await?;
    Ok((
        warning("/api/v2/projects/{projectUuid}/query/metric-query"),
        reply,
    ))
}

/// Answers the rows behind a cell; the client says which by filters.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/explores/{exploreId}/runUnderlyingDataQuery",
               operation_id = "postRunUnderlyingDataQuery", tag = "Exploring",
               params(("projectUuid" = String, Path), ("exploreId" = String, Path)), request_body = MetricQueryRequest,
               responses((status = 200, body = Ok<QueryResults>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn post_run_underlying_data_query(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<ExplorePath>,
    Json(body): Json<MetricQueryRequest>,
) -> Result<impl IntoResponse> {
    project.require(Action::View, Subject::UnderlyingData)?;
    let (explore, context) = (&path.explore_id, "viewUnderlyingData");
    let reply = run(&app, &project, explore, body, context, unzoomed).await?;
    Ok((
        warning("/api/v2/projects/{projectUuid}/query/underlying-data"),
        reply,
    ))
}

fn as_sent(_: &Explore, query: MetricQuery) -> MetricQuery {
    query
}

async fn run(
    app: &App,
    project: &InProject,
    explore: &str,
    body: MetricQueryRequest,
    context: &str,
    made: fn(&Explore, MetricQuery) -> MetricQuery,
) -> Result<axum::response::Response> {
    let most = rows_at_most(&body.query, body.csv_limit)?;
    let how = How {
        // Whoever names a number of rows beside the query means that one.
        limit: body.csv_limit.map(|_| most),
        row_limit: Some(most),
        ..How::default()
    };
    let made = |explore: &Explore| Ok(made(explore, body.query()));
    let question = Question::ask_of(app, project, explore, how, made).await?;
    let rows = answer(app, project, &question, context).await?;
    let shown = Shown::new(&rows.columns, &question.fields);
    let reply = RowsOf::new(&question, &shown, &rows, CacheMetadata::ASKED);
    Ok(Reply(reply).into_response())
}

/// A statement as it was written, without what ends it.
pub(crate) fn statement(sql: &str) -> Result<&str> {
    let sql = sql.trim_end().trim_end_matches(';');
    if sql.trim().is_empty() {
        return Err(Error::invalid("Send a statement"));
    }
    Ok(sql)
}

/// A statement of one's own.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RunSql {
    sql: String,
}

/// The rows of a statement.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiSqlQueryResults)]
pub(crate) struct SqlResults {
    #[schema(value_type = Vec<std::collections::HashMap<String, Value>>)]
    rows: Vec<Value>,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    fields: Map<String, Value>,
}

/// Answers the rows of a statement, 5,000 at most, as the warehouse gives them.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/sqlQuery", operation_id = "RunSqlQuery", tag = "Exploring",
               params(("projectUuid" = String, Path)), request_body = RunSql, responses((status = 200, body = Ok<SqlResults>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn run_sql_query(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<RunSql>,
) -> Result<impl IntoResponse> {
    project.require(Action::Manage, Subject::SqlRunner)?;
    let asker = Asker::from(&project);
    query::asked::count(&app, asker, app.clock.now()).await?;
    let login = Login::of(&app, asker, &Overrides::default()).await?;
    let tags = Tags {
        context: "sqlRunner".to_owned(),
        ..Tags::default()
    };
    let run = Run {
        sql: statement(&body.sql)?,
        tags: &tags,
        most: Some(MOST_ROWS as usize),
    };
    let (rows, _) = collect(&app, asker, &login, run).await?;

    let kinds = rows.columns.iter();
    let kinds = kinds.map(|column| {
        (
            column.name.clone(),
            json!({ "type": column.r#type.simple() }),
        )
    });
    let shown = |row| {
        json!(RawRow {
            columns: &rows.columns,
            row
        })
    };
    let results = SqlResults {
        rows: rows.rows.iter().map(shown).collect(),
        fields: kinds.collect(),
    };
    Ok((
        warning("/api/v2/projects/{projectUuid}/query/sql"),
        Reply(results),
    ))
}

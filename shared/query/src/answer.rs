//! Answers to metric queries as clients read them: with the rows in the same answer, as a total, as a query that is polled, as
//! a job. What the functions share that ask.

use app::{
    App, Error, InProject, Result, Timestamp,
    domain::{
        id::QueryId,
        query::{Outcome, Query, WAITED},
    },
};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use semantic::MetricQuery;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use warehouse::Rows;

use crate::{
    Asked, Asker, Login, Question, Submitted,
    asked::{Manner, count},
    kept::Place,
    login::Overrides,
    question::How,
    run::{Run, Tags, collect, too_long},
    show::{RawRow, Shown, ShownRow},
    submit,
};

/// Queries of one request that are under way at once: more than run at once for one person, so that the next is ready.
const AT_ONCE: usize = 4;

/// Whether rows were there before.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CacheMetadata)]
pub struct CacheMetadata {
    pub cache_hit: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cache_updated_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cache_expires_at: Option<Timestamp>,
}

impl CacheMetadata {
    /// Rows that the warehouse was asked for.
    pub const ASKED: Self = Self {
        cache_hit: false,
        cache_updated_time: None,
        cache_expires_at: None,
    };

    /// Rows that another query left.
    pub(crate) fn found(app: &App, outcome: &Outcome) -> Self {
        Self {
            cache_hit: true,
            cache_updated_time: Some(outcome.asked_at),
            cache_expires_at: app.config.results_cache.map(|kept| outcome.asked_at + kept),
        }
    }

    /// Of a query that is polled.
    pub fn of(app: &App, query: &Query) -> Self {
        match query.outcome.as_ref().filter(|_| query.cached) {
            Some(outcome) => Self::found(app, outcome),
            None => Self {
                cache_hit: query.cached,
                ..Self::ASKED
            },
        }
    }
}

/// The rows of a metric query, for the document.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiQueryResults)]
pub struct QueryResults {
    #[schema(value_type = app::view::ShownMetricQuery)]
    metric_query: MetricQuery,
    cache_metadata: CacheMetadata,
    rows: Vec<Value>,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    fields: Map<String, Value>,
}

/// The same with rows as they come, which are written straight into the answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowsOf<'a> {
    metric_query: &'a MetricQuery,
    cache_metadata: CacheMetadata,
    rows: Vec<ShownRow<'a>>,
    fields: &'a Map<String, Value>,
}

impl<'a> RowsOf<'a> {
    /// The rows of a question.
    pub fn new(
        question: &'a Question,
        shown: &'a Shown,
        rows: &'a Rows,
        cache_metadata: CacheMetadata,
    ) -> Self {
        Self {
            metric_query: &question.query,
            cache_metadata,
            rows: shown.rows(&rows.rows),
            fields: &question.fields,
        }
    }
}

/// What clients are told that use a way which has a better one now: the value of the header `Warning`.
pub fn superseded(by: &str) -> String {
    format!("299 - \"This still works; new clients use POST {by}\"")
}

/// The tags of a question that is asked for this.
///
/// # Errors
/// None, as its explore was read before.
pub fn tags(question: &Question, context: &str) -> Result<Tags> {
    Ok(Tags {
        context: context.to_owned(),
        explore: Some(question.explore()?.name.clone()),
        ..Tags::default()
    })
}

/// The rows of a question, while its caller waits.
///
/// # Errors
/// `TooMany` at the limits; `NotFound` and `Warehouse` when there is no way into the warehouse; what stopped the query.
pub async fn answer(
    app: &App,
    project: &InProject,
    question: &Question,
    context: &str,
) -> Result<Rows> {
    let tags = tags(question, context)?;
    let (asker, login) = begin(app, project, question).await?;
    let (rows, _) = collect(app, asker, &login, run(question, &tags)).await?;
    Ok(rows)
}

/// The rows of several queries of one explore, in their order. They have the time that one of them has, and the first that fails
/// fails all.
///
/// # Errors
/// As [`Question::ask`] and [`answer`].
pub async fn answers(
    app: &App,
    project: &InProject,
    explore: &str,
    queries: Vec<MetricQuery>,
    context: &str,
) -> Result<Vec<Rows>> {
    let asking = queries
        .into_iter()
        .enumerate()
        .map(|(at, query)| async move {
            let question = Question::ask(app, project, explore, query, How::default()).await?;
            Ok::<_, Error>((at, answer(app, project, &question, context).await?))
        });
    let asking: Vec<_> = asking.collect();
    let all = stream::iter(asking).buffer_unordered(AT_ONCE);
    let all = tokio::time::timeout(WAITED, all.try_collect::<Vec<_>>()).await;
    let mut all = all.unwrap_or_else(|_| Err(too_long()))?;
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, rows)| rows).collect())
}

/// The same, or rows that another query left, unless fresh ones are wanted; and which of them they are. Fresh ones are left for
/// the next.
///
/// # Errors
/// As [`answer`].
pub async fn answer_or_kept(
    app: &App,
    project: &InProject,
    question: &Question,
    (tags, fresh): (&Tags, bool),
) -> Result<(Rows, CacheMetadata)> {
    let (asker, login) = begin(app, project, question).await?;
    let place = Place::of(app, (asker, &login), question, tags)?;
    if let (Some(place), false) = (&place, fresh)
        && let Some(found) = place.find().await?
    {
        return Ok(found);
    }
    let asked_at = app.clock.now();
    let (rows, took) = collect(app, asker, &login, run(question, tags)).await?;
    if let Some(place) = place {
        place.keep(&rows, (asked_at, took)).await;
    }
    Ok((rows, CacheMetadata::ASKED))
}

/// Counts a question against the limits, and connects.
async fn begin(app: &App, project: &InProject, question: &Question) -> Result<(Asker, Login)> {
    let asker = Asker::from(project);
    count(app, asker, app.clock.now()).await?;
    let login = Login::of(app, asker, &Overrides::of(question.explore()?)).await?;
    Ok((asker, login))
}

/// A question as a statement whose rows are awaited.
pub fn run<'a>(question: &'a Question, tags: &'a Tags) -> Run<'a> {
    Run {
        sql: &question.compiled.sql,
        tags,
        most: None,
    }
}

/// A question as it is kept.
pub(crate) fn asked_of(question: &Question, tags: Tags) -> Result<Asked> {
    Ok(Asked {
        sql: question.compiled.sql.clone(),
        overrides: Overrides::of(question.explore()?),
        tags,
        metric_query: json!(question.query),
        fields: question.fields.clone(),
        saved: question.saved,
        ..Asked::default()
    })
}

/// A total: one raw value for each metric.
#[derive(Serialize, ToSchema)]
#[schema(as = Total, value_type = Object)]
#[serde(transparent)]
pub struct Total(Value);

impl Total {
    /// Of a query without metrics.
    pub fn nothing() -> Self {
        Self(json!({}))
    }

    /// The first row of an answer; nothing when there is none.
    pub fn of(rows: &Rows) -> Self {
        let row = rows.rows.first().map(|row| {
            json!(RawRow {
                columns: &rows.columns,
                row
            })
        });
        row.map_or_else(Self::nothing, Self)
    }
}

/// A job that was begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobBegun {
    pub job_id: QueryId,
}

/// A metric query that was asked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricQueryAsked {
    query_uuid: QueryId,
    cache_metadata: CacheMetadata,
    #[schema(value_type = app::view::ShownMetricQuery)]
    metric_query: MetricQuery,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    fields: Map<String, Value>,
    #[schema(value_type = Vec<Value>)]
    warnings: Vec<semantic::Warning>,
    parameter_references: Vec<String>,
}

impl MetricQueryAsked {
    /// A question and the query that it became.
    pub fn new(app: &App, question: Question, query: &Query) -> Self {
        Self {
            query_uuid: query.id,
            cache_metadata: CacheMetadata::of(app, query),
            metric_query: question.query,
            fields: question.fields,
            warnings: question.compiled.warnings,
            parameter_references: Vec::new(),
        }
    }
}

/// Asks a question so that its rows are kept.
///
/// # Errors
/// As [`submit`].
pub async fn submit_question(
    app: &App,
    project: &InProject,
    question: &Question,
    tags: Tags,
    manner: Manner,
) -> Result<Submitted> {
    submit(app, project.into(), &asked_of(question, tags)?, manner).await
}

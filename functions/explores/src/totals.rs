//! Totals and subtotals of a metric query (reference 13 §7 and §8).

use app::{
    App, InProject, Json, Ok, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::extract::State;
use query::{
    Question,
    answer::{Total, answer, answers},
    explore::readable,
    question::{How, MOST_CELLS, columns},
    show::RawRow,
};
use semantic::totals;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use warehouse::Rows;

use crate::run::MetricQueryRequest;

/// Subtotals of one query at most: columns of a table, all but one.
const MOST_SUBTOTALS: usize = 20;

/// A metric query whose total is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CalculateTotalFromQuery)]
pub(crate) struct CalculateTotal {
    explore: String,
    metric_query: MetricQueryRequest,
}

/// Answers a metric query's total: one number for each metric; nothing without metrics.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/calculate-total", operation_id = "CalculateTotalFromQuery", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = CalculateTotal,
               responses((status = 200, body = Ok<Total>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn calculate_total_from_query(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<CalculateTotal>,
) -> Result<Reply<Total>> {
    project.require(Action::Manage, Subject::Explore)?;
    let query = totals::total(&body.metric_query.query());
    if query.metrics.is_empty() {
        readable(&app, &project, &body.explore).await?;
        return Ok(Reply(Total::nothing()));
    }
    let question = Question::ask(&app, &project, &body.explore, query, How::default()).await?;
    let rows = answer(&app, &project, &question, "calculateTotal").await?;
    Ok(Reply(Total::of(&rows)))
}

/// A metric query whose subtotals are wanted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CalculateSubtotalsFromQuery)]
pub(crate) struct CalculateSubtotals {
    explore: String,
    metric_query: MetricQueryRequest,
    /// The order of the columns: subtotals are by the first, by the first two, and so on.
    column_order: Vec<String>,
    /// Dimensions whose values are columns: they are in every subtotal.
    #[schema(nullable = false)]
    pivot_dimensions: Option<Vec<String>>,
}

/// Rows with raw values, under the ids of their dimensions joined by `:`.
#[derive(Serialize, ToSchema)]
#[schema(value_type = Object)]
#[serde(transparent)]
pub(crate) struct Subtotals(Map<String, Value>);

/// Answers a metric query's subtotals, each under the ids of its dimensions joined by `:`. One that fails fails all: half an
/// answer would look like a whole one.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/calculate-subtotals", operation_id = "CalculateSubtotalsFromQuery",
               tag = "Projects", params(("projectUuid" = String, Path)), request_body = CalculateSubtotals,
               responses((status = 200, body = Ok<Subtotals>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn calculate_subtotals_from_query(
    State(app): State<App>,
    project: InProject,
    Json(body): Json<CalculateSubtotals>,
) -> Result<Reply<Subtotals>> {
    project.require(Action::Manage, Subject::Explore)?;
    let query = body.metric_query.query();
    let width = u32::try_from(columns(&query)).unwrap_or(u32::MAX).max(1);
    let pivoted = body.pivot_dimensions.unwrap_or_default();
    let wanted = totals::subtotals(&query, &body.column_order, &pivoted, MOST_CELLS / width);
    if wanted.is_empty() {
        readable(&app, &project, &body.explore).await?;
    }
    if wanted.len() > MOST_SUBTOTALS {
        return Err(app::Error::invalid(format!(
            "A query has at most {MOST_SUBTOTALS} subtotals"
        )));
    }
    let (keys, queries): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
    let asked = answers(&app, &project, &body.explore, queries, "calculateSubtotal");
    let found = keys.into_iter().zip(asked.await?);
    let found = found.map(|(key, rows)| (key, raw(&rows)));
    Ok(Reply(Subtotals(found.collect())))
}

fn raw(rows: &Rows) -> Value {
    let shown = rows.rows.iter();
    let shown = shown.map(|row| {
        json!(RawRow {
            columns: &rows.columns,
            row
        })
    });
    shown.collect()
}

//! Totals of saved charts (reference 13 §7).

use app::{App, CurrentUser, Json, Ok, Path, Reply, Result};
use axum::extract::State;
use query::{
    answer::{Total, answer_or_kept},
    chart,
    dashboard::{Overlay, read_filters},
    explore::readable,
    question::How,
};
use semantic::totals;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::results::{ChartPath, runnable};

/// What is laid over the chart, and which rows will do.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CalculateChartTotal {
    /// Rules in `dimensions`, `metrics` and `tableCalculations`.
    #[schema(nullable = false)]
    dashboard_filters: Option<Value>,
    #[schema(nullable = false)]
    invalidate_cache: Option<bool>,
}

/// Answers a chart's total: one number for each metric, over all rows that its filters and the dashboard's let pass; nothing
/// without metrics.
#[utoipa::path(post, path = "/api/v1/saved/{chartUuid}/calculate-total", operation_id = "CalculateTotalFromSavedChart", tag = "Charts",
               params(("chartUuid" = String, Path)), request_body = CalculateChartTotal,
               responses((status = 200, body = Ok<Total>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn calculate_total_from_saved_chart(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
    Json(body): Json<CalculateChartTotal>,
) -> Result<Reply<Total>> {
    let found = runnable(&app, user, &path.chart_uuid).await?;
    let overlay = Overlay::of(read_filters(body.dashboard_filters)?, None);
    let version = chart::body(&app, &found.head, None).await?;
    let project = &found.project;
    if version.metric_query.metrics.is_empty() {
        readable(&app, project, &version.table_name).await?;
        return Ok(Reply(Total::nothing()));
    }
    let how = How::default();
    let asking = chart::ask(&app, project, &version, how, |query, explore| {
        overlay.lay(query, explore)?;
        *query = totals::total(query);
        Ok(())
    });
    let (question, ()) = asking.await?;
    let tags = chart::tagged(&question, "calculateTotal", found.head.id, None)?;
    let fresh = body.invalidate_cache.unwrap_or(false);
    let (rows, _) = answer_or_kept(&app, project, &question, (&tags, fresh)).await?;
    Ok(Reply(Total::of(&rows)))
}

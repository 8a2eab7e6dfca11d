//! A metric over a period as one number (reference 16 §6 and §7).

use app::{
    App, Error, InProject, Json, Ok, Path, Query, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::extract::State;
use query::explore::readable;
use semantic::{
    MetricQuery,
    interval::{Grain, TimeInterval},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    asking::Asking,
    axis::{CountedAlong, grain, suiting, within},
    metric::{MetricPath, Seen, TimedMetric, id},
    period::{Period, Step},
    points::number,
    series::all_of,
};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct TotalDays {
    /// What lies between the days and those that they are compared with.
    time_frame: TimeInterval,
    /// What a chart beside the total is cut to.
    #[param(nullable = false)]
    granularity: Option<TimeInterval>,
    /// The first day, `2024-01-31`.
    start_date: String,
    /// The last day.
    end_date: String,
}

/// What a total is compared with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RunMetricTotal)]
pub(crate) struct TotalRequest {
    #[schema(nullable = false)]
    comparison_type: Option<TotalComparison>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MetricTotalComparisonType)]
pub(crate) enum TotalComparison {
    None,
    PreviousPeriod,
}

/// A metric over a period, and over the one before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MetricTotalResults)]
pub(crate) struct MetricTotal {
    #[schema(required)]
    value: Option<f64>,
    #[schema(required)]
    comparison_value: Option<f64>,
    metric: TimedMetric,
}

/// Answers a metric over all days of a period: computed over their rows, not from the points of a chart.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/metricsExplorer/{explore}/{metric}/runMetricTotal",
               operation_id = "runMetricTotal", tag = "Metrics Explorer",
               params(("projectUuid" = String, Path), ("explore" = String, Path), ("metric" = String, Path), TotalDays),
               request_body = TotalRequest, responses((status = 200, body = Ok<MetricTotal>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn run_metric_total(
    State(app): State<App>,
    project: InProject,
    Query(days): Query<TotalDays>,
    Path(path): Path<MetricPath>,
    Json(body): Json<TotalRequest>,
) -> Result<Reply<MetricTotal>> {
    project.require(Action::View, Subject::Project)?;
    let period = Period::read(&days.start_date, &days.end_date)?;
    let step = step(days.time_frame, days.granularity)?;
    let earlier = match body.comparison_type {
        Some(TotalComparison::PreviousPeriod) => Some(period.back(step)?),
        _ => None,
    };
    let (entry, read) = readable(&app, &project, &path.explore).await?;
    let seen = Seen::by(&app, &project, &entry, read.explore()?).await?;
    let metric = seen.metric(&path.metric)?;
    let (dates, said) = seen.dates_for(metric)?;
    let interval = days.granularity.or(said);
    let time = CountedAlong::new(dates, interval.unwrap_or_else(|| suiting(period)));

    let asking = Asking::begin(&app, &project, seen.explore).await?;
    let total = async |period: Period| {
        let query = MetricQuery {
            explore_name: seen.explore.name.clone(),
            metrics: vec![id(&metric.table, &metric.name)],
            filters: all_of(within(dates, period)?.into()),
            limit: 1.0,
            ..MetricQuery::default()
        };
        let rows = asking.rows(query).await?.rows;
        let value = rows.first().and_then(|row| row.last());
        Ok::<_, Error>(value.and_then(number))
    };
    let before = async {
        match earlier {
            Some(earlier) => total(earlier).await,
            None => Ok(None),
        }
    };
    let (value, comparison_value) = tokio::try_join!(total(period), before)?;
    Ok(Reply(MetricTotal {
        value,
        comparison_value,
        metric: TimedMetric::new(&seen, metric, time),
    }))
}

/// How far back the days before lie.
///
/// # Errors
/// `Invalid` for what is no time to go back, or nothing that charts are cut to.
fn step(frame: TimeInterval, granularity: Option<TimeInterval>) -> Result<Step> {
    let cut = granularity.map(grain).transpose()?;
    Ok(match frame {
        TimeInterval::Year => Step::year(cut.unwrap_or(Grain::Day)),
        TimeInterval::Quarter => Step::Months(3),
        TimeInterval::Month => Step::Months(1),
        TimeInterval::Week => Step::Days(7),
        TimeInterval::Day => Step::Days(1),
        other => {
            return Err(Error::invalid(format!(
                "The time frame {} is none to compare with; use DAY, WEEK, MONTH, QUARTER or YEAR",
                other.wire()
            )));
        }
    })
}

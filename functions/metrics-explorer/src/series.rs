//! A metric over time, alone, by segments, or compared (reference 16 §1 to §5).

use std::borrow::Cow;

use app::{
    App, Error, InProject, Json, Ok, Path, Query, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::extract::State;
use query::explore::readable;
use semantic::{
    MetricQuery,
    explore::{Dimension, DimensionType, Metric},
    fields,
    format::Format,
    interval::Grain,
    query::{FilterItem, FilterTarget, Filters, Operator, Sort},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{
    asking::Asking,
    axis::{Axis, TimeDimension},
    metric::{MetricPath, Seen, TimedMetric, id},
    period::{Period, Step},
    points::{self, MOST_POINTS, Point, Shown},
};

/// Segments of one chart at most; the others are left out.
const MOST_SEGMENTS: usize = 10;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesDays {
    /// The first day, `2024-01-31`.
    start_date: String,
    /// The last day.
    end_date: String,
}

/// What is wanted of a metric.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RunMetricExplorerQuery)]
pub(crate) struct SeriesRequest {
    query: Comparison,
    /// Other dates than the metric's own.
    #[schema(nullable = false)]
    time_dimension_override: Option<TimeDimension>,
    /// One more rule, on a dimension.
    #[schema(nullable = false)]
    filter: Option<FilterItem>,
}

/// What a metric is compared with.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "comparison", rename_all = "snake_case")]
#[schema(as = MetricExplorerQuery)]
pub(crate) enum Comparison {
    None(Segments),
    PreviousPeriod(Previous),
    DifferentMetric(Different),
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MetricExplorerSegments)]
pub(crate) struct Segments {
    /// The id of a dimension by whose values the metric is told apart.
    segment_dimension: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = MetricExplorerPreviousPeriod)]
pub(crate) struct Previous {
    /// Which one is meant; absent means a year before.
    #[schema(nullable = false)]
    period: Option<Before>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MetricExplorerPrevious)]
pub(crate) enum Before {
    /// The same days a year before.
    Year,
    /// As many days, or months, right before.
    Adjacent,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = MetricExplorerDifferentMetric)]
pub(crate) struct Different {
    metric: OtherMetric,
}

/// Another metric of the same explore.
#[derive(Deserialize, ToSchema)]
#[schema(as = MetricExplorerOtherMetric)]
pub(crate) struct OtherMetric {
    table: String,
    name: String,
    label: String,
}

/// A metric over time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MetricsExplorerQueryResults)]
pub(crate) struct Series {
    metric: TimedMetric,
    #[schema(required)]
    compare_metric: Option<TimedMetric>,
    #[schema(required)]
    segment_dimension: Option<Dimension>,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    fields: Map<String, Value>,
    results: Vec<Point>,
    /// Whether there are more segments than are shown.
    has_filtered_series: bool,
}

/// Answers a metric over time, ascending: alone, by its ten largest segments, beside itself a year before, or beside another one.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/metricsExplorer/{explore}/{metric}/runMetricExplorerQuery",
               operation_id = "runMetricExplorerQuery", tag = "Metrics Explorer",
               params(("projectUuid" = String, Path), ("explore" = String, Path), ("metric" = String, Path), SeriesDays),
               request_body = SeriesRequest, responses((status = 200, body = Ok<Series>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn run_metric_explorer_query(
    State(app): State<App>,
    project: InProject,
    Query(days): Query<SeriesDays>,
    Path(path): Path<MetricPath>,
    Json(body): Json<SeriesRequest>,
) -> Result<Reply<Series>> {
    project.require(Action::View, Subject::Project)?;
    let period = Period::read(&days.start_date, &days.end_date)?;
    let (entry, read) = readable(&app, &project, &path.explore).await?;
    let seen = Seen::by(&app, &project, &entry, read.explore()?).await?;
    let metric = seen.metric(&path.metric)?;
    let dates = match &body.time_dimension_override {
        Some(named) => seen.dates_named(named)?,
        None => seen.dates_for(metric)?,
    };
    let wanted = Wanted {
        seen: &seen,
        line: Line {
            metric,
            axis: Axis::new(&seen, dates, period)?,
        },
        period,
        filter: body.filter,
    };
    let series = match body.query {
        Comparison::None(Segments {
            segment_dimension: None,
        }) => wanted.alone(&app, &project).await,
        Comparison::None(Segments {
            segment_dimension: Some(segment),
        }) => wanted.by_segments(&app, &project, &segment).await,
        Comparison::PreviousPeriod(previous) => wanted.earlier(&app, &project, &previous).await,
        Comparison::DifferentMetric(other) => wanted.other(&app, &project, &other.metric).await,
    };
    Ok(Reply(series?))
}

/// A metric along dates.
struct Line<'a> {
    metric: &'a Metric,
    axis: Axis<'a>,
}

impl Line<'_> {
    fn id(&self) -> String {
        id(&self.metric.table, &self.metric.name)
    }
}

/// A metric along dates, in a period.
struct Wanted<'a> {
    seen: &'a Seen<'a>,
    line: Line<'a>,
    period: Period,
    filter: Option<FilterItem>,
}

impl Wanted<'_> {
    async fn alone(&self, app: &App, project: &InProject) -> Result<Series> {
        let query = self.query(&self.line, self.period)?;
        let asking = Asking::begin(app, project, self.seen.explore).await?;
        let answer = asking.rows(query).await?;
        let results = points::alone(&answer.rows, &self.shown(), None)?;
        Ok(self.series(results, answer.fields))
    }

    /// By the largest segments: which these are is asked first.
    async fn by_segments(&self, app: &App, project: &InProject, segment: &str) -> Result<Series> {
        let mut query = self.query(&self.line, self.period)?;
        if query.dimensions.iter().any(|id| id == segment) {
            return Err(Error::invalid("The time dimension is no segment as well"));
        }
        let asking = Asking::begin(app, project, self.seen.explore).await?;
        let mut largest = asking.rows(self.largest(segment)?).await?.rows;
        let has_more = largest.len() > MOST_SEGMENTS;
        largest.truncate(MOST_SEGMENTS);
        let dimension = fields::dimension(self.seen.explore, segment);
        let dimension = dimension.map(Cow::into_owned);
        let of_numbers = dimension
            .as_ref()
            .is_some_and(|found| found.dimension_type == DimensionType::Number);
        // What is no number is found by no filter of numbers.
        let odd = |value: &Value| {
            let number = value.as_str().and_then(|text| text.parse::<f64>().ok());
            of_numbers && number.is_some_and(|number| !number.is_finite())
        };
        let largest = largest.into_iter();
        let segments: Vec<Value> = largest
            .filter_map(|row| row.into_iter().next())
            .filter(|value| !odd(value))
            .collect();

        query.dimensions.push(segment.to_owned());
        if has_more && let Some(rules) = query.filters.dimensions.as_mut() {
            let among = rule(segment, Operator::Equals, segments.clone());
            rules.and.get_or_insert_default().push(among);
        }
        let answer = asking.rows(query).await?;
        let format = Format::of_item(&json!(dimension));
        let results = points::alone(&answer.rows, &self.shown(), Some((&segments, &format)))?;
        Ok(Series {
            segment_dimension: dimension,
            has_filtered_series: has_more,
            ..self.series(results, answer.fields)
        })
    }

    /// Beside itself in an earlier period.
    async fn earlier(&self, app: &App, project: &InProject, previous: &Previous) -> Result<Series> {
        let grain = self.line.axis.grain;
        let step = match previous.period {
            None | Some(Before::Year) => Step::year(grain),
            Some(Before::Adjacent) => self.period.length(grain),
        };
        let own = self.query(&self.line, self.period)?;
        let earlier = self.query(&self.line, self.period.back(step)?)?;
        let asking = Asking::begin(app, project, self.seen.explore).await?;
        let (own, earlier) = tokio::try_join!(asking.rows(own), asking.rows(earlier))?;

        let shown = Shown::new(self.line.metric, "Previous Period");
        let first = self.period.first;
        let results = points::beside((&own.rows, &self.shown()), (&earlier.rows, &shown), |at| {
            let there = step.forward(at)?;
            // The 28th of February, where the days begin with the 29th: only what is longer than a day begins before them.
            let longer = matches!(
                grain,
                Grain::Week | Grain::Month | Grain::Quarter | Grain::Year
            );
            let before = !longer && there.date() < first;
            (!before).then_some(there)
        })?;
        Ok(Series {
            compare_metric: Some(self.timed(&self.line)),
            ..self.series(results, own.fields)
        })
    }

    /// Beside another metric, along the dates that are its own, cut to the same interval.
    async fn other(&self, app: &App, project: &InProject, other: &OtherMetric) -> Result<Series> {
        let metric = self.seen.metric_of(&other.table, &other.name)?;
        let (dates, _) = self.seen.dates_for(metric)?;
        let interval = Some(self.line.axis.interval);
        let line = Line {
            metric,
            axis: Axis::new(self.seen, (dates, interval), self.period)?,
        };
        let own = self.query(&self.line, self.period)?;
        let beside = self.query(&line, self.period)?;
        let asking = Asking::begin(app, project, self.seen.explore).await?;
        let (own, beside) = tokio::try_join!(asking.rows(own), asking.rows(beside))?;

        let label = Some(&other.label).filter(|label| !label.is_empty());
        let shown = Shown::new(metric, label.unwrap_or(&other.name));
        let results = points::beside((&own.rows, &self.shown()), (&beside.rows, &shown), Some)?;
        let mut fields = own.fields;
        fields.extend(beside.fields);
        fields.extend(line.axis.unlisted());
        Ok(Series {
            compare_metric: Some(self.timed(&line)),
            ..self.series(results, fields)
        })
    }

    /// The query of a metric over time; one row more than a chart has room for.
    fn query(&self, line: &Line<'_>, period: Period) -> Result<MetricQuery> {
        let column = line.axis.column();
        let mut rules: Vec<FilterItem> = line.axis.within(period)?.into();
        rules.extend(self.filter.clone());
        Ok(MetricQuery {
            explore_name: self.seen.explore.name.clone(),
            dimensions: vec![column.clone()],
            metrics: vec![line.id()],
            filters: all_of(rules),
            sorts: vec![sort(column, false)],
            limit: f64::from(MOST_POINTS + 1),
            date_zoom: line.axis.zoom(),
            ..MetricQuery::default()
        })
    }

    /// The query of the largest segments, and of one more; those that are equal in the order of their names.
    fn largest(&self, segment: &str) -> Result<MetricQuery> {
        let query = self.query(&self.line, self.period)?;
        Ok(MetricQuery {
            dimensions: vec![segment.to_owned()],
            sorts: vec![sort(self.line.id(), true), sort(segment.to_owned(), false)],
            limit: (MOST_SEGMENTS + 1) as f64,
            date_zoom: None,
            ..query
        })
    }

    fn shown(&self) -> Shown {
        Shown::new(self.line.metric, &self.line.metric.label)
    }

    fn timed(&self, line: &Line<'_>) -> TimedMetric {
        TimedMetric::new(self.seen, line.metric, line.axis.told())
    }

    fn series(&self, results: Vec<Point>, mut fields: Map<String, Value>) -> Series {
        fields.extend(self.line.axis.unlisted());
        Series {
            metric: self.timed(&self.line),
            compare_metric: None,
            segment_dimension: None,
            fields,
            results,
            has_filtered_series: false,
        }
    }
}

/// Rules that all have to hold.
pub(crate) fn all_of(rules: Vec<FilterItem>) -> Filters {
    Filters {
        dimensions: Some(FilterItem {
            and: Some(rules),
            ..FilterItem::default()
        }),
        ..Filters::default()
    }
}

fn rule(field_id: &str, operator: Operator, values: Vec<Value>) -> FilterItem {
    FilterItem {
        target: Some(FilterTarget {
            field_id: field_id.to_owned(),
            ..FilterTarget::default()
        }),
        operator: Some(operator),
        values: Some(values),
        ..FilterItem::default()
    }
}

/// One column of an order; nothing comes last.
fn sort(field_id: String, descending: bool) -> Sort {
    Sort {
        field_id,
        descending,
        nulls_first: Some(false),
        ..Sort::default()
    }
}

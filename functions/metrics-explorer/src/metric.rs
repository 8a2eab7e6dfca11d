//! The metric that is asked for, among what the caller may see.

use app::{App, Error, InProject, Kind, Result, domain::explore_set::Entry};
use query::{attributes, explore::not_allowed};
use semantic::{
    Explore,
    access::{Hidden, hidden},
    explore::{Dimension, DimensionType, Metric},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::axis::CountedAlong;

/// The area's paths.
#[derive(Deserialize)]
pub(crate) struct MetricPath {
    pub(crate) explore: String,
    /// Its name, not its id.
    pub(crate) metric: String,
}

/// A metric with the dates that it is counted along.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MetricWithAssociatedTimeDimension)]
pub(crate) struct TimedMetric {
    #[serde(flatten)]
    metric: Metric,
    /// Always false: all metrics are written by somebody. Older clients need it.
    is_auto_generated: bool,
    time_dimension: CountedAlong,
    /// What else there is, where nobody has said which dates are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    available_time_dimensions: Option<Vec<Dimension>>,
}

impl TimedMetric {
    /// A metric along dates.
    pub(crate) fn new(seen: &Seen<'_>, metric: &Metric, time: CountedAlong) -> Self {
        let undecided = seen.default_dates(metric).is_none();
        let available = || seen.dates().cloned().collect();
        Self {
            metric: metric.clone(),
            is_auto_generated: false,
            time_dimension: time,
            available_time_dimensions: undecided.then(available),
        }
    }
}

/// An explore as its caller sees it.
pub(crate) struct Seen<'a> {
    pub(crate) explore: &'a Explore,
    hidden: Hidden,
}

impl<'a> Seen<'a> {
    /// What the caller's attributes let them see of an explore.
    ///
    /// # Errors
    /// `Compile` when they hide it.
    pub(crate) async fn by(
        app: &App,
        project: &InProject,
        entry: &Entry,
        explore: &'a Explore,
    ) -> Result<Self> {
        let hidden = if entry.personal {
            hidden(explore, &attributes::of_caller(app, project).await?)
        } else {
            Hidden::default()
        };
        if hidden.base {
            return Err(not_allowed(&explore.name));
        }
        Ok(Self { explore, hidden })
    }

    /// A metric of the explore's own table.
    ///
    /// # Errors
    /// `NotFound` when there is none of the name, or the caller may not see it.
    pub(crate) fn metric(&self, name: &str) -> Result<&'a Metric> {
        self.metric_of(&self.explore.base_table, name)
    }

    /// A metric of any of the explore's tables.
    ///
    /// # Errors
    /// `NotFound` likewise.
    pub(crate) fn metric_of(&self, table: &str, name: &str) -> Result<&'a Metric> {
        let found = self.explore.tables.get(table).and_then(|found| {
            let mut all = found.metrics.iter();
            all.find(|(key, metric)| metric.name == name && self.shows(table, key))
        });
        found
            .map(|(_, metric)| metric)
            .ok_or(Error::NotFound(Kind::Metric))
    }

    /// A dimension of any of the explore's tables.
    pub(crate) fn dimension(&self, table: &str, name: &str) -> Option<&'a Dimension> {
        self.dimensions(table).find(|field| field.name == name)
    }

    /// The dimensions of a table.
    pub(crate) fn dimensions(&self, table: &str) -> impl Iterator<Item = &'a Dimension> {
        let found = self.explore.tables.get_key_value(table);
        found.into_iter().flat_map(move |(table, found)| {
            let all = found.dimensions.iter();
            all.filter(move |(key, _)| self.shows(table, key))
                .map(|(_, field)| field)
        })
    }

    /// The dates that something can be counted along, of all tables: those that have intervals.
    pub(crate) fn dates(&self) -> impl Iterator<Item = &'a Dimension> {
        let tables = self.explore.tables.keys();
        tables.flat_map(move |table| self.dates_of(table))
    }

    /// Those of one table.
    pub(crate) fn dates_of(&self, table: &str) -> impl Iterator<Item = &'a Dimension> {
        let cut = move |dates: &Dimension| {
            let of = |field: &Dimension| {
                field.time_interval_base_dimension_name.as_ref() == Some(&dates.name)
            };
            dates.is_interval_base || self.dimensions(&dates.table).any(of)
        };
        self.dimensions(table)
            .filter(move |field| is_date(field) && !field.hidden && cut(field))
    }

    fn shows(&self, table: &str, field: &str) -> bool {
        !self.hidden.tables.contains(table)
            && !self
                .hidden
                .fields
                .contains(&(table.to_owned(), field.to_owned()))
    }
}

/// Whether it is a date by itself, not a part of one.
pub(crate) fn is_date(field: &Dimension) -> bool {
    let typed = matches!(
        field.dimension_type,
        DimensionType::Date | DimensionType::Timestamp
    );
    typed && field.time_interval.is_none()
}

/// The id of a field.
pub(crate) fn id(table: &str, name: &str) -> String {
    format!("{table}_{}", name.replace('.', "__"))
}

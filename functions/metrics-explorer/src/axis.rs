//! The dates that a metric is counted along.

use app::{Error, Result};
use semantic::{
    explore::{Dimension, DimensionType, Metric},
    interval::{Grain, TimeInterval, Transform},
    query::{DateZoom, FilterItem, FilterTarget, Granularity, Operator},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    metric::{Seen, id, is_date},
    period::Period,
};

/// Up to so many days are shown by day where nobody says how (reference 16 §2).
const BY_DAY: u64 = 93;
/// Up to so many by month.
const BY_MONTH: u64 = 372;

/// A date of a table, and what it is cut to.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[schema(as = TimeDimensionConfig)]
pub(crate) struct TimeDimension {
    table: String,
    field: String,
    /// Absent means whatever suits the days.
    #[serde(default)]
    #[schema(nullable = false)]
    interval: Option<TimeInterval>,
}

/// Which dates a metric is counted along, as it is told.
#[derive(Serialize, ToSchema)]
#[schema(as = CountedTimeDimension)]
pub(crate) struct CountedAlong {
    table: String,
    field: String,
    interval: TimeInterval,
}

impl CountedAlong {
    /// Dates, cut to an interval.
    pub(crate) fn new(dates: &Dimension, interval: TimeInterval) -> Self {
        Self {
            table: dates.table.clone(),
            field: dates.name.clone(),
            interval,
        }
    }
}

/// A date, and what somebody said that it is cut to.
pub(crate) type Dates<'a> = (&'a Dimension, Option<TimeInterval>);

impl<'a> Seen<'a> {
    /// The dates that a metric is meant to be counted along: what the metric says, what its model says, or the only ones that the
    /// model has.
    pub(crate) fn default_dates(&self, metric: &Metric) -> Option<Dates<'a>> {
        let table = self.explore.tables.get(&metric.table)?;
        let said = metric.default_time_dimension.iter();
        let mut said = said.chain(&table.default_time_dimension);
        said.find_map(|said| self.said(&metric.table, said))
            .or_else(|| {
                let mut all = self.dates_of(&metric.table);
                let only = all.next().filter(|_| all.next().is_none())?;
                Some((only, Some(TimeInterval::Month)))
            })
    }

    /// `{field, interval}` of a model.
    fn said(&self, table: &str, said: &Value) -> Option<Dates<'a>> {
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        let field = self.dimension(table, text("field")?)?;
        let interval = text("interval").and_then(TimeInterval::parse);
        is_date(field).then_some((field, interval))
    }

    /// The dates of a metric, whoever said which.
    ///
    /// # Errors
    /// `Invalid` when its explore has none.
    pub(crate) fn dates_for(&self, metric: &Metric) -> Result<Dates<'a>> {
        let first = || Some((self.dates().next()?, Some(TimeInterval::Month)));
        self.default_dates(metric).or_else(first).ok_or_else(|| {
            Error::invalid(format!(
                "The metric \"{}\" has no time dimension, and its explore has no dates",
                metric.name
            ))
        })
    }

    /// The dates that a caller names.
    ///
    /// # Errors
    /// `Invalid` when these are none of the explore's.
    pub(crate) fn dates_named(&self, named: &TimeDimension) -> Result<Dates<'a>> {
        let TimeDimension { table, field, .. } = named;
        let found = self.dimension(table, field);
        // An interval stands for the date that it is of.
        let base = found.and_then(|found| match &found.time_interval_base_dimension_name {
            Some(base) => self.dimension(table, base),
            None => Some(found),
        });
        let base = base.filter(|base| is_date(base)).ok_or_else(|| {
            Error::invalid(format!(
                "The explore has no time dimension \"{field}\" in a table \"{table}\""
            ))
        })?;
        Ok((base, named.interval))
    }
}

/// Dates, cut to an interval.
pub(crate) struct Axis<'a> {
    base: &'a Dimension,
    /// The explore's own dimension for it.
    listed: Option<&'a Dimension>,
    pub(crate) interval: TimeInterval,
    pub(crate) grain: Grain,
}

impl<'a> Axis<'a> {
    /// Cuts dates to what was said, else to what suits the days.
    ///
    /// # Errors
    /// `Invalid` for what dates cannot be cut to.
    pub(crate) fn new(seen: &Seen<'a>, dates: Dates<'a>, period: Period) -> Result<Self> {
        let (base, said) = dates;
        let interval = said.unwrap_or_else(|| suiting(period));
        let grain = grain(interval)?;
        let listed = seen.dimensions(&base.table).find(|field| {
            field.time_interval == Some(interval)
                && field.time_interval_base_dimension_name.as_ref() == Some(&base.name)
        });
        if listed.is_none() && granularity(grain).is_none() {
            return Err(Error::invalid(format!(
                "The time dimension \"{}\" has no interval {}",
                base.name,
                interval.wire()
            )));
        }
        Ok(Self {
            base,
            listed,
            interval,
            grain,
        })
    }

    /// As it is told.
    pub(crate) fn told(&self) -> CountedAlong {
        CountedAlong::new(self.base, self.interval)
    }

    /// The id that a query has it under: the date's own, where the explore does not list the interval.
    pub(crate) fn column(&self) -> String {
        let field = self.listed.unwrap_or(self.base);
        id(&field.table, &field.name)
    }

    /// What makes the column the interval. Weeks are always cut here, as they begin where the connection says now.
    pub(crate) fn zoom(&self) -> Option<DateZoom> {
        let needed = self.listed.is_none() || self.grain == Grain::Week;
        let granularity = granularity(self.grain).filter(|_| needed)?;
        Some(DateZoom {
            granularity: Some(granularity),
            x_axis_field_id: Some(self.column()),
            ..DateZoom::default()
        })
    }

    /// An interval that the explore does not list, as clients look for it: its id, and a dimension.
    pub(crate) fn unlisted(&self) -> Option<(String, Value)> {
        if self.listed.is_some() {
            return None;
        }
        let name = format!("{}_{}", self.base.name, self.interval.wire().to_lowercase());
        let field = Dimension {
            name: name.clone(),
            label: format!(
                "{} {}",
                self.base.label,
                self.interval.label().to_lowercase()
            ),
            dimension_type: DimensionType::Date,
            time_interval: Some(self.interval),
            time_interval_base_dimension_name: Some(self.base.name.clone()),
            is_interval_base: false,
            ..self.base.clone()
        };
        Some((id(&self.base.table, &name), json!(field)))
    }

    /// The rules that leave the days of a period: of the dates themselves, so that a period may begin in the middle of an interval.
    ///
    /// # Errors
    /// None.
    pub(crate) fn within(&self, period: Period) -> Result<[FilterItem; 2]> {
        within(self.base, period)
    }
}

/// The rules that leave the days of a period: from its first up to the day after its last.
///
/// # Errors
/// None.
pub(crate) fn within(dates: &Dimension, period: Period) -> Result<[FilterItem; 2]> {
    let rule = |operator, day: String| FilterItem {
        target: Some(FilterTarget {
            field_id: id(&dates.table, &dates.name),
            ..FilterTarget::default()
        }),
        operator: Some(operator),
        values: Some(vec![json!(day)]),
        ..FilterItem::default()
    };
    Ok([
        rule(Operator::GreaterThanOrEqual, period.first.to_string()),
        rule(Operator::LessThan, period.end()?.to_string()),
    ])
}

/// The interval that suits so many days.
pub(crate) fn suiting(period: Period) -> TimeInterval {
    match period.days() {
        days if days <= BY_DAY => TimeInterval::Day,
        days if days <= BY_MONTH => TimeInterval::Month,
        _ => TimeInterval::Year,
    }
}

/// What an interval cuts dates to.
///
/// # Errors
/// `Invalid` for parts and names of dates: these come again and again.
pub(crate) fn grain(interval: TimeInterval) -> Result<Grain> {
    match interval.transform() {
        Transform::Truncate(grain) => Ok(grain),
        _ => Err(Error::invalid(format!(
            "Nothing is counted along the interval {}; use DAY, WEEK, MONTH, QUARTER or YEAR",
            interval.wire()
        ))),
    }
}

/// What every date can be cut to, whether its explore says so or not.
fn granularity(grain: Grain) -> Option<Granularity> {
    Some(match grain {
        Grain::Day => Granularity::Day,
        Grain::Week => Granularity::Week,
        Grain::Month => Granularity::Month,
        Grain::Quarter => Granularity::Quarter,
        Grain::Year => Granularity::Year,
        _ => return None,
    })
}

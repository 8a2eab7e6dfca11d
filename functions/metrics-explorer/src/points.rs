//! Rows as points of a chart.

use std::collections::BTreeMap;

use app::{Error, Result, Timestamp};
use chrono::{NaiveDate, NaiveDateTime};
use semantic::{explore::Metric, format::Format};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use warehouse::Row;

/// Points of one answer at most. More are no chart, and half of them would look like all.
pub(crate) const MOST_POINTS: u32 = 5_000;

/// What a metric is at one time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MetricExploreDataPointWithDateValue)]
pub(crate) struct Point {
    date: Timestamp,
    /// The same in milliseconds since 1970.
    #[schema(value_type = f64)]
    date_value: i64,
    /// Null where there are no segments, and for what has none.
    #[schema(required)]
    segment: Option<String>,
    metric: PointValue,
    compare_metric: PointValue,
}

/// A number, what it is called, and how it is shown.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = MetricExploreDataPointValue)]
pub(crate) struct PointValue {
    #[schema(required)]
    value: Option<f64>,
    #[schema(required)]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    formatted: Option<String>,
}

/// How the numbers of a metric are called and shown.
pub(crate) struct Shown {
    label: String,
    format: Format,
}

impl Shown {
    /// A metric's numbers under a label.
    pub(crate) fn new(metric: &Metric, label: &str) -> Self {
        Self {
            label: label.to_owned(),
            format: Format::of_metric(metric),
        }
    }

    fn value(&self, value: Option<&Value>) -> PointValue {
        PointValue {
            value: value.and_then(number),
            label: Some(self.label.clone()),
            formatted: value.map(|value| self.format.text(value)),
        }
    }
}

/// The number that a value is: text that is none, and what no JSON number can be, is nothing.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// Times and numbers of an answer whose first column is the time, and whose last is the metric. What has no time is left out:
/// dates can be more than any calendar has (`infinity`).
///
/// # Errors
/// `Invalid` for more rows than a chart has room for.
pub(crate) fn timed(rows: &[Row]) -> Result<impl Iterator<Item = (NaiveDateTime, &Row)>> {
    if rows.len() > MOST_POINTS as usize {
        return Err(Error::invalid(format!(
            "The answer has more than {MOST_POINTS} points; choose fewer days or a coarser interval"
        )));
    }
    let rows = rows.iter();
    Ok(rows.filter_map(|row| Some((instant(row.first()?)?, row))))
}

fn instant(value: &Value) -> Option<NaiveDateTime> {
    let text = value.as_str()?;
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return day.and_hms_opt(0, 0, 0);
    }
    NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%dT%H:%M:%S%.f").ok()
}

impl Point {
    fn new(at: NaiveDateTime) -> Self {
        let millis = at.and_utc().timestamp_millis();
        Self {
            date: Timestamp::from_millis(millis),
            date_value: millis,
            segment: None,
            metric: PointValue::default(),
            compare_metric: PointValue::default(),
        }
    }
}

/// The points of one metric, by segments in the order that these have. What is in none of them is left out.
///
/// # Errors
/// `Invalid` for more rows than a chart has room for.
pub(crate) fn alone(
    rows: &[Row],
    shown: &Shown,
    segments: Option<(&[Value], &Format)>,
) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    for (at, row) in timed(rows)? {
        let mut point = Point::new(at);
        point.metric = shown.value(row.last());
        let mut place = 0;
        if let Some((segments, format)) = segments {
            let own = row.get(1);
            let Some(found) = segments.iter().position(|one| Some(one) == own) else {
                continue;
            };
            place = found;
            point.segment = own.and_then(|own| name(own, format));
            // As people see it: what has no segment has a sign for that.
            let label = own.map(|own| format.text(own));
            point.metric.label = point.segment.clone().or(label);
        }
        points.push((at, place, point));
    }
    points.sort_by_key(|(at, place, _)| (*at, *place));
    Ok(points.into_iter().map(|(.., point)| point).collect())
}

/// A segment as it is shown; nothing for null.
fn name(value: &Value, format: &Format) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(value.to_string()),
        other => Some(format.text(other)),
    }
}

/// The points of two metrics, or of one at two times, side by side: all times that one of them has.
///
/// # Errors
/// `Invalid` for more rows than a chart has room for.
pub(crate) fn beside(
    rows: (&[Row], &Shown),
    others: (&[Row], &Shown),
    place: impl Fn(NaiveDateTime) -> Option<NaiveDateTime>,
) -> Result<Vec<Point>> {
    let mut times: BTreeMap<NaiveDateTime, (Option<&Value>, Option<&Value>)> = BTreeMap::new();
    for (at, row) in timed(rows.0)? {
        times.entry(at).or_default().0 = row.last();
    }
    for (at, row) in timed(others.0)? {
        if let Some(at) = place(at) {
            times.entry(at).or_default().1 = row.last();
        }
    }
    let points = times.into_iter().map(|(at, (own, other))| Point {
        metric: rows.1.value(own),
        compare_metric: others.1.value(other),
        ..Point::new(at)
    });
    Ok(points.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_number_is_nothing() {
        for (value, wanted) in [
            (json!(null), None),
            (json!(""), None),
            (json!("x"), None),
            (json!("10"), Some(10.0)),
            (json!("-0.25"), Some(-0.25)),
            (json!(7), Some(7.0)),
            (json!("NaN"), None),
            (json!("Infinity"), None),
            (json!(true), None),
            (json!("2024-01-01"), None),
            (json!([1]), None),
        ] {
            assert_eq!(number(&value), wanted, "{value}");
        }
    }

    #[test]
    fn times_are_read_as_warehouses_write_them() {
        for (text, wanted) in [
            ("2024-02-29", Some("2024-02-29 00:00:00")),
            ("2024-02-29T13:00:00Z", Some("2024-02-29 13:00:00")),
            ("2024-02-29T13:00:00.5Z", Some("2024-02-29 13:00:00.500")),
            ("infinity", None),
            ("2023-02-29", None),
            ("", None),
        ] {
            let found = instant(&json!(text)).map(|at| at.to_string());
            assert_eq!(found.as_deref(), wanted, "{text}");
        }
        assert_eq!(instant(&Value::Null), None);
        assert_eq!(instant(&json!(1)), None);
    }
}

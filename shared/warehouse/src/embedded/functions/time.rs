//! Dates, timestamps and zones. The session's zone is UTC, so a timestamp with a zone is one of UTC.
//! <https://www.postgresql.org/docs/17/functions-datetime.html>

use std::sync::Arc;

use chrono::{
    DateTime, Datelike, Days, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset,
    TimeZone, Timelike,
};
use chrono_tz::{TZ_VARIANTS, Tz};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, IntervalMonthDayNanoArray, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{
    DataType, IntervalMonthDayNanoType, IntervalUnit, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::interval;
use super::pattern::Pattern;
use super::scalar::{Scalar, unfit};
use super::unit::Unit;

pub(super) fn all() -> [ScalarUDF; 5] {
    [date_trunc(), date_part(), timezone(), to_char(), between()]
}

/// `later - earlier` of two timestamps: days and a time.
pub(in crate::embedded) fn between() -> ScalarUDF {
    let scalar = Scalar {
        name: "pg_between",
        aliases: &[],
        takes: |arguments| Ok(arguments.to_vec()),
        gives: |_, _| Ok(INTERVAL),
        run: |columns, _| {
            let [later, earlier] = columns else {
                return exec_err!("pg_between takes two arguments");
            };
            let (later, earlier) = (timestamps(later)?, timestamps(earlier)?);
            let result: IntervalMonthDayNanoArray = later
                .iter()
                .zip(earlier)
                .map(|(later, earlier)| interval::between(later?, earlier?))
                .collect();
            Ok(Arc::new(result))
        },
    };
    scalar.function()
}

/// `date_trunc(unit, x)` and `date_trunc(unit, x, zone)`. Of a date it makes a timestamp with a zone.
fn date_trunc() -> ScalarUDF {
    let scalar = Scalar {
        name: "date_trunc",
        aliases: &[],
        takes: |arguments| match arguments {
            [unit, x] if is_text(unit) && is_time(x) => {
                Ok(vec![DataType::Utf8, of_date_with_zone(x)])
            }
            [unit, x, zone] if is_text(unit) && is_time(x) && is_text(zone) => {
                Ok(vec![DataType::Utf8, zoned(), DataType::Utf8])
            }
            _ => unfit("date_trunc", arguments),
        },
        gives: |arguments, _| Ok(arguments.get(1).cloned().unwrap_or(DataType::Null)),
        run: |columns, gives| {
            let (units, x) = match columns {
                [units, x, ..] => (units.as_string::<i32>(), timestamps(x)?),
                _ => return exec_err!("date_trunc takes two or three arguments"),
            };
            let zones = columns.get(2).map(|zones| zones.as_string::<i32>());
            let mut memory = (Last::default(), Last::default());
            let mut result = Vec::with_capacity(x.len());
            for row in 0..x.len() {
                let zone = match zones {
                    Some(zones) if zones.is_null(row) => None,
                    Some(zones) => Some(Some(*memory.0.get(zones.value(row), zone_of)?)),
                    None => Some(None),
                };
                let (Some(zone), false, false) = (zone, units.is_null(row), x.is_null(row)) else {
                    result.push(None);
                    continue;
                };
                let unit = *memory
                    .1
                    .get(units.value(row), |name| unit_of("date_trunc", name))?;
                let instant = instant(x.value(row))?;
                let truncated = match zone {
                    None => truncate(unit, instant)?,
                    Some(zone) => to_utc(zone, truncate(unit, to_local(zone, instant))?)?,
                };
                result.push(Some(micros(truncated)));
            }
            Ok(Arc::new(
                TimestampMicrosecondArray::from(result).with_data_type(gives.clone()),
            ))
        },
    };
    scalar.function()
}

/// `date_part(unit, x)`, and `EXTRACT(unit FROM x)`, as a double.
fn date_part() -> ScalarUDF {
    let scalar = Scalar {
        name: "date_part",
        aliases: &[],
        takes: |arguments| match arguments {
            [unit, DataType::Interval(_) | DataType::Duration(_)] if is_text(unit) => {
                Ok(vec![DataType::Utf8, INTERVAL])
            }
            [unit, x] if is_text(unit) && is_time(x) => Ok(vec![DataType::Utf8, of_date(x)]),
            _ => unfit("date_part", arguments),
        },
        gives: |_, _| Ok(DataType::Float64),
        run: |columns, _| {
            let [units, x] = columns else {
                return exec_err!("date_part takes two arguments");
            };
            let units = units.as_string::<i32>();
            let intervals = x.as_primitive_opt::<IntervalMonthDayNanoType>();
            let timestamps = x.as_primitive_opt::<TimestampMicrosecondType>();
            let mut memory = Last::default();
            let mut result = Vec::with_capacity(x.len());
            for row in 0..x.len() {
                if units.is_null(row) || x.is_null(row) {
                    result.push(None);
                    continue;
                }
                let name = units.value(row);
                let unit = *memory.get(name, |name| unit_of("date_part", name))?;
                let part = match (intervals, timestamps) {
                    (Some(intervals), _) => interval::part(unit, intervals.value(row)),
                    (_, Some(timestamps)) => Some(part(unit, instant(timestamps.value(row))?)),
                    _ => None,
                };
                match part {
                    Some(part) => result.push(Some(part)),
                    None => return exec_err!("unit \"{name}\" is not supported for this type"),
                }
            }
            Ok(Arc::new(Float64Array::from(result)))
        },
    };
    scalar.function()
}

/// `x AT TIME ZONE zone`: without a zone, the instant when clocks there show this; with one, what clocks there show then.
fn timezone() -> ScalarUDF {
    let scalar = Scalar {
        name: "timezone",
        aliases: &[],
        takes: |arguments| match arguments {
            [zone, x] if is_text(zone) && is_time(x) => {
                Ok(vec![DataType::Utf8, of_date_with_zone(x)])
            }
            _ => unfit("timezone", arguments),
        },
        gives: |arguments, _| {
            Ok(match arguments.get(1) {
                Some(DataType::Timestamp(_, Some(_))) => PLAIN,
                _ => zoned(),
            })
        },
        run: |columns, gives| {
            let [zones, x] = columns else {
                return exec_err!("timezone takes two arguments");
            };
            let (zones, x) = (zones.as_string::<i32>(), timestamps(x)?);
            let local = matches!(gives, DataType::Timestamp(_, Some(_)));
            let mut memory = Last::default();
            let mut result = Vec::with_capacity(x.len());
            for (zone, x) in zones.iter().zip(x) {
                let (Some(zone), Some(x)) = (zone, x) else {
                    result.push(None);
                    continue;
                };
                let zone = *memory.get(zone, zone_of)?;
                let instant = instant(x)?;
                result.push(Some(micros(if local {
                    to_utc(zone, instant)?
                } else {
                    to_local(zone, instant)
                })));
            }
            Ok(Arc::new(
                TimestampMicrosecondArray::from(result).with_data_type(gives.clone()),
            ))
        },
    };
    scalar.function()
}

/// `to_char(x, pattern)` of dates and timestamps.
fn to_char() -> ScalarUDF {
    let scalar = Scalar {
        name: "to_char",
        aliases: &[],
        takes: |arguments| match arguments {
            [x, pattern] if is_time(x) && is_text(pattern) => Ok(vec![of_date(x), DataType::Utf8]),
            _ => unfit("to_char", arguments),
        },
        gives: |_, _| Ok(DataType::Utf8),
        run: |columns, _| {
            let [x, patterns] = columns else {
                return exec_err!("to_char takes two arguments");
            };
            let (x, patterns) = (timestamps(x)?, patterns.as_string::<i32>());
            let mut memory = Last::default();
            let mut result = Vec::with_capacity(x.len());
            for (x, pattern) in x.iter().zip(patterns) {
                result.push(match (x, pattern) {
                    (Some(x), Some(pattern)) => {
                        Some(memory.get(pattern, Pattern::parse)?.format(instant(x)?))
                    }
                    _ => None,
                });
            }
            Ok(Arc::new(StringArray::from(result)))
        },
    };
    scalar.function()
}

const PLAIN: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

fn zoned() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::Null
    )
}

fn is_time(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
    ) || is_text(data_type)
}

fn of_date(data_type: &DataType) -> DataType {
    if matches!(data_type, DataType::Timestamp(_, Some(_))) {
        zoned()
    } else {
        PLAIN
    }
}

/// PostgreSQL prefers the type with a zone where both would do.
fn of_date_with_zone(data_type: &DataType) -> DataType {
    if matches!(data_type, DataType::Timestamp(_, None) | DataType::Null) {
        PLAIN
    } else {
        zoned()
    }
}

fn timestamps(column: &ArrayRef) -> Result<&TimestampMicrosecondArray> {
    column
        .as_primitive_opt::<TimestampMicrosecondType>()
        .ok_or_else(|| exec_datafusion_err!("{} is not a timestamp", column.data_type()))
}

fn instant(micros: i64) -> Result<NaiveDateTime> {
    let instant = DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| exec_datafusion_err!("timestamp out of range"))?;
    Ok(instant.naive_utc())
}

fn micros(instant: NaiveDateTime) -> i64 {
    instant.and_utc().timestamp_micros()
}

/// What was made of the last text: patterns, zones and units are the same for each row, mostly.
struct Last<T>(Option<(String, T)>);

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Last<T> {
    fn get(&mut self, text: &str, make: impl FnOnce(&str) -> Result<T>) -> Result<&T> {
        let made = match self.0.take() {
            Some(last) if last.0 == text => last,
            _ => (text.to_owned(), make(text)?),
        };
        Ok(&self.0.insert(made).1)
    }
}

fn unit_of(function: &str, name: &str) -> Result<Unit> {
    Unit::parse(name)
        .ok_or_else(|| exec_datafusion_err!("unit \"{name}\" not recognized for {function}"))
}

/// By its name in any case. Abbreviations of Europe stand for winter time, as in PostgreSQL.
fn zone_of(name: &str) -> Result<Tz> {
    let wanted = match name.to_ascii_uppercase().as_str() {
        "WET" | "Z" | "ZULU" => "UTC",
        "CET" | "MET" => "Etc/GMT-1",
        "EET" => "Etc/GMT-2",
        _ => name,
    };
    TZ_VARIANTS
        .iter()
        .find(|zone| zone.name().eq_ignore_ascii_case(wanted))
        .copied()
        .ok_or_else(|| exec_datafusion_err!("time zone \"{name}\" not recognized"))
}

fn to_local(zone: Tz, instant: NaiveDateTime) -> NaiveDateTime {
    zone.from_utc_datetime(&instant).naive_local()
}

/// An hour that there are two of is the later one, in winter time; one that there is not is read in winter time too.
fn to_utc(zone: Tz, local: NaiveDateTime) -> Result<NaiveDateTime> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) => Ok(instant.naive_utc()),
        LocalResult::Ambiguous(_, later) => Ok(later.naive_utc()),
        LocalResult::None => {
            let before = local
                .checked_sub_days(Days::new(1))
                .ok_or_else(|| exec_datafusion_err!("timestamp out of range"))?;
            let offset = zone
                .offset_from_utc_datetime(&before)
                .fix()
                .local_minus_utc();
            local
                .checked_sub_signed(Duration::seconds(i64::from(offset)))
                .ok_or_else(|| exec_datafusion_err!("timestamp out of range"))
        }
    }
}

fn truncate(unit: Unit, x: NaiveDateTime) -> Result<NaiveDateTime> {
    let (date, time) = (x.date(), x.time());
    let at = |hour, minute, second, nano| {
        NaiveTime::from_hms_nano_opt(hour, minute, second, nano).map(|time| date.and_time(time))
    };
    let first = |year, month| {
        NaiveDate::from_ymd_opt(year, month, 1).map(|date| date.and_time(NaiveTime::MIN))
    };
    let nanos = time.nanosecond();
    let truncated = match unit {
        Unit::Microsecond => Some(x),
        Unit::Millisecond => at(
            time.hour(),
            time.minute(),
            time.second(),
            nanos / 1_000_000 * 1_000_000,
        ),
        Unit::Second => at(time.hour(), time.minute(), time.second(), 0),
        Unit::Minute => at(time.hour(), time.minute(), 0, 0),
        Unit::Hour => at(time.hour(), 0, 0, 0),
        Unit::Day => at(0, 0, 0, 0),
        Unit::Week => date
            .checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday())))
            .map(|monday| monday.and_time(NaiveTime::MIN)),
        Unit::Month => first(date.year(), date.month()),
        Unit::Quarter => first(date.year(), date.month0() / 3 * 3 + 1),
        Unit::Year => first(date.year(), 1),
        // Decades begin with a zero, centuries and millennia with a one.
        Unit::Decade => first(date.year().div_euclid(10) * 10, 1),
        Unit::Century => first((date.year() - 1).div_euclid(100) * 100 + 1, 1),
        Unit::Millennium => first((date.year() - 1).div_euclid(1_000) * 1_000 + 1, 1),
        _ => return exec_err!("date_trunc does not truncate to {unit:?}"),
    };
    truncated.ok_or_else(|| exec_datafusion_err!("timestamp out of range"))
}

fn part(unit: Unit, x: NaiveDateTime) -> f64 {
    let (date, time) = (x.date(), x.time());
    let micros_of_minute = f64::from(time.second() * 1_000_000 + time.nanosecond() / 1_000);
    match unit {
        Unit::Microsecond => micros_of_minute,
        Unit::Millisecond => micros_of_minute / 1e3,
        Unit::Second => micros_of_minute / 1e6,
        Unit::Minute => f64::from(time.minute()),
        Unit::Hour => f64::from(time.hour()),
        Unit::Day => f64::from(date.day()),
        Unit::Week => f64::from(date.iso_week().week()),
        Unit::Month => f64::from(date.month()),
        Unit::Quarter => f64::from(date.month0() / 3 + 1),
        Unit::Year => f64::from(date.year()),
        Unit::Decade => f64::from(date.year().div_euclid(10)),
        Unit::Century => f64::from((date.year() - 1).div_euclid(100) + 1),
        Unit::Millennium => f64::from((date.year() - 1).div_euclid(1_000) + 1),
        Unit::DayOfWeek => f64::from(date.weekday().num_days_from_sunday()),
        Unit::IsoDayOfWeek => f64::from(date.weekday().number_from_monday()),
        Unit::DayOfYear => f64::from(date.ordinal()),
        Unit::IsoYear => f64::from(date.iso_week().year()),
        Unit::Epoch => micros(x) as f64 / 1e6,
    }
}

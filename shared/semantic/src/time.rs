//! Dates: what clients write, and what relative ones mean in a zone.

use chrono::{
    DateTime, Datelike, Days, Duration, MappedLocalTime, Months, NaiveDate, NaiveDateTime,
    NaiveTime, Offset, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use serde_json::Value;

use crate::dialect::{Dialect, StartOfWeek};

/// When and where dates are meant.
#[derive(Debug, Clone, Copy)]
pub struct TimeContext {
    pub now: DateTime<Utc>,
    pub timezone: Tz,
    pub start_of_week: StartOfWeek,
}

/// What relative dates are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Quarters,
    Years,
}

impl Unit {
    /// As on the wire; none for other words.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "milliseconds" => Self::Milliseconds,
            "seconds" => Self::Seconds,
            "minutes" => Self::Minutes,
            "hours" => Self::Hours,
            "days" => Self::Days,
            "weeks" => Self::Weeks,
            "months" => Self::Months,
            "quarters" => Self::Quarters,
            "years" => Self::Years,
            _ => return None,
        })
    }
}

impl TimeContext {
    /// The instant so many units after (before, if negative) another one. Days and longer are counted on the calendar of the
    /// zone: a day may have 23 hours, and 31 January plus a month is the last of February.
    pub(crate) fn shift(&self, from: DateTime<Utc>, unit: Unit, by: i64) -> Option<DateTime<Utc>> {
        let exact = |length: Option<Duration>| from.checked_add_signed(length?);
        let months = |each: i64| {
            let local = from.with_timezone(&self.timezone).naive_local();
            let count = u32::try_from(by.unsigned_abs().checked_mul(each.unsigned_abs())?).ok()?;
            let moved = if by < 0 {
                local.checked_sub_months(Months::new(count))
            } else {
                local.checked_add_months(Months::new(count))
            };
            self.instant(moved?)
        };
        let days = |each: u64| {
            let local = from.with_timezone(&self.timezone).naive_local();
            let count = Days::new(by.unsigned_abs().checked_mul(each)?);
            let moved = if by < 0 {
                local.checked_sub_days(count)
            } else {
                local.checked_add_days(count)
            };
            self.instant(moved?)
        };
        match unit {
            Unit::Milliseconds => exact(Duration::try_milliseconds(by)),
            Unit::Seconds => exact(Duration::try_seconds(by)),
            Unit::Minutes => exact(Duration::try_minutes(by)),
            Unit::Hours => exact(Duration::try_hours(by)),
            Unit::Days => days(1),
            Unit::Weeks => days(7),
            Unit::Months => months(1),
            Unit::Quarters => months(3),
            Unit::Years => months(12),
        }
    }

    /// The start of the period that an instant lies in. Weeks start on the day of the context, or else where the dialect
    /// truncates weeks to.
    pub(crate) fn start(
        &self,
        dialect: Dialect,
        at: DateTime<Utc>,
        unit: Unit,
    ) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&self.timezone);
        let day = local.date_naive();
        let back = |minutes: u32, seconds: u32, nanos: u32| {
            let length = i64::from(minutes) * 60_000_000_000
                + i64::from(seconds) * 1_000_000_000
                + i64::from(nanos);
            at.checked_sub_signed(Duration::nanoseconds(length))
        };
        // A leap second counts as the last nanoseconds of the second before.
        let nanos = local.nanosecond().min(999_999_999);
        let first = match unit {
            Unit::Milliseconds => return back(0, 0, nanos % 1_000_000),
            Unit::Seconds => return back(0, 0, nanos),
            Unit::Minutes => return back(0, local.second(), nanos),
            Unit::Hours => return back(local.minute(), local.second(), nanos),
            Unit::Days => Some(day),
            Unit::Weeks => {
                let first = u32::from(
                    self.start_of_week
                        .unwrap_or(dialect.syntax().default_start_of_week),
                );
                let since = (day.weekday().num_days_from_monday() + 7 - first % 7) % 7;
                day.checked_sub_days(Days::new(u64::from(since)))
            }
            Unit::Months => day.with_day(1),
            Unit::Quarters => day
                .with_day(1)
                .and_then(|day| day.with_month(day.month0() / 3 * 3 + 1)),
            Unit::Years => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        };
        self.instant(first?.and_time(NaiveTime::MIN))
    }

    /// The wall-clock time of an instant.
    pub(crate) fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.timezone).naive_local()
    }

    /// The instant of a wall-clock time: the first of two where clocks are set back, the end of the gap where they are set
    /// forward.
    fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.timezone.from_local_datetime(&local) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => {
                Some(at.with_timezone(&Utc))
            }
            MappedLocalTime::None => {
                let before = local.checked_sub_days(Days::new(1))?;
                let offset = self.timezone.offset_from_utc_datetime(&before).fix();
                Some(local.checked_sub_offset(offset)?.and_utc())
            }
        }
    }
}

/// A date or an instant as clients write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// As on the clock that the text means.
    pub wall: NaiveDateTime,
    /// The same in UTC; where the text names no zone, it is UTC.
    pub utc: NaiveDateTime,
}

/// Reads `2024`, `2024-01`, `2024-01-31`, with a time after `T` or a blank, with `Z` or an offset; or milliseconds since 1970.
pub(crate) fn parse(value: &Value) -> Option<Written> {
    let plain = |wall: NaiveDateTime| Written { wall, utc: wall };
    let text = match value {
        Value::Number(number) => {
            let at = DateTime::from_timestamp_millis(number.as_i64()?)?;
            return in_range(plain(at.naive_utc()));
        }
        Value::String(text) => text.trim(),
        _ => return None,
    };
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return in_range(Written {
            wall: at.naive_local(),
            utc: at.naive_utc(),
        });
    }
    if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z") {
        return in_range(Written {
            wall: at.naive_local(),
            utc: at.naive_utc(),
        });
    }
    for format in [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, format) {
            return in_range(plain(at));
        }
    }
    let day = match text.len() {
        4 => NaiveDate::parse_from_str(&format!("{text}-01-01"), "%Y-%m-%d"),
        7 => NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d"),
        _ => NaiveDate::parse_from_str(text, "%Y-%m-%d"),
    };
    in_range(plain(day.ok()?.and_time(NaiveTime::MIN)))
}

/// The days of the week in English, as intervals of names answer them and formats write them.
pub(crate) const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The months of the year in English, likewise.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What every warehouse can hold: the years 1 to 9999.
pub(crate) fn representable(at: NaiveDateTime) -> bool {
    (1..=9999).contains(&at.year())
}

/// A leap second is the end of the second before: not every warehouse has one.
fn in_range(written: Written) -> Option<Written> {
    let usual = |at: NaiveDateTime| {
        at.with_nanosecond(at.nanosecond().min(999_999_999))
            .unwrap_or(at)
    };
    let written = Written {
        wall: usual(written.wall),
        utc: usual(written.utc),
    };
    (representable(written.wall) && representable(written.utc)).then_some(written)
}

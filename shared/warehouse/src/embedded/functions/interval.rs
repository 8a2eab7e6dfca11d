//! Intervals: months, days and a time, which are kept apart.

use datafusion::arrow::datatypes::IntervalMonthDayNano;

use super::unit::Unit;

const DAY: i64 = 86_400_000_000;

/// A part of an interval. Years and months, days, and the time do not flow into each other.
pub(super) fn part(unit: Unit, interval: IntervalMonthDayNano) -> Option<f64> {
    let months = i64::from(interval.months);
    let micros = interval.nanoseconds / 1_000;
    let whole = |value: i64| value as f64;
    Some(match unit {
        Unit::Microsecond => whole(micros % 60_000_000),
        Unit::Millisecond => whole(micros % 60_000_000) / 1e3,
        Unit::Second => whole(micros % 60_000_000) / 1e6,
        Unit::Minute => whole(micros / 60_000_000 % 60),
        Unit::Hour => whole(micros / 3_600_000_000),
        Unit::Day => f64::from(interval.days),
        Unit::Month => whole(months % 12),
        Unit::Quarter => whole(months % 12 / 3 + 1),
        Unit::Year => whole(months / 12),
        Unit::Decade => whole(months / 120),
        Unit::Century => whole(months / 1_200),
        Unit::Millennium => whole(months / 12_000),
        // A year is 365.25 days, a month without its year is 30.
        Unit::Epoch => {
            whole(months / 12) * 365.25 * 86_400.0
                + whole(months % 12) * 30.0 * 86_400.0
                + f64::from(interval.days) * 86_400.0
                + whole(micros) / 1e6
        }
        _ => return None,
    })
}

/// Whole days and the rest between two instants.
pub(super) fn between(later: i64, earlier: i64) -> Option<IntervalMonthDayNano> {
    let micros = later.checked_sub(earlier)?;
    let days = i32::try_from(micros / DAY).ok()?;
    Some(IntervalMonthDayNano::new(0, days, micros % DAY * 1_000))
}

/// As PostgreSQL writes it: `1 year 2 mons 3 days 04:05:06.5`.
pub(in crate::embedded) fn text(interval: IntervalMonthDayNano) -> String {
    let mut parts = Vec::new();
    let (years, months) = (interval.months / 12, interval.months % 12);
    let mut negative = false;
    for (value, one, many) in [
        (years, "year", "years"),
        (months, "mon", "mons"),
        (interval.days, "day", "days"),
    ] {
        if value != 0 {
            let sign = if negative && value > 0 { "+" } else { "" };
            parts.push(format!(
                "{sign}{value} {}",
                if value == 1 { one } else { many }
            ));
            negative = value < 0;
        }
    }
    let micros = interval.nanoseconds / 1_000;
    if micros != 0 || parts.is_empty() {
        let sign = if micros < 0 {
            "-"
        } else if negative {
            "+"
        } else {
            ""
        };
        let micros = micros.unsigned_abs();
        let seconds = micros / 1_000_000;
        let mut time = format!(
            "{sign}{:02}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        );
        if !micros.is_multiple_of(1_000_000) {
            time.push_str(format!(".{:06}", micros % 1_000_000).trim_end_matches('0'));
        }
        parts.push(time);
    }
    parts.join(" ")
}

//! Google BigQuery.
//!
//! Sources: GoogleSQL reference, "Lexical structure and syntax" (backslash escapes in string literals and in quoted identifiers;
//! a doubled quote is none), "Timestamp functions" and "Date functions" (`WEEK(MONDAY)`; a plain WEEK starts on Sunday),
//! "EXTRACT" (DAYOFWEEK is 1 on Sunday), "Approximate aggregate functions" (APPROX_QUANTILES), "Conversion rules" (a string
//! literal is coerced to DATE, DATETIME or TIMESTAMP, whichever it is compared with: a typed literal would not be; a TIMESTAMP becomes
//! a DATETIME only by a cast, in UTC), "Operators" (LIKE escapes with a backslash; IS NOT DISTINCT FROM).

use super::*;

pub(super) const SYNTAX: Syntax = Syntax {
    identifier_quote: '`',
    backslash_escapes: true,
    escaped_quote: "\\'",
    like_escapes: true,
    default_start_of_week: 6,
    null_order: true,
    truncate,
    part,
    name,
    percentile,
    average: plain_average,
    concat,
    text_type: "STRING",
    float_type: "FLOAT64",
    null_safe_equal: is_not_distinct,
    date: str::to_owned,
    timestamp: str::to_owned,
};

const DAYS: [&str; 7] = [
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
];

fn week(start: StartOfWeek) -> String {
    match start.and_then(|day| DAYS.get(usize::from(day))) {
        Some(day) => format!("WEEK({day})"),
        None => "WEEK".to_owned(),
    }
}

fn truncate(sql: &str, grain: Grain, base: DimensionType, start: StartOfWeek) -> String {
    let unit = match grain {
        Grain::Week => week(start),
        _ => grain.keyword().to_owned(),
    };
    match base {
        DimensionType::Timestamp => format!("TIMESTAMP_TRUNC({sql}, {unit})"),
        _ => format!("DATE_TRUNC({sql}, {unit})"),
    }
}

fn part(sql: &str, part: Part, start: StartOfWeek) -> String {
    let unit = match part {
        Part::DayOfWeek => "DAYOFWEEK".to_owned(),
        Part::DayOfYear => "DAYOFYEAR".to_owned(),
        Part::Week => week(start),
        _ => part.keyword().to_owned(),
    };
    format!("EXTRACT({unit} FROM {sql})")
}

fn name(sql: &str, name: Name, base: DimensionType) -> String {
    let format = match name {
        Name::Day => "%A",
        Name::Month => "%B",
        Name::Quarter => "Q%Q",
    };
    match base {
        // A TIMESTAMP or a DATETIME: neither is coerced to the other.
        DimensionType::Timestamp => {
            format!("FORMAT_DATETIME('{format}', CAST({sql} AS DATETIME))")
        }
        _ => format!("FORMAT_DATE('{format}', {sql})"),
    }
}

/// A hundred quantiles, or a thousand where the percentile is not whole.
fn percentile(sql: &str, fraction: f64) -> String {
    let percent = fraction * 100.0;
    if (percent - percent.round()).abs() < 1e-9 {
        format!("APPROX_QUANTILES({sql}, 100)[OFFSET({})]", percent.round())
    } else {
        let permille = (percent * 10.0).round();
        format!("APPROX_QUANTILES({sql}, 1000)[OFFSET({permille})]")
    }
}

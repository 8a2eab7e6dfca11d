//! ClickHouse.
//!
//! Sources: ClickHouse documentation, "Syntax" (backslash escapes in strings and quoted identifiers), "Functions for working with
//! dates and times" (date_trunc, weeks start on Monday; toDayOfWeek is 1 on Monday; dateName), "quantileExactInclusive"
//! (as PERCENTILE_CONT), "LIKE" (backslash is the escape), "JOIN clause" (IS NOT DISTINCT FROM in ON). Unmatched rows of outer
//! joins are null only with the setting `join_use_nulls = 1`, which the adapter has to set.

use super::*;

pub(super) const SYNTAX: Syntax = Syntax {
    identifier_quote: '"',
    backslash_escapes: true,
    escaped_quote: "\\'",
    like_escapes: true,
    default_start_of_week: 0,
    null_order: true,
    truncate,
    part,
    name,
    percentile,
    average: plain_average,
    concat,
    text_type: "Nullable(String)",
    float_type: "Nullable(Float64)",
    null_safe_equal: is_not_distinct,
    date,
    timestamp,
};

fn truncate(sql: &str, grain: Grain, _: DimensionType, week: StartOfWeek) -> String {
    match (grain, week) {
        (Grain::Week, Some(day)) => {
            format!("(DATE_TRUNC('WEEK', ({sql} - toIntervalDay({day}))) + toIntervalDay({day}))")
        }
        _ => date_trunc(sql, grain),
    }
}

fn part(sql: &str, part: Part, week: StartOfWeek) -> String {
    match (part, week) {
        (Part::Week, Some(day)) => format!("toISOWeek({sql} - toIntervalDay({day}))"),
        (Part::DayOfWeek, _) => format!("toDayOfWeek({sql})"),
        (Part::DayOfMonth, _) => format!("toDayOfMonth({sql})"),
        (Part::DayOfYear, _) => format!("toDayOfYear({sql})"),
        (Part::Week, None) => format!("toISOWeek({sql})"),
        (Part::Month, _) => format!("toMonth({sql})"),
        (Part::Quarter, _) => format!("toQuarter({sql})"),
        (Part::Year, _) => format!("toYear({sql})"),
        (Part::Hour, _) => format!("toHour({sql})"),
        (Part::Minute, _) => format!("toMinute({sql})"),
    }
}

fn name(sql: &str, name: Name, _: DimensionType) -> String {
    match name {
        Name::Day => format!("dateName('weekday', {sql})"),
        Name::Month => format!("dateName('month', {sql})"),
        Name::Quarter => format!("concat('Q', toString(toQuarter({sql})))"),
    }
}

fn percentile(sql: &str, fraction: f64) -> String {
    format!("quantileExactInclusive({fraction})({sql})")
}

fn date(quoted: &str) -> String {
    format!("toDate32({quoted})")
}

fn timestamp(quoted: &str) -> String {
    format!("toDateTime64({quoted}, 3, 'UTC')")
}

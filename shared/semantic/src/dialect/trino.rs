//! Trino.
//!
//! Sources: Trino documentation, "Data types" (string literals know no backslash escape; a quote is doubled), "Date and time
//! functions" (date_trunc, week starts on Monday; extract; MySQL's date_format; interval literals `interval '6' day`),
//! "Aggregate functions" (approx_percentile), "Comparison functions and operators" (LIKE has no default escape; IS NOT DISTINCT
//! FROM), "String functions" (concat takes text only).

use super::*;

pub(super) const SYNTAX: Syntax = Syntax {
    identifier_quote: '"',
    backslash_escapes: false,
    escaped_quote: "''",
    like_escapes: false,
    default_start_of_week: 0,
    null_order: true,
    truncate,
    part,
    name,
    percentile,
    average: plain_average,
    concat,
    text_type: "VARCHAR",
    float_type: "DOUBLE",
    null_safe_equal: is_not_distinct,
    date: typed_date,
    timestamp: typed_timestamp,
};

fn truncate(sql: &str, grain: Grain, _: DimensionType, week: StartOfWeek) -> String {
    match (grain, week) {
        (Grain::Week, Some(day)) => {
            format!("(DATE_TRUNC('WEEK', ({sql} - interval '{day}' day)) + interval '{day}' day)")
        }
        _ => date_trunc(sql, grain),
    }
}

fn part(sql: &str, part: Part, week: StartOfWeek) -> String {
    match (part, week) {
        (Part::Week, Some(day)) => format!("EXTRACT(WEEK FROM ({sql} - interval '{day}' day))"),
        _ => format!("EXTRACT({} FROM {sql})", part.keyword()),
    }
}

fn name(sql: &str, name: Name, _: DimensionType) -> String {
    match name {
        Name::Day => format!("date_format({sql}, '%W')"),
        Name::Month => format!("date_format({sql}, '%M')"),
        Name::Quarter => format!("CONCAT('Q', CAST(EXTRACT(QUARTER FROM {sql}) AS VARCHAR))"),
    }
}

fn percentile(sql: &str, fraction: f64) -> String {
    format!("APPROX_PERCENTILE({sql}, {fraction})")
}

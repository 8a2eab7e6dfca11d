//! Databricks SQL.
//!
//! Sources: Databricks SQL language reference, "STRING type" (backslash escapes; adjacent literals are joined, so a doubled quote
//! is none), "Identifiers" (a backtick is doubled), "date_trunc" (weeks start on Monday), "date_part", "Datetime patterns"
//! (EEEE, MMMM, QQQ), "percentile aggregate function", "like operator" (backslash is the default escape),
//! "is distinct operator".

use super::*;

pub(super) const SYNTAX: Syntax = Syntax {
    identifier_quote: '`',
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
    text_type: "STRING",
    float_type: "DOUBLE",
    null_safe_equal: is_not_distinct,
    date: typed_date,
    timestamp: typed_timestamp,
};

fn truncate(sql: &str, grain: Grain, _: DimensionType, week: StartOfWeek) -> String {
    match (grain, week) {
        (Grain::Week, Some(day)) => {
            format!("DATEADD(DAY, {day}, DATE_TRUNC('WEEK', DATEADD(DAY, -{day}, {sql})))")
        }
        _ => date_trunc(sql, grain),
    }
}

fn part(sql: &str, part: Part, week: StartOfWeek) -> String {
    match (part, week) {
        (Part::Week, Some(day)) => format!("DATE_PART('WEEK', DATEADD(DAY, -{day}, {sql}))"),
        _ => date_part(sql, part),
    }
}

fn name(sql: &str, name: Name, _: DimensionType) -> String {
    let format = match name {
        Name::Day => "EEEE",
        Name::Month => "MMMM",
        Name::Quarter => "QQQ",
    };
    format!("DATE_FORMAT({sql}, '{format}')")
}

fn percentile(sql: &str, fraction: f64) -> String {
    format!("PERCENTILE({sql}, {fraction})")
}

//! PostgreSQL, and the embedded engine.
//!
//! Sources: PostgreSQL 17 documentation, 4.1.2.1 (string constants; `standard_conforming_strings` is on), 9.9.1 EXTRACT, 9.9.2
//! date_trunc (weeks start on Monday), 9.8 to_char (`FM` removes the padding), 9.21 percentile_cont, 9.7.1 LIKE (backslash is the
//! default escape), 9.2 IS NOT DISTINCT FROM.

use super::*;

pub(super) const SYNTAX: Syntax = Syntax {
    identifier_quote: '"',
    backslash_escapes: false,
    escaped_quote: "''",
    like_escapes: true,
    default_start_of_week: 0,
    null_order: true,
    truncate,
    part,
    name,
    percentile: percentile_cont,
    average,
    concat: pipes,
    text_type: "TEXT",
    float_type: "DOUBLE PRECISION",
    null_safe_equal: is_not_distinct,
    date: typed_date,
    timestamp: typed_timestamp,
};

pub(super) fn truncate(sql: &str, grain: Grain, _: DimensionType, week: StartOfWeek) -> String {
    match (grain, week) {
        (Grain::Week, Some(day)) => {
            format!("(DATE_TRUNC('WEEK', ({sql} - interval '{day} days')) + interval '{day} days')")
        }
        _ => date_trunc(sql, grain),
    }
}

pub(super) fn part(sql: &str, part: Part, week: StartOfWeek) -> String {
    match (part, week) {
        (Part::Week, Some(day)) => format!("DATE_PART('WEEK', ({sql} - interval '{day} days'))"),
        _ => date_part(sql, part),
    }
}

pub(super) fn name(sql: &str, name: Name, _: DimensionType) -> String {
    let format = match name {
        Name::Day => "FMDay",
        Name::Month => "FMMonth",
        Name::Quarter => "FM\"Q\"Q",
    };
    format!("TO_CHAR({sql}, '{format}')")
}

/// A cast binds closer than any operator: what is cast needs parentheses unless it is one name or one call.
pub(super) fn average(sql: &str) -> String {
    let simple = sql
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'"'));
    if simple {
        format!("AVG({sql}::DOUBLE PRECISION)")
    } else {
        format!("AVG(({sql})::DOUBLE PRECISION)")
    }
}

//! Snowflake.
//!
//! Sources: Snowflake SQL reference, "String & binary data types" (backslash escapes in single-quoted literals), "DATE_TRUNC" and
//! "Calendar weeks and weekdays" (the session's WEEK_START decides where a week starts; the adapter sets it), "TO_CHAR" (`DY`,
//! `MMMM`), "PERCENTILE_CONT", "LIKE" (no default escape), "IS [NOT] DISTINCT FROM".

use super::*;

pub(super) const SYNTAX: Syntax = Syntax {
    identifier_quote: '"',
    backslash_escapes: true,
    escaped_quote: "\\'",
    like_escapes: false,
    default_start_of_week: 0,
    null_order: true,
    truncate,
    part,
    name,
    percentile: percentile_cont,
    average: plain_average,
    concat,
    text_type: "VARCHAR",
    float_type: "FLOAT",
    null_safe_equal: is_not_distinct,
    date: typed_date,
    timestamp: typed_timestamp,
};

fn truncate(sql: &str, grain: Grain, _: DimensionType, _: StartOfWeek) -> String {
    date_trunc(sql, grain)
}

fn part(sql: &str, part: Part, _: StartOfWeek) -> String {
    date_part(sql, part)
}

fn name(sql: &str, name: Name, _: DimensionType) -> String {
    match name {
        Name::Day => format!(
            "DECODE(TO_CHAR({sql}, 'DY'), 'Mon', 'Monday', 'Tue', 'Tuesday', 'Wed', 'Wednesday', 'Thu', 'Thursday', \
             'Fri', 'Friday', 'Sat', 'Saturday', 'Sun', 'Sunday')"
        ),
        Name::Month => format!("TO_CHAR({sql}, 'MMMM')"),
        Name::Quarter => format!("CONCAT('Q', DATE_PART('QUARTER', {sql}))"),
    }
}

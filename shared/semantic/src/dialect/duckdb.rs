//! DuckDB.
//!
//! Sources: DuckDB documentation, "Literal types" (no backslash escapes), "Date part functions" (dayname, monthname), "Timestamp
//! functions" (date_trunc, weeks start on Monday), "Aggregate functions" (quantile_cont), "Pattern matching" (LIKE has no
//! default escape), "Comparison operators" (IS NOT DISTINCT FROM).

use super::*;

pub(super) const SYNTAX: Syntax = Syntax {
    like_escapes: false,
    name,
    percentile,
    average: plain_average,
    text_type: "VARCHAR",
    float_type: "DOUBLE",
    ..postgres::SYNTAX
};

fn name(sql: &str, name: Name, _: DimensionType) -> String {
    match name {
        Name::Day => format!("DAYNAME({sql})"),
        Name::Month => format!("MONTHNAME({sql})"),
        Name::Quarter => format!("('Q' || DATE_PART('QUARTER', {sql}))"),
    }
}

fn percentile(sql: &str, fraction: f64) -> String {
    format!("QUANTILE_CONT({sql}, {fraction})")
}

//! Amazon Redshift.
//!
//! Sources: Amazon Redshift Database Developer Guide, "DATE_TRUNC function" (weeks start on Monday), "PERCENTILE_CONT function",
//! "Pattern-matching conditions / LIKE" (the default escape is the backslash). A backslash in a string literal is an escape unless
//! `standard_conforming_strings` says otherwise, as in the PostgreSQL 8 it comes from: it is doubled, and so is a quote, which is
//! safe either way. IS NOT DISTINCT FROM is not in its grammar.

use super::*;

pub(super) const SYNTAX: Syntax = Syntax {
    backslash_escapes: true,
    text_type: "VARCHAR",
    null_safe_equal,
    ..postgres::SYNTAX
};

fn null_safe_equal(a: &str, b: &str) -> String {
    format!("({a} = {b} OR ({a} IS NULL AND {b} IS NULL))")
}

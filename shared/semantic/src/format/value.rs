//! Values as they are, without a format.

use std::fmt::Write as _;

use serde_json::Value;

use super::NULL;
use super::decimal::Decimal;
use super::number::{Precision, Separator, write_number};
use super::numeric::Numeric;

/// The text of a value: numbers without separators, arrays and objects as JSON.
pub(super) fn write_text(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str(NULL),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::String(text) => out.push_str(text),
        Value::Number(_) => match Numeric::of(value) {
            Some(Numeric::Finite(number)) => Decimal::write_plain(&number, out),
            _ => drop(write!(out, "{value}")),
        },
        Value::Array(_) | Value::Object(_) => drop(write!(out, "{value}")),
    }
}

/// What is shown where nothing is known of a column: numbers with separators and three decimals at most, anything else as it is.
pub(super) fn write_default(value: &Value, out: &mut String) {
    match Numeric::of(value) {
        Some(number) => write_number(number, Precision::AtMost(3), Separator::default(), out),
        None => write_text(value, out),
    }
}

/// `True` or `False`.
pub(super) fn write_boolean(value: &Value, out: &mut String) {
    let mut text = String::new();
    write_text(value, &mut text);
    let yes = ["true", "t", "yes", "1"]
        .iter()
        .any(|yes| text.eq_ignore_ascii_case(yes));
    out.push_str(if yes { "True" } else { "False" });
}

//! A value as the text of a cell.

use std::fmt::Write;

use serde_json::{Number, Value};
use warehouse::Type;

use crate::plan::ColumnPlan;

impl ColumnPlan {
    /// Replaces `out` by what a CSV cell holds for the value, harmless for spreadsheets.
    pub(crate) fn write(&self, value: &Value, out: &mut String) {
        self.text(value, out);
        let harmless = match self.is_number(value) {
            true => is_harmless_number(out),
            false => is_harmless(out),
        };
        if !harmless {
            out.insert(0, '\'');
        }
    }

    /// Replaces `out` by the value: empty for `null`, dates by their interval, else as it is shown, or as it is.
    pub(crate) fn text(&self, value: &Value, out: &mut String) {
        out.clear();
        if let (Some(style), None, Value::String(text)) = (self.style, &self.expression, value)
            && style.write(text, out)
        {
            return;
        }
        match (value, &self.show) {
            (Value::Null | Value::Array(_) | Value::Object(_), _) | (_, None) => plain(value, out),
            (_, Some(show)) => show.write(value, out),
        }
    }

    /// Whether the value is a number, be it one that comes as text.
    pub(crate) fn is_number(&self, value: &Value) -> bool {
        match value {
            Value::Number(_) => true,
            Value::String(text) => is_numeric(self.kind) && is_number(text),
            _ => false,
        }
    }
}

fn is_numeric(kind: Type) -> bool {
    matches!(kind, Type::Integer | Type::Double | Type::Decimal)
}

/// Appends the value as it is: `true`, digits, text, compact JSON; nothing for `null`.
pub(crate) fn plain(value: &Value, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Null => Ok(()),
        Value::String(text) => out.write_str(text),
        Value::Number(number) => write_number(number, out),
        other => write!(out, "{other}"),
    };
}

/// A double that is whole has no `.0`.
fn write_number(number: &Number, out: &mut String) -> std::fmt::Result {
    let start = out.len();
    write!(out, "{number}")?;
    if number.is_f64() && out.ends_with(".0") {
        out.truncate(out.len() - 2);
        if out.get(start..) == Some("-0") {
            out.remove(start);
        }
    }
    Ok(())
}

/// Whether the text is a number: `-12.50`, `1e-7`, and what stands for the numbers that JSON does not have.
pub(crate) fn is_number(text: &str) -> bool {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return true;
    }
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction) && digits(exponent)
}

/// Whether spreadsheets take the text for text. They compute what begins with one of these signs
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub(crate) fn is_harmless(text: &str) -> bool {
    !text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// The same for a number as it is shown: its sign may stay unless a format added what could call or compute something.
fn is_harmless_number(text: &str) -> bool {
    is_harmless(text)
        || text.strip_prefix(['-', '+']).is_some_and(|rest| {
            !rest.contains(|sign: char| "=@|!(){}[]'\"*/^&<>:;\t\r\n".contains(sign))
        })
}

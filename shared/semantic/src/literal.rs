//! The only place where a value becomes SQL text. Property tests against injection: `tests/literals.rs`.
//!
//! Rules: text is quoted, and quotes and (where they escape) backslashes in it are escaped; a number is written only if it is one;
//! a name is quoted whatever is in it. What cannot be said in SQL (a NUL character) is left out: no warehouse stores it.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;

use crate::dialect::{Dialect, Syntax};

/// Text as a literal.
pub fn string(dialect: Dialect, text: &str) -> String {
    let syntax = dialect.syntax();
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' => out.push_str(syntax.escaped_quote),
            '\\' if syntax.backslash_escapes => out.push_str("\\\\"),
            '\0' => {}
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// Which end of the text a pattern leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    Start,
    End,
    Both,
}

/// What stands after LIKE.
pub struct Like {
    /// The text itself, with its own `%` and `_` taken literally.
    pub pattern: String,
    /// ` ESCAPE '\\'` where the warehouse has to be told, or nothing.
    pub escape: String,
}

/// A pattern for text that starts with, ends with or has in it the given one.
pub fn like(dialect: Dialect, text: &str, open: Open) -> Like {
    let mut pattern = String::with_capacity(text.len() + 2);
    if open != Open::End {
        pattern.push('%');
    }
    let mut escaped = false;
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
            escaped = true;
        }
        pattern.push(c);
    }
    if open != Open::Start {
        pattern.push('%');
    }
    let escape = if escaped && !dialect.syntax().like_escapes {
        format!(" ESCAPE {}", string(dialect, "\\"))
    } else {
        String::new()
    };
    Like {
        pattern: string(dialect, &pattern),
        escape,
    }
}

/// A name: of a table alias, a column, a common table expression.
pub fn identifier(dialect: Dialect, name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    push_identifier(&mut out, dialect.syntax(), dialect, name);
    out
}

/// The same, at the end of a text.
pub fn push_identifier(out: &mut String, syntax: &Syntax, dialect: Dialect, name: &str) {
    let quote = syntax.identifier_quote;
    out.push(quote);
    for c in name.chars() {
        match c {
            // GoogleSQL and ClickHouse escape by a backslash, the others by doubling.
            c if c == quote && matches!(dialect, Dialect::Bigquery | Dialect::Clickhouse) => {
                out.push('\\');
                out.push(c);
            }
            '\\' if matches!(dialect, Dialect::Bigquery | Dialect::Clickhouse) => {
                out.push_str("\\\\");
            }
            c if c == quote => {
                out.push(c);
                out.push(c);
            }
            '\0' => {}
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// A number from a JSON value: a number, or text that is one. None for everything else.
pub fn number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => decimal(text.trim()).map(str::to_owned),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A finite number, without an exponent where none is needed.
pub fn float(number: f64) -> Option<String> {
    number.is_finite().then(|| format!("{number}"))
}

/// The text itself if it is an optional sign, digits with at most one point among them, and an optional exponent; at most 100
/// characters.
fn decimal(text: &str) -> Option<&str> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let whole = match mantissa.split_once('.') {
        Some((before, after)) => {
            !before.is_empty() && !after.is_empty() && digits(before) && digits(after)
        }
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent = exponent.is_none_or(|text| {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        (1..=3).contains(&text.len()) && digits(text)
    });
    (whole && exponent && text.len() <= 100).then_some(text)
}

/// `true` or `false`.
pub fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// A day.
pub fn date(dialect: Dialect, day: NaiveDate) -> String {
    (dialect.syntax().date)(&format!("'{}'", day.format("%Y-%m-%d")))
}

/// An instant, in UTC, with as much of a second as it has, to the microsecond: what an answer shows is found again.
pub fn timestamp(dialect: Dialect, at: NaiveDateTime) -> String {
    let format = match at.and_utc().timestamp_subsec_micros() {
        0 => "'%Y-%m-%d %H:%M:%S'",
        micros if micros % 1_000 == 0 => "'%Y-%m-%d %H:%M:%S%.3f'",
        _ => "'%Y-%m-%d %H:%M:%S%.6f'",
    };
    (dialect.syntax().timestamp)(&at.format(format).to_string())
}

//! Types and values:
//! <https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses#getting-the-data-from-the-results>.

use serde::Deserialize;
use serde_json::Value;

use crate::{Column, Error, Result, Row, Type, cloud, document};

/// A column as answers describe it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RowType {
    name: String,
    r#type: String,
    scale: Option<i64>,
}

impl RowType {
    pub(super) fn column(&self) -> Column {
        Column {
            name: self.name.clone(),
            r#type: kind(&self.r#type, self.scale),
        }
    }

    fn value(&self, raw: Value) -> Result<Value> {
        let text = match raw {
            Value::Null => return Ok(Value::Null),
            Value::String(text) => Some(text),
            Value::Bool(_) | Value::Number(_) => Some(raw.to_string()),
            Value::Array(_) | Value::Object(_) => None,
        };
        text.and_then(|text| self.read(text)).ok_or_else(|| {
            let Self { name, r#type, .. } = self;
            Error::Engine(format!(
                "Snowflake answers something for the column \"{name}\" that is no {type}"
            ))
        })
    }

    fn read(&self, text: String) -> Option<Value> {
        Some(match kind(&self.r#type, self.scale) {
            Type::Boolean => match text.as_str() {
                "true" | "1" => Value::Bool(true),
                "false" | "0" => Value::Bool(false),
                _ => return None,
            },
            Type::Integer => match text.parse::<i64>() {
                Ok(number) => Value::Number(number.into()),
                // 38 digits do not fit; none may be lost.
                Err(_) => decimal(text)?,
            },
            Type::Double => cloud::double(&text)?,
            Type::Decimal => decimal(text)?,
            Type::Date => date(&text)?.into(),
            Type::Timestamp => instant(&text)?.into(),
            Type::Json => document::json(&text).unwrap_or(Value::String(text)),
            Type::Text if self.r#type.eq_ignore_ascii_case("time") => time(&text)?.into(),
            Type::Text => Value::String(text),
        })
    }
}

/// # Errors
/// `Engine` when a value is not what its column is.
pub(super) fn row(columns: &[RowType], raw: Vec<Value>) -> Result<Row> {
    if raw.len() != columns.len() {
        let message = "Snowflake answers a row of another length than its columns";
        return Err(Error::Engine(message.to_owned()));
    }
    let cells = columns.iter().zip(raw);
    cells.map(|(column, cell)| column.value(cell)).collect()
}

/// By the leading letters of a type, of answers and of the catalogue alike (reference §9).
pub(super) fn kind(name: &str, scale: Option<i64>) -> Type {
    let name = name.to_ascii_uppercase();
    let letters = name.split(|c: char| !c.is_ascii_alphabetic()).next();
    match letters.unwrap_or_default() {
        "FIXED" | "NUMBER" | "DECIMAL" | "NUMERIC" => match scale.unwrap_or(0) {
            0 => Type::Integer,
            _ => Type::Decimal,
        },
        "REAL" | "FLOAT" | "DOUBLE" => Type::Double,
        "BOOLEAN" => Type::Boolean,
        "DATE" => Type::Date,
        "TIMESTAMP" | "DATETIME" => Type::Timestamp,
        "VARIANT" | "OBJECT" | "ARRAY" | "MAP" => Type::Json,
        _ => Type::Text,
    }
}

fn decimal(text: String) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let good = digits.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    (good && !digits.is_empty()).then_some(Value::String(text))
}

/// Days since 1970.
fn date(text: &str) -> Option<String> {
    const DAY: i64 = 24 * 60 * 60;
    let seconds = text.parse::<i64>().ok()?.checked_mul(DAY)?;
    let midnight = cloud::timestamp(seconds, 0)?;
    midnight.split('T').next().map(str::to_owned)
}

/// Seconds since 1970 with a fraction; those with a zone have its offset behind, which changes nothing.
fn instant(text: &str) -> Option<String> {
    let (seconds, nanoseconds) = seconds(text.split(' ').next()?)?;
    cloud::timestamp(seconds, nanoseconds)
}

/// Seconds since midnight with a fraction.
fn time(text: &str) -> Option<String> {
    let (seconds, nanoseconds) = seconds(text)?;
    let instant = cloud::timestamp(seconds, nanoseconds)?;
    let time = instant.split_once('T')?.1;
    (0..24 * 60 * 60)
        .contains(&seconds)
        .then(|| time.trim_end_matches('Z').to_owned())
}

/// `-1.25` is two seconds before, and three quarters after.
fn seconds(text: &str) -> Option<(i64, u32)> {
    const BILLION: u32 = 1_000_000_000;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if fraction.len() > 9 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: u32 = format!("{fraction:0<9}").parse().ok()?;
    match text.starts_with('-') && nanoseconds > 0 {
        true => Some((seconds.checked_sub(1)?, BILLION - nanoseconds)),
        false => Some((seconds, nanoseconds)),
    }
}

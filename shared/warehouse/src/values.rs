//! Values as warehouses write them, to values as [`crate::Rows`] has them.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use serde_json::{Number, Value, value::RawValue};

use crate::{Error, Result, Row, Type, document};

/// A row of an answer. Numbers are read from their text, so that none is rounded on the way.
///
/// # Errors
/// `Engine` when there are more or fewer values than columns, or one is not of its column's type.
pub(crate) fn row(values: &[&RawValue], types: &[Type]) -> Result<Row> {
    if values.len() != types.len() {
        let (got, wanted) = (values.len(), types.len());
        return Err(Error::Engine(format!(
            "a row has {got} values for {wanted} columns"
        )));
    }
    let pairs = values.iter().zip(types);
    pairs.map(|(value, one)| of_raw(value, *one)).collect()
}

/// # Errors
/// `Engine` when it is not of this type.
fn of_raw(raw: &RawValue, wanted: Type) -> Result<Value> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'n') => Ok(Value::Null),
        Some(b'"') => of_text(&read::<String>(text)?, wanted),
        Some(b'[' | b'{') => match wanted {
            Type::Json => of_text(text, wanted),
            Type::Text => Ok(Value::String(text.to_owned())),
            _ => Err(other_type(wanted)),
        },
        _ if wanted == Type::Json => read(text),
        _ => of_text(text, wanted),
    }
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|_| Error::Engine("a value is not what JSON allows".to_owned()))
}

/// A value from its text.
///
/// # Errors
/// `Engine` when it is not of this type.
pub(crate) fn of_text(text: &str, wanted: Type) -> Result<Value> {
    let string = || Value::String(text.to_owned());
    let value = match wanted {
        Type::Boolean if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        Type::Boolean if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        Type::Boolean => None,
        Type::Integer => integer(text),
        Type::Double => text.parse().ok().map(double),
        Type::Decimal => is_decimal(text).then(string),
        Type::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .is_ok()
            .then(string),
        Type::Timestamp => timestamp(text).map(Value::String),
        // A document, or the text of one.
        Type::Json => Some(document::json(text).unwrap_or_else(string)),
        Type::Text => Some(string()),
    };
    value.ok_or_else(|| other_type(wanted))
}

/// Without the value: it may be anybody's data.
fn other_type(wanted: Type) -> Error {
    let name = format!("{wanted:?}").to_lowercase();
    Error::Engine(format!(
        "a column of type {name} has a value of another type"
    ))
}

fn integer(text: &str) -> Option<Value> {
    let signed = text.parse::<i64>().map(Value::from);
    signed
        .or_else(|_| text.parse::<u64>().map(Value::from))
        .ok()
}

fn double(number: f64) -> Value {
    let name = match number {
        _ if number.is_nan() => "NaN",
        f64::INFINITY => "Infinity",
        _ => "-Infinity",
    };
    Number::from_f64(number).map_or_else(|| Value::from(name), Value::Number)
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(rest)
}

/// An instant in ISO 8601, whether the parts are separated by a `T` or a space, in UTC. Zones are `Z`, `UTC`, an offset or, for
/// Trino, a name of the IANA database; a time that a zone has twice is the earlier one.
fn timestamp(text: &str) -> Option<String> {
    let (day, time) = text.split_once(['T', ' '])?;
    let end = time.find(|c: char| !matches!(c, '0'..='9' | ':' | '.'));
    let (clock, zone) = time.split_at(end.unwrap_or(time.len()));
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let local =
        NaiveDateTime::parse_from_str(&format!("{day}T{clock}"), "%Y-%m-%dT%H:%M:%S").ok()?;
    let utc = in_utc(local, zone.trim())?.format("%Y-%m-%dT%H:%M:%S");
    Some(match fraction.trim_end_matches('0') {
        "" => format!("{utc}Z"),
        digits if digits.contains('.') => return None,
        digits => format!("{utc}.{digits}Z"),
    })
}

fn in_utc(local: NaiveDateTime, zone: &str) -> Option<NaiveDateTime> {
    match zone.as_bytes() {
        [] | b"Z" | b"UTC" => Some(local),
        [sign @ (b'+' | b'-'), ..] => {
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let (hours, minutes) = match digits.len() {
                2 => (digits.as_str(), "0"),
                4 => digits.split_at(2),
                _ => return None,
            };
            let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
            let east = TimeDelta::try_minutes(hours * 60 + minutes)?;
            match sign {
                b'+' => local.checked_sub_signed(east),
                _ => local.checked_add_signed(east),
            }
        }
        _ => named(local, zone),
    }
}

#[cfg(feature = "trino")]
fn named(local: NaiveDateTime, zone: &str) -> Option<NaiveDateTime> {
    let zone: chrono_tz::Tz = zone.parse().ok()?;
    let instant = local.and_local_timezone(zone).earliest()?;
    Some(instant.naive_utc())
}

#[cfg(not(feature = "trino"))]
fn named(_: NaiveDateTime, _: &str) -> Option<NaiveDateTime> {
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_from_their_text() {
        let exact = [
            ("9223372036854775807", Type::Integer, json!(i64::MAX)),
            ("18446744073709551615", Type::Integer, json!(u64::MAX)),
            ("-12.50", Type::Decimal, json!("-12.50")),
            (
                "12345678901234567890123456789012345678",
                Type::Decimal,
                json!("12345678901234567890123456789012345678"),
            ),
            ("1.0E10", Type::Double, json!(1e10)),
            ("NaN", Type::Double, json!("NaN")),
            ("-inf", Type::Double, json!("-Infinity")),
            ("Infinity", Type::Double, json!("Infinity")),
            ("True", Type::Boolean, json!(true)),
            (r#"{"a":[1]}"#, Type::Json, json!({"a": [1]})),
            ("not json", Type::Json, json!("not json")),
        ];
        for (text, of, wanted) in exact {
            assert_eq!(of_text(text, of).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_of_its_type_is_an_error_without_the_value() {
        let wrong = [
            ("18446744073709551616", Type::Integer),
            ("1.0", Type::Integer),
            ("", Type::Decimal),
            ("1.", Type::Decimal),
            ("secret", Type::Double),
            ("2024-02-30", Type::Date),
            ("yes", Type::Boolean),
            ("2024-02-29", Type::Timestamp),
            ("2024-02-29 12:00:00.1.2", Type::Timestamp),
            ("2024-02-29 12:00:00 +é9:00", Type::Timestamp),
            ("2024-02-29 12:00:00 +99999999999999999999", Type::Timestamp),
            ("2024-02-29 12:00:00 Mars/Base", Type::Timestamp),
        ];
        for (text, of) in wrong {
            let error = of_text(text, of).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn timestamps_are_in_utc_with_the_digits_that_they_have() {
        let same = [
            ("2024-02-29 12:00:00.000", "2024-02-29T12:00:00Z"),
            ("2024-02-29T12:00:00.500Z", "2024-02-29T12:00:00.5Z"),
            (
                "2024-02-29 12:00:00.123456789012 UTC",
                "2024-02-29T12:00:00.123456789012Z",
            ),
            ("2024-02-29T12:00:00+05:30", "2024-02-29T06:30:00Z"),
            ("2024-02-29 23:00:00 -0200", "2024-03-01T01:00:00Z"),
        ];
        for (text, wanted) in same {
            assert_eq!(
                of_text(text, Type::Timestamp).unwrap(),
                json!(wanted),
                "{text}"
            );
        }
    }

    #[cfg(feature = "trino")]
    #[test]
    fn a_zone_may_be_a_name_and_the_earlier_of_two_times_counts() {
        let text = "2024-11-03 01:30:00.000 America/New_York";
        assert_eq!(
            of_text(text, Type::Timestamp).unwrap(),
            json!("2024-11-03T05:30:00Z")
        );
    }
}

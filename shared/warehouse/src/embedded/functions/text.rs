//! How values are written as text.

use std::sync::Arc;

use chrono::{DateTime, Timelike};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::concat_elements::concat_elements_utf8;
use datafusion::arrow::datatypes::{
    DataType, Float32Type, Float64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
    TimestampMicrosecondType,
};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::interval;
use super::scalar::{Scalar, unfit};

pub(super) fn all() -> [ScalarUDF; 3] {
    [text(), concat(), join()]
}

/// `a || b`: a text, or null if one of them is.
pub(in crate::embedded) fn join() -> ScalarUDF {
    let scalar = Scalar {
        name: "pg_join",
        aliases: &[],
        takes: |arguments| match arguments {
            [_, _] => Ok(vec![DataType::Utf8, DataType::Utf8]),
            _ => unfit("||", arguments),
        },
        gives: |_, _| Ok(DataType::Utf8),
        run: |columns, _| match columns {
            [one, other] => Ok(Arc::new(concat_elements_utf8(
                one.as_string::<i32>(),
                other.as_string::<i32>(),
            )?)),
            _ => datafusion::common::exec_err!("|| takes two sides"),
        },
    };
    scalar.function()
}

/// A value of any type as text: what `x::text` and `x || ''` are.
pub(in crate::embedded) fn text() -> ScalarUDF {
    let scalar = Scalar {
        name: "pg_text",
        aliases: &[],
        takes: |arguments| match arguments {
            [_] => Ok(arguments.to_vec()),
            _ => unfit("pg_text", arguments),
        },
        gives: |_, _| Ok(DataType::Utf8),
        run: |columns, _| match columns {
            [column] => Ok(Arc::new(texts(column)?)),
            _ => datafusion::common::exec_err!("pg_text takes one argument"),
        },
    };
    scalar.function()
}

/// The texts of all arguments one after the other; a null is no text.
fn concat() -> ScalarUDF {
    let scalar = Scalar {
        name: "concat",
        aliases: &[],
        takes: |arguments| Ok(arguments.to_vec()),
        gives: |_, _| Ok(DataType::Utf8),
        run: |columns, _| {
            let texts = columns.iter().map(in_concat).collect::<Result<Vec<_>>>()?;
            let rows = texts.first().map_or(0, Array::len);
            let mut result = StringBuilder::new();
            for row in 0..rows {
                let parts = texts
                    .iter()
                    .filter(|column| column.is_valid(row))
                    .map(|column| column.value(row));
                result.append_value(parts.collect::<String>());
            }
            Ok(Arc::new(result.finish()))
        },
    };
    scalar.function()
}

/// Here a boolean is one letter, as where PostgreSQL prints it.
fn in_concat(column: &ArrayRef) -> Result<StringArray> {
    match column.as_boolean_opt() {
        Some(values) => Ok(values
            .iter()
            .map(|value| value.map(|value| if value { "t" } else { "f" }))
            .collect()),
        None => texts(column),
    }
}

fn texts(column: &ArrayRef) -> Result<StringArray> {
    Ok(match column.data_type() {
        DataType::Float64 => column
            .as_primitive::<Float64Type>()
            .iter()
            .map(|value| value.map(double))
            .collect(),
        DataType::Float32 => column
            .as_primitive::<Float32Type>()
            .iter()
            .map(|value| value.map(real))
            .collect(),
        DataType::Timestamp(_, zone) => {
            let suffix = if zone.is_some() { "+00" } else { "" };
            let micros = cast(
                column,
                &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            )?;
            let micros = micros.as_primitive::<TimestampMicrosecondType>();
            micros
                .iter()
                .map(|micros| Some(timestamp(micros?, ' ')? + suffix))
                .collect()
        }
        DataType::Interval(_) => {
            let intervals = cast(column, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            intervals
                .as_primitive::<IntervalMonthDayNanoType>()
                .iter()
                .map(|value| value.map(interval::text))
                .collect()
        }
        _ => cast(column, &DataType::Utf8)?.as_string::<i32>().clone(),
    })
}

/// `2024-02-29 12:00:00.5`; `None` when it is out of the range of years.
pub(in crate::embedded) fn timestamp(micros: i64, between: char) -> Option<String> {
    let instant = DateTime::from_timestamp_micros(micros)?.naive_utc();
    let mut text = format!(
        "{}{between}{}",
        instant.format("%Y-%m-%d"),
        instant.format("%H:%M:%S")
    );
    let fraction = instant.nanosecond() / 1_000;
    if fraction != 0 {
        text.push_str(format!(".{fraction:06}").trim_end_matches('0'));
    }
    Some(text)
}

/// The shortest text that is read as the same number, with an exponent where PostgreSQL has one.
pub(in crate::embedded) fn double(value: f64) -> String {
    shortest(&format!("{value:e}"), value.is_finite(), 15).unwrap_or_else(|| not_finite(value))
}

fn real(value: f32) -> String {
    shortest(&format!("{value:e}"), value.is_finite(), 6)
        .unwrap_or_else(|| not_finite(f64::from(value)))
}

fn not_finite(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value > 0.0 {
        "Infinity".to_owned()
    } else {
        "-Infinity".to_owned()
    }
}

/// Of `1.25e3`, makes `1250`; an exponent stays below -4 and from `most` on.
fn shortest(scientific: &str, finite: bool, most: i32) -> Option<String> {
    if !finite {
        return None;
    }
    let (mantissa, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    if exponent < -4 || exponent >= most {
        let sign = if exponent < 0 { '-' } else { '+' };
        return Some(format!("{mantissa}e{sign}{:02}", exponent.abs()));
    }
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |mantissa| ("-", mantissa));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = usize::try_from(exponent + 1).unwrap_or(0);
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return Some(format!("{sign}0.{}{digits}", "0".repeat(zeros)));
    }
    let padded = format!("{digits:0<point$}");
    let (whole, fraction) = padded.split_at_checked(point)?;
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{dot}{fraction}"))
}

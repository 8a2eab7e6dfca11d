//! Columns of the engine to values of an answer; see [`crate::Rows`] for the rules.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit,
    TimeUnit, TimestampMicrosecondType, UInt64Type,
};
use datafusion::arrow::record_batch::RecordBatch;
use serde_json::{Number, Value};

use super::functions::text::{double, timestamp};
use super::{Error, Result, functions, nested};
use crate::Type;

/// Lists and structs in each other. A reader of an answer takes 127, and rows and lists of rows are some; deeper ones are text.
const DEEPEST: usize = 100;

pub(super) fn type_of(data_type: &DataType) -> Type {
    match data_type {
        deep if (1..=DEEPEST).contains(&nested::depth(deep)) => Type::Json,
        DataType::Boolean => Type::Boolean,
        integer if integer.is_integer() => Type::Integer,
        double if double.is_floating() => Type::Double,
        decimal if decimal.is_decimal() => Type::Decimal,
        DataType::Date32 | DataType::Date64 => Type::Date,
        DataType::Timestamp(..) => Type::Timestamp,
        _ => Type::Text,
    }
}

/// Adds the rows of a batch.
pub(super) fn append(batch: &RecordBatch, rows: &mut Vec<Vec<Value>>) -> Result<()> {
    let columns = batch
        .columns()
        .iter()
        .map(values)
        .collect::<Result<Vec<_>>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    for _ in 0..batch.num_rows() {
        rows.push(
            columns
                .iter_mut()
                .map(|column| column.next().unwrap_or_default())
                .collect(),
        );
    }
    Ok(())
}

/// A value of each row of a column.
pub(super) fn values(column: &ArrayRef) -> Result<Vec<Value>> {
    let to = |data_type: DataType| {
        cast(column, &data_type).map_err(|error| Error::Engine(error.to_string()))
    };
    Ok(match type_of(column.data_type()) {
        Type::Boolean => column.as_boolean().iter().map(Value::from).collect(),
        Type::Integer if *column.data_type() == DataType::UInt64 => column
            .as_primitive::<UInt64Type>()
            .iter()
            .map(Value::from)
            .collect(),
        Type::Integer => to(DataType::Int64)?
            .as_primitive::<Int64Type>()
            .iter()
            .map(Value::from)
            .collect(),
        Type::Double if *column.data_type() != DataType::Float64 => to(DataType::Float32)?
            .as_primitive::<Float32Type>()
            .iter()
            .map(|value| value.map_or(Value::Null, of_real))
            .collect(),
        Type::Double => {
            let doubles = to(DataType::Float64)?;
            doubles
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| value.map_or(Value::Null, of_double))
                .collect()
        }
        Type::Timestamp => {
            let micros = to(DataType::Timestamp(TimeUnit::Microsecond, None))?;
            let text = |micros: Option<i64>| match micros {
                Some(micros) => timestamp(micros, 'T')
                    .map(|text| Value::String(text + "Z"))
                    .ok_or_else(out_of_range),
                None => Ok(Value::Null),
            };
            let micros = micros.as_primitive::<TimestampMicrosecondType>().iter();
            micros.map(text).collect::<Result<_>>()?
        }
        Type::Date => {
            let texts = cast(column, &DataType::Utf8).map_err(|_| out_of_range())?;
            of_texts(texts.as_string::<i32>())
        }
        Type::Text if is_binary(column.data_type()) => {
            let bytes = to(DataType::Binary)?;
            let bytes = bytes.as_binary::<i32>().iter();
            bytes.map(|bytes| bytes.map(hex).into()).collect()
        }
        Type::Text if matches!(column.data_type(), DataType::Interval(_)) => {
            let intervals = to(DataType::Interval(IntervalUnit::MonthDayNano))?;
            let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>().iter();
            intervals
                .map(|interval| interval.map(functions::interval_text).into())
                .collect()
        }
        Type::Json => nested::documents(column)?,
        Type::Text if nested::depth(column.data_type()) > 0 => {
            let documents = nested::documents(column)?.into_iter();
            let text = |document: Value| match document {
                Value::Null => Value::Null,
                deep => Value::String(deep.to_string()),
            };
            documents.map(text).collect()
        }
        Type::Decimal | Type::Text => of_texts(to(DataType::Utf8)?.as_string::<i32>()),
    })
}

fn out_of_range() -> Error {
    Error::Query("a date or time is outside the years that can be shown".to_owned())
}

fn is_binary(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_)
    )
}

/// `\xdeadbeef`, as PostgreSQL writes bytes.
fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    "\\x".chars().chain(digits).collect()
}

fn of_texts(texts: &StringArray) -> Vec<Value> {
    texts.iter().map(Value::from).collect()
}

fn of_double(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| Value::String(double(value)), Value::Number)
}

/// The double that is written with the same digits: 0.1, and not 0.10000000149011612.
fn of_real(value: f32) -> Value {
    let written = value.to_string().parse::<f64>();
    of_double(written.unwrap_or(f64::from(value)))
}

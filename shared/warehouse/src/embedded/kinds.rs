//! What the fields of the records of a JSON file are.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Utc;
use datafusion::arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, Fields, TimeUnit};
use serde_json::{Map, Value};

use super::columns::without_values;

/// Fields of fields included. A table of PostgreSQL has no more columns.
pub(super) const MOST: usize = 1_600;

/// Fields in the order of their names.
pub(super) type Kinds = BTreeMap<String, Kind>;

/// What all values of a field are; a null may be anything.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Unknown,
    Boolean,
    Integer,
    Double,
    Date,
    Timestamp,
    Text,
    List(Box<Kind>),
    Object(Kinds),
}

/// Takes in another record. There is `room` for so many fields more.
///
/// # Errors
/// The name of a field and what is wrong with it, as the end of a sentence.
pub(super) fn see(
    kinds: &mut Kinds,
    record: &Map<String, Value>,
    room: &mut usize,
) -> Result<(), String> {
    for (name, value) in record {
        if !kinds.contains_key(name) {
            *room = room
                .checked_sub(1)
                .ok_or_else(|| format!(".{name} is one field too many, {MOST} can be read"))?;
            kinds.insert(name.clone(), Kind::Unknown);
        }
        if let Some(kind) = kinds.get_mut(name) {
            kind.see(value, room)
                .map_err(|error| format!(".{name}{error}"))?;
        }
    }
    Ok(())
}

/// The columns of a table of such records.
pub(super) fn columns(kinds: &Kinds) -> Fields {
    let column = |(name, kind): (&String, &Kind)| {
        let field = Field::new(name, kind.data_type(), true);
        if *kind == Kind::Unknown {
            without_values(field)
        } else {
            field
        }
    };
    kinds.iter().map(column).collect()
}

/// The types of fields.
fn types(kinds: &Kinds) -> Fields {
    kinds
        .iter()
        .map(|(name, kind)| Field::new(name, kind.data_type(), true))
        .collect()
}

impl Kind {
    fn see(&mut self, value: &Value, room: &mut usize) -> Result<(), String> {
        if *self == Self::Unknown {
            *self = Self::of(value);
        }
        match (self, value) {
            (_, Value::Null) => Ok(()),
            (Self::List(kind), Value::Array(values)) => values
                .iter()
                .try_for_each(|value| kind.see(value, room).map_err(|error| format!("[]{error}"))),
            (Self::Object(kinds), Value::Object(record)) => see(kinds, record, room),
            (kind, value) => {
                let other = Self::of(value);
                *kind = kind.with(&other).ok_or_else(|| {
                    format!(
                        " is {}, and {} in records before",
                        other.called(),
                        kind.called()
                    )
                })?;
                Ok(())
            }
        }
    }

    /// Of a value alone, without what is in it.
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Unknown,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_i64() => Self::Integer,
            Value::Number(_) => Self::Double,
            Value::String(text) => Self::of_text(text),
            Value::Array(_) => Self::List(Box::new(Self::Unknown)),
            Value::Object(_) => Self::Object(Kinds::new()),
        }
    }

    /// Dates and timestamps are in the forms that make them so in a CSV file.
    fn of_text(text: &str) -> Self {
        let letters = text.as_bytes();
        let begins_as_date =
            letters.first().is_some_and(u8::is_ascii_digit) && matches!(letters.get(4), Some(b'-'));
        let has_time = matches!(letters.get(10), Some(b'T' | b' '))
            && matches!(letters.get(13), Some(b':'))
            && (19..=40).contains(&letters.len());
        if begins_as_date && letters.len() == 10 && Date32Type::parse(text).is_some() {
            Self::Date
        } else if begins_as_date && has_time && string_to_datetime(&Utc, text).is_ok() {
            Self::Timestamp
        } else {
            Self::Text
        }
    }

    /// What both can be read as. Numbers and truth values are not read as text.
    fn with(&self, other: &Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Boolean, Self::Boolean) => Self::Boolean,
            (Self::Integer, Self::Integer) => Self::Integer,
            (Self::Integer | Self::Double, Self::Integer | Self::Double) => Self::Double,
            (Self::Date, Self::Date) => Self::Date,
            (Self::Date | Self::Timestamp, Self::Date | Self::Timestamp) => Self::Timestamp,
            (
                Self::Date | Self::Timestamp | Self::Text,
                Self::Date | Self::Timestamp | Self::Text,
            ) => Self::Text,
            _ => return None,
        })
    }

    fn called(&self) -> &'static str {
        match self {
            Self::Unknown => "nothing",
            Self::Boolean => "true or false",
            Self::Integer | Self::Double => "a number",
            Self::Date | Self::Timestamp | Self::Text => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Unknown | Self::Text => DataType::Utf8,
            Self::List(kind) => {
                DataType::List(Arc::new(Field::new_list_field(kind.data_type(), true)))
            }
            Self::Object(kinds) => DataType::Struct(types(kinds)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(values: &[Value]) -> Result<DataType, String> {
        let (mut kind, mut room) = (Kind::Unknown, MOST);
        for value in values {
            kind.see(value, &mut room)?;
        }
        Ok(kind.data_type())
    }

    #[test]
    fn a_field_has_the_type_that_all_its_values_have() {
        let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
        for (values, data_type) in [
            (vec![json!(null)], DataType::Utf8),
            (vec![json!(true), json!(null)], DataType::Boolean),
            (vec![json!(1), json!(-2)], DataType::Int64),
            (vec![json!(1), json!(1.5), json!(2)], DataType::Float64),
            (vec![json!(u64::MAX)], DataType::Float64),
            (vec![json!("2024-02-29")], DataType::Date32),
            (vec![json!("2024-02-30")], DataType::Utf8),
            (vec![json!("20240229")], DataType::Utf8),
            (vec![json!("+2024-1-01")], DataType::Utf8),
            (vec![json!("2024-02-29"), json!("")], DataType::Utf8),
            (vec![json!("2024-02-29T12:00:00Z")], micros.clone()),
            (vec![json!("2024-02-29 12:00:00.5+02:00")], micros.clone()),
            (
                vec![json!("2024-02-29"), json!("2024-02-29 12:00:00")],
                micros,
            ),
            (vec![json!("2024-02-29T25:00:00")], DataType::Utf8),
            (vec![json!("2024-02-29Tééééééé")], DataType::Utf8),
        ] {
            assert_eq!(of(&values).unwrap(), data_type, "{values:?}");
        }
        let list = |item| DataType::List(Arc::new(Field::new_list_field(item, true)));
        assert_eq!(
            of(&[json!([]), json!([1]), json!([null, 2.5])]).unwrap(),
            list(DataType::Float64)
        );
        assert_eq!(of(&[json!([[]])]).unwrap(), list(list(DataType::Utf8)));
        assert_eq!(
            of(&[json!({"b": 1}), json!({"a": "x"})]).unwrap(),
            DataType::Struct(Fields::from(vec![
                Field::new("a", DataType::Utf8, true),
                Field::new("b", DataType::Int64, true),
            ]))
        );
    }

    #[test]
    fn values_of_different_kinds_are_refused_by_name() {
        for (values, error) in [
            (
                [json!(1), json!("1")],
                " is text, and a number in records before",
            ),
            (
                [json!({"a": {"b": [1]}}), json!({"a": {"b": [true]}})],
                ".a.b[] is true or false, and a number in records before",
            ),
            (
                [json!({}), json!([])],
                " is a list, and an object in records before",
            ),
            (
                [json!("x"), json!({})],
                " is an object, and text in records before",
            ),
        ] {
            assert_eq!(of(&values).unwrap_err(), error, "{values:?}");
        }
        let (mut kinds, mut room) = (Kinds::new(), 2);
        let record = |value: Value| value.as_object().unwrap().clone();
        see(&mut kinds, &record(json!({"a": {"b": 1}})), &mut room).unwrap();
        see(&mut kinds, &record(json!({"a": {"b": 2}})), &mut room).unwrap();
        let error = see(&mut kinds, &record(json!({"c": 1})), &mut room).unwrap_err();
        assert!(error.starts_with(".c is one field too many"), "{error}");
    }
}

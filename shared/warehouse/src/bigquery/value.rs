//! Types and values: <https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema>,
//! and how they are written in answers: everything is text, in `{"f": [{"v": …}]}`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Column, Error, Result, Row, Type, cloud, document};

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Schema {
    #[serde(default)]
    pub(super) fields: Vec<Field>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Field {
    name: String,
    r#type: String,
    mode: Option<String>,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawRow {
    #[serde(default)]
    f: Vec<Cell>,
}

#[derive(Debug, Deserialize)]
struct Cell {
    #[serde(default)]
    v: Value,
}

impl Schema {
    pub(super) fn columns(&self) -> Vec<Column> {
        self.fields.iter().map(Field::column).collect()
    }

    /// # Errors
    /// `Engine` when a value is not what the schema says.
    pub(super) fn row(&self, raw: RawRow) -> Result<Row> {
        if raw.f.len() != self.fields.len() {
            return Err(Error::Engine(
                "BigQuery answers a row of another length than its schema".to_owned(),
            ));
        }
        let cells = self.fields.iter().zip(raw.f);
        cells.map(|(field, cell)| field.value(cell.v)).collect()
    }
}

impl Field {
    fn column(&self) -> Column {
        Column {
            name: self.name.clone(),
            r#type: match self.repeated() {
                true => Type::Json,
                false => self.scalar(),
            },
        }
    }

    fn repeated(&self) -> bool {
        self.mode.as_deref() == Some("REPEATED")
    }

    fn scalar(&self) -> Type {
        match self.r#type.as_str() {
            "INTEGER" | "INT64" => Type::Integer,
            "FLOAT" | "FLOAT64" => Type::Double,
            "NUMERIC" | "BIGNUMERIC" => Type::Decimal,
            "BOOLEAN" | "BOOL" => Type::Boolean,
            "DATE" => Type::Date,
            "TIMESTAMP" | "DATETIME" => Type::Timestamp,
            "RECORD" | "STRUCT" | "JSON" => Type::Json,
            _ => Type::Text,
        }
    }

    fn value(&self, raw: Value) -> Result<Value> {
        let wrong = || {
            let Self { name, r#type, .. } = self;
            Error::Engine(format!(
                "BigQuery answers something for the column \"{name}\" that is no {type}"
            ))
        };
        if !self.repeated() {
            return self.one(raw).ok_or_else(wrong);
        }
        match raw {
            Value::Null => Ok(Value::Array(Vec::new())),
            Value::Array(cells) => {
                let mut cells = cells.into_iter();
                let all = cells.try_fold(Vec::new(), |mut all, cell| {
                    all.push(self.one(inner(cell, "v")?)?);
                    Some(all)
                });
                all.map(Value::Array).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    fn one(&self, raw: Value) -> Option<Value> {
        let text = match raw {
            Value::Null => return Some(Value::Null),
            Value::Object(_) => return self.record(raw),
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => raw.to_string(),
            Value::Array(_) => return None,
        };
        Some(match (self.r#type.as_str(), self.scalar()) {
            ("TIMESTAMP", _) => Value::String(instant(&text)?),
            ("JSON", _) => document::json(&text).unwrap_or(Value::String(text)),
            (_, Type::Boolean) => Value::Bool(text.parse().ok()?),
            (_, Type::Integer) => Value::Number(text.parse::<i64>().ok()?.into()),
            (_, Type::Double) => cloud::double(&text)?,
            (_, Type::Timestamp) => Value::String(cloud::zoned(&text)),
            (_, Type::Json) => return None,
            _ => Value::String(text),
        })
    }

    fn record(&self, raw: Value) -> Option<Value> {
        let Value::Array(cells) = inner(raw, "f")? else {
            return None;
        };
        if self.scalar() != Type::Json || cells.len() != self.fields.len() {
            return None;
        }
        let mut record = Map::new();
        for (field, cell) in self.fields.iter().zip(cells) {
            record.insert(field.name.clone(), field.value(inner(cell, "v")?).ok()?);
        }
        Some(Value::Object(record))
    }
}

fn inner(cell: Value, name: &str) -> Option<Value> {
    match cell {
        Value::Object(mut cell) => cell.remove(name),
        _ => None,
    }
}

/// Microseconds since 1970, as `formatOptions.useInt64Timestamp` asks for; seconds with a fraction from servers that do
/// not know it.
fn instant(text: &str) -> Option<String> {
    let micros = match text.contains(['.', 'e', 'E']) {
        // A cast ends at the largest number, which is no time.
        true => (text.parse::<f64>().ok()? * 1e6).round() as i64,
        false => text.parse::<i64>().ok()?,
    };
    let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1_000).ok()?;
    cloud::timestamp(micros.div_euclid(1_000_000), nanos)
}

//! Types and values: <https://docs.aws.amazon.com/athena/latest/ug/data-types.html>. Everything is text in answers.

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use serde_json::Value;

use crate::{Type, cloud, document};

/// What a column is. Times with a zone are told apart, as they are written with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain(Type),
    Zoned,
}

impl Kind {
    /// By the name in answers or in the catalogue: `decimal(10,2)`, `timestamp(3) with time zone`, `array<string>`, …
    pub(super) fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let word = name.split(|c: char| !c.is_ascii_alphanumeric()).next();
        Self::Plain(match word.unwrap_or_default() {
            "timestamp" if name.contains("with time zone") => return Self::Zoned,
            "timestamp" => Type::Timestamp,
            "boolean" => Type::Boolean,
            "tinyint" | "smallint" | "int" | "integer" | "bigint" => Type::Integer,
            "float" | "real" | "double" => Type::Double,
            "decimal" => Type::Decimal,
            "date" => Type::Date,
            "json" => Type::Json,
            _ => Type::Text,
        })
    }

    pub(super) fn r#type(self) -> Type {
        match self {
            Self::Plain(plain) => plain,
            Self::Zoned => Type::Timestamp,
        }
    }

    /// Nothing for a text that is none of this kind.
    pub(super) fn value(self, text: &str) -> Option<Value> {
        Some(match self {
            Self::Zoned => zoned(text)?.into(),
            Self::Plain(Type::Boolean) => Value::Bool(text.parse().ok()?),
            Self::Plain(Type::Integer) => Value::Number(text.parse::<i64>().ok()?.into()),
            Self::Plain(Type::Double) => cloud::double(text)?,
            Self::Plain(Type::Timestamp) => cloud::zoned(text).into(),
            Self::Plain(Type::Json) => document::json(text).unwrap_or(text.into()),
            Self::Plain(Type::Decimal | Type::Date | Type::Text) => text.into(),
        })
    }
}

/// `2024-02-29 12:00:00.000 Europe/Berlin`, `… UTC` or `… +01:00`; of the two hours at the end of summer the first.
fn zoned(text: &str) -> Option<String> {
    let (time, zone) = text.rsplit_once(' ')?;
    let time = NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    let utc = match zone.parse::<Tz>() {
        Ok(zone) => zone.from_local_datetime(&time).earliest()?.naive_utc(),
        Err(_) => {
            let offset = zone.parse::<chrono::FixedOffset>().ok()?;
            offset.from_local_datetime(&time).earliest()?.naive_utc()
        }
    };
    Some(cloud::zoned(
        &utc.format("%Y-%m-%d %H:%M:%S%.9f").to_string(),
    ))
}

//! JSON whose mappings keep their order: metrics are listed as they are written.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// What may stand in a meta.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meta {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Meta>),
    Mapping(Mapping),
}

/// A mapping, in the order in which it is written.
pub(super) type Mapping = IndexMap<String, Meta>;

impl Meta {
    /// As plain JSON.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(list) => list.iter().map(Self::to_json).collect(),
            Self::Mapping(map) => map
                .iter()
                .map(|(key, one)| (key.clone(), one.to_json()))
                .collect(),
        }
    }

    /// Text; numbers and truth values are taken as such.
    pub(super) fn scalar(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Null | Self::List(_) | Self::Mapping(_) => None,
        }
    }

    /// One text or several.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match self {
            Self::List(list) => list.iter().map(Self::scalar).collect(),
            _ => self.scalar().map(|one| vec![one]),
        }
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Meta;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E: Error>(self) -> Result<Meta, E> {
                Ok(Meta::Null)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Meta, E> {
                Ok(Meta::Bool(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Meta, E> {
                Ok(Meta::Number(value.into()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Meta, E> {
                Ok(Meta::Number(value.into()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Meta, E> {
                Ok(Number::from_f64(value).map_or(Meta::Null, Meta::Number))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Meta, E> {
                Ok(Meta::Text(value.to_owned()))
            }

            fn visit_string<E: Error>(self, value: String) -> Result<Meta, E> {
                Ok(Meta::Text(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Meta, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Meta::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Meta, A::Error> {
                let mut entries = Mapping::new();
                while let Some((key, value)) = map.next_entry()? {
                    entries.insert(key, value);
                }
                Ok(Meta::Mapping(entries))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

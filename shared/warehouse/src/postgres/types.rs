//! PostgreSQL's texts as values. All of an answer comes as text, which every type has, in the formats that the session
//! sets: <https://www.postgresql.org/docs/current/datatype.html>.

use serde_json::{Number, Value};
use tokio_postgres::types::{Kind, Type as Postgres};

use crate::{Type, document};

/// How the values of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Plain(Type),
    /// Its elements, and what stands between them.
    Array(Type, char),
}

impl Read {
    /// How values of PostgreSQL's type are read; what is not known is text. `money` is text, too: what it looks like,
    /// and how many of its digits are cents, is a matter of the server's locale.
    pub(super) fn of(r#type: &Postgres) -> Self {
        match r#type.kind() {
            Kind::Domain(base) => Self::of(base),
            Kind::Array(element) if r#type.name().starts_with('_') => {
                let between = if *element == Postgres::BOX { ';' } else { ',' };
                Self::Array(plain(element), between)
            }
            _ => Self::Plain(plain(r#type)),
        }
    }

    pub(super) fn r#type(self) -> Type {
        match self {
            Self::Plain(r#type) => r#type,
            Self::Array(..) => Type::Json,
        }
    }

    /// A value from its text. A text that is not as it should be stays text.
    pub(super) fn value(self, text: &str) -> Value {
        match self {
            Self::Plain(r#type) => value(r#type, text),
            Self::Array(element, between) => {
                array(text, element, between).unwrap_or_else(|| Value::from(text))
            }
        }
    }
}

fn plain(r#type: &Postgres) -> Type {
    if let Kind::Domain(base) = r#type.kind() {
        return plain(base);
    }
    match *r#type {
        Postgres::BOOL => Type::Boolean,
        Postgres::INT2 | Postgres::INT4 | Postgres::INT8 | Postgres::OID => Type::Integer,
        Postgres::FLOAT4 | Postgres::FLOAT8 => Type::Double,
        Postgres::NUMERIC => Type::Decimal,
        Postgres::DATE => Type::Date,
        Postgres::TIMESTAMP | Postgres::TIMESTAMPTZ => Type::Timestamp,
        Postgres::JSON | Postgres::JSONB => Type::Json,
        _ => Type::Text,
    }
}

fn value(r#type: Type, text: &str) -> Value {
    let read = match r#type {
        Type::Boolean => match text {
            "t" => Some(Value::Bool(true)),
            "f" => Some(Value::Bool(false)),
            _ => None,
        },
        Type::Integer => text.parse::<i64>().ok().map(Value::from),
        Type::Double => double(text),
        Type::Timestamp => timestamp(text),
        Type::Json => document::json(text),
        Type::Decimal | Type::Date | Type::Text => None,
    };
    read.unwrap_or_else(|| Value::from(text))
}

fn double(text: &str) -> Option<Value> {
    Number::from_f64(text.parse().ok()?).map(Value::Number)
}

/// `2024-02-29 12:00:00.5` and, as the session's zone is UTC, `2024-02-29 12:00:00.5+00`. `infinity` and years before
/// Christ (`0044-03-15 00:00:00 BC`) stay as they are.
fn timestamp(text: &str) -> Option<Value> {
    let local = text.strip_suffix("+00").unwrap_or(text);
    let (date, time) = local.split_once(' ')?;
    let is_time = time
        .bytes()
        .all(|c| c.is_ascii_digit() || c == b':' || c == b'.');
    is_time.then(|| Value::from(format!("{date}T{time}Z")))
}

/// `{1,NULL,"a \"quoted\" one"}`, `{{1,2},{3,4}}`, `[0:1]={1,2}`
/// (<https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>).
fn array(text: &str, element: Type, between: char) -> Option<Value> {
    let text = match text.strip_prefix('[') {
        Some(bounds) => bounds.split_once('=')?.1,
        None => text,
    };
    let mut rest = text.strip_prefix('{')?;
    let mut open = vec![Vec::new()];
    loop {
        rest = match rest.chars().next()? {
            '}' => {
                let done = Value::Array(open.pop()?);
                rest = rest.strip_prefix('}')?;
                let Some(around) = open.last_mut() else {
                    return rest.is_empty().then_some(done);
                };
                around.push(done);
                rest
            }
            // PostgreSQL has six dimensions at most; other servers may send anything.
            '{' if open.len() > 7 => return None,
            '{' => {
                open.push(Vec::new());
                rest.strip_prefix('{')?
            }
            c if c == between => rest.strip_prefix(between)?,
            '"' => {
                let (text, after) = quoted(rest.strip_prefix('"')?)?;
                open.last_mut()?.push(value(element, &text));
                after
            }
            _ => {
                let (text, after) = rest.split_at(rest.find([between, '}'])?);
                let null = text == "NULL";
                let item = if null {
                    Value::Null
                } else {
                    value(element, text)
                };
                open.last_mut()?.push(item);
                after
            }
        };
    }
}

/// What stands before the closing quote, and what after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut found = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some((found, text.get(at + 1..)?)),
            (_, '\\') => found.push(chars.next()?.1),
            (_, other) => found.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arrays_are_read_and_broken_ones_stay_text() {
        let text = Read::Array(Type::Text, ',');
        assert_eq!(text.value("{}"), json!([]));
        assert_eq!(
            text.value(r#"[2:3]={"a\"b\\,}",NULL}"#),
            json!(["a\"b\\,}", null])
        );
        assert_eq!(text.value(r#"{"NULL",""}"#), json!(["NULL", ""]));
        let numbers = Read::Array(Type::Integer, ',');
        assert_eq!(
            numbers.value("{{1,2},{3,NULL}}"),
            json!([[1, 2], [3, null]])
        );
        for broken in [
            "", "{", "{1", "{\"a", "{\"a\\", "[1:2]", "{1}}", "{}x", "1 2",
        ] {
            assert_eq!(numbers.value(broken), json!(broken));
        }
        let deep = "{".repeat(100_000) + &"}".repeat(100_000);
        assert_eq!(numbers.value(&deep), json!(deep));
    }

    #[test]
    fn documents_that_are_too_deep_stay_text() {
        let deep = "[".repeat(127) + &"]".repeat(127);
        let document = Read::Plain(Type::Json);
        assert_eq!(document.value(&deep), json!(deep));
        assert_eq!(document.value("[[1]]"), json!([[1]]));
    }

    #[test]
    fn texts_that_are_not_of_the_type_stay_text() {
        for r#type in [
            Type::Boolean,
            Type::Integer,
            Type::Double,
            Type::Timestamp,
            Type::Json,
        ] {
            assert_eq!(Read::Plain(r#type).value("é?"), json!("é?"));
        }
        let time = Read::Plain(Type::Timestamp);
        assert_eq!(time.value("-infinity"), json!("-infinity"));
        assert_eq!(
            time.value("0044-03-15 01:02:03 BC"),
            json!("0044-03-15 01:02:03 BC")
        );
        assert_eq!(
            time.value("2024-01-01 00:00:00+02"),
            json!("2024-01-01 00:00:00+02")
        );
        assert_eq!(
            time.value("294276-12-31 23:59:59.5+00"),
            json!("294276-12-31T23:59:59.5Z")
        );
    }
}

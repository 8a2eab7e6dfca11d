//! ClickHouse's types (<https://clickhouse.com/docs/sql-reference/data-types>), which nest.

use serde_json::Value;

use crate::{Type, values};

/// Types within types; deeper ones count as documents of any kind.
const DEEPEST: usize = 50;

/// What the values of a type are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Plain(Type),
    Array(Box<Kind>),
    /// By its values; keys are text in JSON.
    Map(Box<Kind>),
    /// Names are empty where parts have none.
    Tuple(Vec<(String, Kind)>),
}

impl Kind {
    pub(super) fn of(name: &str) -> Self {
        Self::at_depth(name, DEEPEST)
    }

    fn at_depth(name: &str, left: usize) -> Self {
        let name = name.trim();
        let (base, inside) = match name.split_once('(') {
            Some((base, rest)) => (base, rest.strip_suffix(')').unwrap_or(rest)),
            None => (name, ""),
        };
        let Some(left) = left.checked_sub(1) else {
            return Self::Plain(Type::Json);
        };
        let nth = |n: usize| Self::at_depth(parts(inside).get(n).unwrap_or(&""), left);
        match base {
            "Nullable" | "LowCardinality" => nth(0),
            "SimpleAggregateFunction" => nth(1),
            "Array" => Self::Array(Box::new(nth(0))),
            "Map" => Self::Map(Box::new(nth(1))),
            "Tuple" => Self::Tuple(members(inside, left)),
            "Nested" => Self::Array(Box::new(Self::Tuple(members(inside, left)))),
            _ => Self::Plain(plain(base)),
        }
    }

    /// Puts numbers and times within a document right: whole numbers of 64 bits come as text.
    pub(super) fn within(&self, value: &mut Value) {
        match (self, value) {
            (Self::Plain(Type::Json), _) | (_, Value::Null) => {}
            (Self::Plain(one), value) => {
                if let Some(Ok(read)) = value.as_str().map(|text| values::of_text(text, *one)) {
                    *value = read;
                }
            }
            (Self::Array(kind), Value::Array(all)) => {
                all.iter_mut().for_each(|one| kind.within(one));
            }
            (Self::Map(kind), Value::Object(all)) => {
                all.values_mut().for_each(|one| kind.within(one));
            }
            (Self::Tuple(kinds), Value::Array(all)) => {
                let pairs = all.iter_mut().zip(kinds);
                pairs.for_each(|(one, (_, kind))| kind.within(one));
            }
            (Self::Tuple(kinds), Value::Object(all)) => {
                for (name, kind) in kinds {
                    if let Some(one) = all.get_mut(name) {
                        kind.within(one);
                    }
                }
            }
            _ => {}
        }
    }
}

fn plain(base: &str) -> Type {
    match base {
        "Bool" => Type::Boolean,
        "Int8" | "Int16" | "Int32" | "Int64" | "UInt8" | "UInt16" | "UInt32" | "UInt64" => {
            Type::Integer
        }
        // More digits than a whole number of JSON has for many readers.
        "Int128" | "Int256" | "UInt128" | "UInt256" => Type::Decimal,
        "Decimal" | "Decimal32" | "Decimal64" | "Decimal128" | "Decimal256" => Type::Decimal,
        "Float32" | "Float64" | "BFloat16" => Type::Double,
        "Date" | "Date32" => Type::Date,
        "DateTime" | "DateTime32" | "DateTime64" => Type::Timestamp,
        "JSON" | "Object" | "Variant" | "Dynamic" | "Point" | "Ring" | "LineString" | "Polygon"
        | "MultiPolygon" | "MultiLineString" => Type::Json,
        _ => Type::Text,
    }
}

/// `a Int8, b String`, or types alone.
fn members(inside: &str, left: usize) -> Vec<(String, Kind)> {
    let member = |part: &&str| {
        let (name, of) = named(part.trim());
        (name, Kind::at_depth(of, left))
    };
    parts(inside).iter().map(member).collect()
}

fn named(part: &str) -> (String, &str) {
    if let Some((name, rest)) = part.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        return (name.to_owned(), rest);
    }
    let end = part.find([' ', '(']).unwrap_or(part.len());
    match part.split_at(end) {
        (name, rest) if rest.starts_with(' ') => (name.to_owned(), rest),
        _ => (String::new(), part),
    }
}

/// What commas separate that are in no bracket and in no quotes.
fn parts(inside: &str) -> Vec<&str> {
    let (mut all, mut start, mut depth) = (Vec::new(), 0, 0i32);
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in inside.char_indices() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '`', None) => quote = Some(c),
            ('(', None) => depth = depth.saturating_add(1),
            (')', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                all.push(inside.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    all.push(inside.get(start..).unwrap_or_default());
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrappers_do_not_change_what_a_type_is() {
        let types = [
            ("UInt64", Type::Integer),
            ("Int256", Type::Decimal),
            ("Nullable(Decimal(18, 4))", Type::Decimal),
            ("LowCardinality(Nullable(String))", Type::Text),
            ("Enum8('a, (' = 1, 'it\\'s' = 2)", Type::Text),
            ("DateTime64(3, 'Europe/Berlin')", Type::Timestamp),
            ("DateTime('UTC')", Type::Timestamp),
            ("Date32", Type::Date),
            ("SimpleAggregateFunction(sum, UInt64)", Type::Integer),
            ("Bool", Type::Boolean),
            ("JSON(max_dynamic_paths=1)", Type::Json),
            ("FixedString(3)", Type::Text),
            ("", Type::Text),
            ("Nullable(", Type::Text),
        ];
        for (name, wanted) in types {
            assert_eq!(Kind::of(name), Kind::Plain(wanted), "{name}");
        }
    }

    #[test]
    fn values_within_documents_have_their_types() {
        let cases = [
            (
                "Array(Nullable(UInt64))",
                json!(["1", null, "18446744073709551615"]),
                json!([1, null, u64::MAX]),
            ),
            (
                "Map(String, Array(Int64))",
                json!({"1": ["-1"]}),
                json!({"1": [-1]}),
            ),
            (
                "Tuple(`a b` Int64, c Tuple(String, Decimal(3, 1)))",
                json!({"a b": "1", "c": ["1", "1.0"]}),
                json!({"a b": 1, "c": ["1", "1.0"]}),
            ),
            (
                "Tuple(Int64, DateTime)",
                json!(["1", "2024-02-29T12:00:00Z"]),
                json!([1, "2024-02-29T12:00:00Z"]),
            ),
            ("Array(Int64)", json!("not an array"), json!("not an array")),
        ];
        for (name, mut value, wanted) in cases {
            Kind::of(name).within(&mut value);
            assert_eq!(value, wanted, "{name}");
        }
    }

    #[test]
    fn a_type_of_any_depth_is_read() {
        let name = format!("{}Int8{}", "Array(".repeat(5_000), ")".repeat(5_000));
        assert!(matches!(Kind::of(&name), Kind::Array(_)));
    }
}

//! Trino's types (<https://trino.io/docs/current/language/types.html>).

use crate::Type;

/// What the values of a type are, as in `decimal(10,2)` or `timestamp(6) with time zone`.
pub(super) fn of(name: &str) -> Type {
    let name = name.to_ascii_lowercase();
    let base = name.split(['(', ' ']).next().unwrap_or_default();
    match base {
        "boolean" => Type::Boolean,
        "tinyint" | "smallint" | "integer" | "bigint" => Type::Integer,
        "real" | "double" => Type::Double,
        "decimal" => Type::Decimal,
        "date" => Type::Date,
        "timestamp" => Type::Timestamp,
        "array" | "map" | "row" | "json" => Type::Json,
        _ => Type::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_first_word() {
        let types = [
            ("boolean", Type::Boolean),
            ("bigint", Type::Integer),
            ("real", Type::Double),
            ("decimal(38,10)", Type::Decimal),
            ("decimal", Type::Decimal),
            ("date", Type::Date),
            ("timestamp(3)", Type::Timestamp),
            ("timestamp(12) with time zone", Type::Timestamp),
            ("timestamp with time zone", Type::Timestamp),
            ("varchar(10)", Type::Text),
            ("time(3)", Type::Text),
            ("interval day to second", Type::Text),
            ("array(decimal(1,0))", Type::Json),
            ("map(varchar, bigint)", Type::Json),
            ("row(a bigint, b varchar)", Type::Json),
            ("json", Type::Json),
            ("", Type::Text),
        ];
        for (name, wanted) in types {
            assert_eq!(of(name), wanted, "{name}");
        }
    }
}

//! Both databases, and when their answers are the same.

use std::sync::OnceLock;

use serde_json::Value;
use warehouse::embedded::Engine;
use warehouse::{Rows, Type};

use crate::{data, postgres};

/// One engine for all tests, as it is in production.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(data::engine)
}

/// What both answer to a query.
pub(crate) async fn both(sql: &str) -> (Result<Rows, String>, Result<Rows, String>) {
    let embedded = engine().query(sql).await.map_err(|error| error.to_string());
    (embedded, postgres::query(sql).await)
}

/// Numbers are numbers, whichever type they have: `date_part` is a double and `EXTRACT` a decimal.
pub(crate) fn is_number(r#type: Type) -> bool {
    matches!(r#type, Type::Integer | Type::Double | Type::Decimal)
}

/// The same value, but for the last digits of a number: doubles are added in another order, and quotients of decimals
/// are cut at another place.
pub(crate) fn same(one: &Value, other: &Value, number: bool) -> bool {
    if one == other {
        return true;
    }
    match (number, as_number(one), as_number(other)) {
        (true, Some(one), Some(other)) => {
            (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
        }
        _ => false,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

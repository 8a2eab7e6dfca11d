//! Values as JSON has them on the wire.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::Type;

/// Integers beyond this are text on the wire: JavaScript reads no larger ones exactly.
const SAFE: u64 = 1 << 53;
/// Digits that every double keeps.
const EXACT_DIGITS: usize = 15;

/// A value without format: dates as instants, numbers as numbers where that loses nothing.
pub struct Raw<'a>(pub &'a Value, pub Type);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.1, self.0) {
            (Type::Integer, Value::Number(number)) => {
                let whole = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
                if whole.is_some_and(|whole| whole > SAFE) {
                    return serializer.collect_str(number);
                }
                number.serialize(serializer)
            }
            (Type::Decimal, Value::String(digits)) => match exact(digits) {
                Some(number) if number.fract() == 0.0 && number.abs() <= SAFE as f64 => {
                    serializer.serialize_i64(number as i64)
                }
                Some(number) => serializer.serialize_f64(number),
                None => serializer.serialize_str(digits),
            },
            (Type::Double, Value::Number(number)) => match number.as_f64() {
                // As servers in JavaScript write it: 100, not 100.0.
                Some(whole) if whole.fract() == 0.0 && whole.abs() <= SAFE as f64 => {
                    serializer.serialize_i64(whole as i64)
                }
                _ => number.serialize(serializer),
            },
            (Type::Date, Value::String(date)) if date.len() == "2024-02-29".len() => {
                serializer.collect_str(&format_args!("{date}T00:00:00Z"))
            }
            (_, value) => value.serialize(serializer),
        }
    }
}

/// The number that decimal digits are, if a double keeps all of them.
fn exact(digits: &str) -> Option<f64> {
    // Zeros before the first digit and after the last one of a fraction say nothing.
    let bare = digits.trim_start_matches(['-', '0', '.']);
    let bare = match digits.contains('.') {
        true => bare.trim_end_matches('0'),
        false => bare,
    };
    let significant = bare.bytes().filter(u8::is_ascii_digit).count();
    let number: f64 = digits.parse().ok()?;
    (significant <= EXACT_DIGITS && number.is_finite()).then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_stay_numbers_where_nothing_is_lost() {
        let cases = [
            (Type::Integer, json!(42), json!(42)),
            (
                Type::Integer,
                json!(9_007_199_254_740_992_u64),
                json!(9_007_199_254_740_992_u64),
            ),
            (
                Type::Integer,
                json!(9_007_199_254_740_993_u64),
                json!("9007199254740993"),
            ),
            (
                Type::Integer,
                json!(i64::MIN),
                json!("-9223372036854775808"),
            ),
            (Type::Decimal, json!("12.50"), json!(12.5)),
            (Type::Decimal, json!("25"), json!(25)),
            (
                Type::Decimal,
                json!("0.0521739130434783"),
                json!(0.052_173_913_043_478_3),
            ),
            (Type::Decimal, json!("-2.5000000000000000000"), json!(-2.5)),
            (Type::Decimal, json!("0.00000000000000000000"), json!(0)),
            (
                Type::Decimal,
                json!("100000000000000000000"),
                json!("100000000000000000000"),
            ),
            (Type::Decimal, json!("-0.1"), json!(-0.1)),
            (Type::Decimal, json!("NaN"), json!("NaN")),
            (
                Type::Decimal,
                json!("1234567890123456.78"),
                json!("1234567890123456.78"),
            ),
            (Type::Double, json!(0.5), json!(0.5)),
            (Type::Double, json!(100.0), json!(100)),
            (Type::Double, json!(-0.0), json!(0)),
            (Type::Double, json!(1e300), json!(1e300)),
            (Type::Double, json!("Infinity"), json!("Infinity")),
            (
                Type::Date,
                json!("2024-02-29"),
                json!("2024-02-29T00:00:00Z"),
            ),
            (Type::Date, json!("infinity"), json!("infinity")),
            (
                Type::Timestamp,
                json!("2024-02-29T12:00:00.5Z"),
                json!("2024-02-29T12:00:00.5Z"),
            ),
            (Type::Text, json!("12.50"), json!("12.50")),
            (Type::Boolean, json!(false), json!(false)),
            (Type::Decimal, json!(null), json!(null)),
            (Type::Json, json!([1, {"a": null}]), json!([1, {"a": null}])),
        ];
        for (kind, value, raw) in cases {
            assert_eq!(
                serde_json::to_value(Raw(&value, kind)).unwrap(),
                raw,
                "{value}"
            );
        }
    }
}

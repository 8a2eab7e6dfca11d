//! The double that is nearest to a decimal, and the decimal that a double is written as.

use std::fmt::Display;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Decimal128Array, Float64Array};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, Float32Type, Float64Type,
};
use datafusion::common::{ScalarValue, exec_datafusion_err, exec_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;

use super::scalar::{Scalar, unfit};

/// `x::float8` of a decimal.
pub(in crate::embedded) fn double() -> ScalarUDF {
    let scalar = Scalar {
        name: "pg_double",
        aliases: &[],
        takes: |arguments| match arguments {
            [DataType::Decimal128(..) | DataType::Decimal256(..)] => Ok(arguments.to_vec()),
            _ => unfit("pg_double", arguments),
        },
        gives: |_, _| Ok(DataType::Float64),
        run: |columns, _| {
            let [column] = columns else {
                return exec_err!("pg_double takes one argument");
            };
            let doubles: Float64Array = match column.data_type() {
                DataType::Decimal128(_, scale) => column
                    .as_primitive::<Decimal128Type>()
                    .iter()
                    .map(|digits| digits.map(|digits| exact(digits, *scale)))
                    .collect(),
                DataType::Decimal256(_, scale) => column
                    .as_primitive::<Decimal256Type>()
                    .iter()
                    .map(|digits| digits.map(|digits| by_text(digits, *scale)))
                    .collect(),
                other => return exec_err!("{other} is not a decimal"),
            };
            Ok(Arc::new(doubles))
        },
    };
    scalar.function()
}

/// Powers of ten that are doubles; no greater one is.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// All whole numbers up to this one are doubles.
const WHOLE: u128 = 1 << f64::MANTISSA_DIGITS;

/// The double that is nearest to a decimal of these digits, so many of them behind the point.
pub(in crate::embedded) fn exact(digits: i128, scale: i8) -> f64 {
    let ten = usize::try_from(scale).ok().and_then(|at| TENS.get(at));
    match ten {
        // Both are exact, so only the quotient is rounded.
        Some(ten) if digits.unsigned_abs() <= WHOLE => digits as f64 / ten,
        _ => by_text(digits, scale),
    }
}

fn by_text(digits: impl Display, scale: i8) -> f64 {
    let text = format!("{digits}e{}", -i32::from(scale));
    text.parse().unwrap_or(f64::NAN)
}

/// `x::numeric(precision, scale)` of a double or a real: by its first 15 or 6 digits, which are those that it surely has.
pub(in crate::embedded) fn decimal() -> ScalarUDF {
    let scalar = Scalar {
        name: "pg_decimal",
        aliases: &[],
        takes: |arguments| match arguments {
            [
                DataType::Float64 | DataType::Float32,
                DataType::Int64,
                DataType::Int64,
            ] => Ok(arguments.to_vec()),
            _ => unfit("pg_decimal", arguments),
        },
        gives: |_, constants| match constants {
            [
                _,
                Some(ScalarValue::Int64(Some(precision))),
                Some(ScalarValue::Int64(Some(scale))),
            ] => match (u8::try_from(*precision), i8::try_from(*scale)) {
                (Ok(precision), Ok(scale)) => Ok(DataType::Decimal128(precision, scale)),
                _ => exec_err!("there is no numeric({precision},{scale})"),
            },
            _ => exec_err!("pg_decimal takes a precision and a scale"),
        },
        run: |columns, gives| {
            let (Some(column), DataType::Decimal128(precision, scale)) = (columns.first(), gives)
            else {
                return exec_err!("pg_decimal takes a number");
            };
            let (precision, scale) = (*precision, *scale);
            let decimals = match column.data_type() {
                DataType::Float64 => column
                    .as_primitive::<Float64Type>()
                    .iter()
                    .map(|value| {
                        value
                            .map(|value| of_text(&format!("{value:.14e}"), precision, scale))
                            .transpose()
                    })
                    .collect::<Result<Decimal128Array>>()?,
                DataType::Float32 => column
                    .as_primitive::<Float32Type>()
                    .iter()
                    .map(|value| {
                        value
                            .map(|value| of_text(&format!("{value:.5e}"), precision, scale))
                            .transpose()
                    })
                    .collect::<Result<Decimal128Array>>()?,
                other => return exec_err!("{other} is not a double"),
            };
            Ok(Arc::new(
                decimals.with_precision_and_scale(precision, scale)?,
            ))
        },
    };
    scalar.function()
}

/// The digits of a decimal that is written as `1.25e3`.
fn of_text(text: &str, precision: u8, scale: i8) -> Result<i128> {
    // What is infinite or no number has no exponent.
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return exec_err!("cannot convert {text} to numeric");
    };
    let fraction = mantissa
        .split_once('.')
        .map_or(0, |(_, digits)| digits.len());
    let digits: i128 = mantissa.replace('.', "").parse().map_err(|_| overflow())?;
    let exponent: i32 = exponent.parse().map_err(|_| overflow())?;
    let shift = i32::from(scale) + exponent - fraction as i32;
    let value = if shift >= 0 {
        power(shift).and_then(|ten| digits.checked_mul(ten))
    } else {
        // What is less than all powers is less than half of one.
        Some(power(-shift).map_or(0, |ten| nearest(digits, ten)))
    };
    let most = power(i32::from(precision));
    value
        .filter(|value| most.is_none_or(|most| value.abs() < most))
        .ok_or_else(overflow)
}

/// A half goes away from zero.
fn nearest(digits: i128, ten: i128) -> i128 {
    let (whole, rest) = (digits / ten, digits % ten);
    if rest.abs() >= ten - rest.abs() {
        whole + digits.signum()
    } else {
        whole
    }
}

fn power(exponent: i32) -> Option<i128> {
    10_i128.checked_pow(u32::try_from(exponent).ok()?)
}

fn overflow() -> DataFusionError {
    exec_datafusion_err!("numeric field overflow")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_what_is_written() {
        let written = |value: f64| of_text(&format!("{value:.14e}"), 38, 10).unwrap();
        for (value, digits) in [
            (123_456_789.125, 1_234_567_891_250_000_000),
            (1e15, 10_000_000_000_000_000_000_000_000),
            (0.1 + 0.2, 3_000_000_000),
            (-2.5e-10, -3),
            (1e-300, 0),
            (0.0, 0),
        ] {
            assert_eq!(written(value), digits, "{value}");
        }
        for (text, precision, scale, digits) in [
            ("2.50000e0", 3, 0, Some(3)),
            ("-2.50000e0", 3, 0, Some(-3)),
            ("9.99500e0", 3, 2, None),
            ("9.99400e0", 3, 2, Some(999)),
            ("1.00000e30", 38, 10, None),
            ("1.00000e308", 38, 10, None),
            ("1.25000e3", 38, -2, Some(13)),
            ("inf", 38, 10, None),
            ("NaN", 38, 10, None),
        ] {
            assert_eq!(of_text(text, precision, scale).ok(), digits, "{text}");
        }
    }

    #[test]
    fn doubles_are_the_nearest_ones() {
        for (digits, scale, value) in [
            (25_827_857_842_996_414, 5, 258_278_578_429.964_14),
            (-25_827_857_842_996_414, 5, -258_278_578_429.964_14),
            (1, 1, 0.1),
            (9_007_199_254_740_993, 0, 9_007_199_254_740_992.0),
            (9_007_199_254_740_995, 0, 9_007_199_254_740_996.0),
            (1, 38, 1e-38),
            (0, 2, 0.0),
            (12, -2, 1200.0),
        ] {
            assert_eq!(exact(digits, scale), value, "{digits}e-{scale}");
        }
    }
}

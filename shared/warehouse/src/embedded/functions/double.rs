//! The double that is nearest to a decimal.

use std::fmt::Display;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Decimal256Type};
use datafusion::common::exec_err;
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

#[cfg(test)]
mod tests {
    use super::*;

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

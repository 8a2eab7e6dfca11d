//! Arithmetic of decimals and doubles.
//! <https://www.postgresql.org/docs/17/functions-math.html>

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, i256};
use datafusion::common::{ScalarValue, exec_datafusion_err, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::scalar::{Scalar, unfit};

/// Digits behind the point of a quotient. PostgreSQL keeps 16 significant ones at least.
const QUOTIENT: i8 = 16;
/// All digits of a decimal.
const DIGITS: u8 = 38;

pub(super) fn all() -> [ScalarUDF; 11] {
    [
        divide(),
        whole_quotient(),
        multiply(),
        plus(),
        minus(),
        times(),
        rounded(
            "round",
            &[],
            |arguments, constants| scale_of("round", arguments, constants),
            |columns, gives| round(columns, gives, Way::Nearest),
        ),
        rounded(
            "trunc",
            &[],
            |arguments, constants| scale_of("trunc", arguments, constants),
            |columns, gives| round(columns, gives, Way::Zero),
        ),
        rounded(
            "floor",
            &[],
            |arguments, constants| scale_of("floor", arguments, constants),
            |columns, gives| round(columns, gives, Way::Down),
        ),
        rounded(
            "ceil",
            &["ceiling"],
            |arguments, constants| scale_of("ceil", arguments, constants),
            |columns, gives| round(columns, gives, Way::Up),
        ),
        nearest(),
    ]
}

/// `a / b` where one of them is a decimal or a double.
pub(in crate::embedded) fn divide() -> ScalarUDF {
    let scalar = Scalar {
        name: "pg_divide",
        aliases: &[],
        takes: |arguments| both("/", arguments),
        gives: |arguments, _| {
            Ok(match arguments {
                [DataType::Decimal128(_, one), DataType::Decimal128(_, other)] => {
                    DataType::Decimal128(DIGITS, QUOTIENT.max(*one).max(*other))
                }
                _ => DataType::Float64,
            })
        },
        run: |columns, gives| {
            of_both(columns, gives, divided, |a, b| {
                if b == 0.0 {
                    division_by_zero()
                } else {
                    Ok(a / b)
                }
            })
        },
    };
    scalar.function()
}

/// `div(a, b)`: how often `b` is in `a`.
fn whole_quotient() -> ScalarUDF {
    let scalar = Scalar {
        name: "div",
        aliases: &[],
        takes: |arguments| match both("div", arguments)?.as_slice() {
            decimals @ [DataType::Decimal128(..), DataType::Decimal128(..)] => {
                Ok(decimals.to_vec())
            }
            _ => unfit("div", arguments),
        },
        gives: |_, _| Ok(DataType::Decimal128(DIGITS, 0)),
        run: |columns, gives| {
            let whole = |a, b, scale| divided_in(Way::Zero, a, b, scale);
            of_both(columns, gives, whole, |_, _| {
                exec_err!("div takes decimals")
            })
        },
    };
    scalar.function()
}

/// `a * b` of decimals whose product would have more digits behind the point than there is room for.
pub(in crate::embedded) fn multiply() -> ScalarUDF {
    let scalar = Scalar {
        name: "pg_multiply",
        aliases: &[],
        takes: |arguments| both("*", arguments),
        gives: |arguments, _| {
            Ok(match arguments {
                [DataType::Decimal128(..), DataType::Decimal128(..)] => {
                    DataType::Decimal128(DIGITS, QUOTIENT)
                }
                _ => DataType::Float64,
            })
        },
        run: |columns, gives| of_both(columns, gives, multiplied, |a, b| Ok(a * b)),
    };
    scalar.function()
}

/// `a + b` of integers.
pub(in crate::embedded) fn plus() -> ScalarUDF {
    of_integers("pg_plus", |columns, gives| {
        integers(columns, gives, i64::checked_add)
    })
}

/// `a - b` of integers.
pub(in crate::embedded) fn minus() -> ScalarUDF {
    of_integers("pg_minus", |columns, gives| {
        integers(columns, gives, i64::checked_sub)
    })
}

/// `a * b` of integers.
pub(in crate::embedded) fn times() -> ScalarUDF {
    of_integers("pg_times", |columns, gives| {
        integers(columns, gives, i64::checked_mul)
    })
}

/// Two of `integer` or smaller make an `integer`, others a `bigint`.
fn of_integers(name: &'static str, run: Run) -> ScalarUDF {
    let takes = |arguments: &[DataType]| match arguments {
        [one, other] if is_small(one) && is_small(other) => Ok(vec![DataType::Int32; 2]),
        [_, _] => Ok(vec![DataType::Int64; 2]),
        _ => unfit("arithmetic", arguments),
    };
    let gives: Gives = |arguments, _| match arguments {
        [DataType::Int32, DataType::Int32] => Ok(DataType::Int32),
        _ => Ok(DataType::Int64),
    };
    Scalar {
        name,
        aliases: &[],
        takes,
        gives,
        run,
    }
    .function()
}

fn is_small(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16
    )
}

fn integers(
    columns: &[ArrayRef],
    gives: &DataType,
    operation: fn(i64, i64) -> Option<i64>,
) -> Result<ArrayRef> {
    let [one, other] = columns else {
        return exec_err!("an operator takes two arguments");
    };
    let (one, other) = (cast(one, &DataType::Int64)?, cast(other, &DataType::Int64)?);
    let pairs = one
        .as_primitive::<Int64Type>()
        .iter()
        .zip(other.as_primitive::<Int64Type>());
    let small = *gives == DataType::Int32;
    let fits = |value: &i64| !small || i32::try_from(*value).is_ok();
    let result = pairs
        .map(|pair| match pair {
            (Some(a), Some(b)) => match operation(a, b).filter(fits) {
                Some(value) => Ok(Some(value)),
                None => exec_err!("{} out of range", if small { "integer" } else { "bigint" }),
            },
            _ => Ok(None),
        })
        .collect::<Result<Int64Array>>()?;
    Ok(cast(&result, gives)?)
}

/// Whether the product of these types has to be made by [`multiply`].
pub(in crate::embedded) fn is_long_product(one: &DataType, other: &DataType) -> bool {
    match (one, other) {
        (DataType::Decimal128(_, one), DataType::Decimal128(_, other)) => {
            one.saturating_add(*other) > QUOTIENT
        }
        _ => false,
    }
}

/// What is cast to an integer, as PostgreSQL would round it: decimals away from zero, doubles to even. Everything else
/// stays.
fn nearest() -> ScalarUDF {
    let scalar = Scalar {
        name: "pg_nearest",
        aliases: &[],
        takes: |arguments| match arguments {
            [DataType::Decimal128(..)] => Ok(arguments.to_vec()),
            [number] if number.is_floating() => Ok(vec![DataType::Float64]),
            [_] => Ok(arguments.to_vec()),
            _ => unfit("pg_nearest", arguments),
        },
        gives: |arguments, _| match arguments {
            [DataType::Decimal128(..)] => Ok(DataType::Decimal128(DIGITS, 0)),
            [other] => Ok(other.clone()),
            _ => unfit("pg_nearest", arguments),
        },
        run: |columns, gives| match (columns, gives) {
            (_, DataType::Decimal128(..) | DataType::Float64) => {
                round(columns, gives, Way::Nearest)
            }
            ([column], _) => Ok(Arc::clone(column)),
            _ => exec_err!("pg_nearest takes one argument"),
        },
    };
    scalar.function()
}

#[derive(Clone, Copy)]
enum Way {
    Nearest,
    Zero,
    Down,
    Up,
}

type Gives = fn(&[DataType], &[Option<&ScalarValue>]) -> Result<DataType>;
type Run = fn(&[ArrayRef], &DataType) -> Result<ArrayRef>;

fn rounded(
    name: &'static str,
    aliases: &'static [&'static str],
    gives: Gives,
    run: Run,
) -> ScalarUDF {
    let takes = |arguments: &[DataType]| {
        let places = arguments.get(1).map(|_| DataType::Int64);
        let number = match arguments {
            [DataType::Decimal128(..)] | [DataType::Decimal128(..), _] => {
                arguments.first().cloned()
            }
            [number, _] if number.is_integer() => Some(DataType::Decimal128(DIGITS, 0)),
            // A column of a file is text when it has no values.
            [number] | [number, _]
                if number.is_numeric() || number.is_null() || number.is_string() =>
            {
                Some(DataType::Float64)
            }
            _ => None,
        };
        match number {
            Some(number) => Ok(std::iter::once(number).chain(places).collect()),
            None => unfit("round", arguments),
        }
    };
    Scalar {
        name,
        aliases,
        takes,
        gives,
        run,
    }
    .function()
}

/// Rounded to a constant number of places, a decimal has that many.
fn scale_of(
    name: &str,
    arguments: &[DataType],
    constants: &[Option<&ScalarValue>],
) -> Result<DataType> {
    match arguments {
        [DataType::Decimal128(precision, scale)] => Ok(of_places(*precision, *scale, 0)),
        [DataType::Decimal128(precision, scale), _] => {
            let places = match constants
                .get(1)
                .copied()
                .flatten()
                .map(|constant| constant.cast_to(&DataType::Int64))
            {
                Some(Ok(ScalarValue::Int64(Some(places)))) => {
                    i8::try_from(places.clamp(0, 30)).unwrap_or(*scale)
                }
                _ => *scale,
            };
            Ok(of_places(*precision, *scale, places))
        }
        [DataType::Float64] | [DataType::Float64, _] => Ok(DataType::Float64),
        _ => unfit(name, arguments),
    }
}

/// As many digits as there can be, so that what is made of them knows how many are left.
fn of_places(precision: u8, scale: i8, places: i8) -> DataType {
    // 99.9 is 100.
    let before = i16::from(precision) - i16::from(scale) + 1;
    let digits = (before + i16::from(places)).clamp(1, i16::from(DIGITS));
    DataType::Decimal128(digits as u8, places)
}

fn round(columns: &[ArrayRef], gives: &DataType, way: Way) -> Result<ArrayRef> {
    let Some(numbers) = columns.first() else {
        return exec_err!("rounding takes a number");
    };
    let places = columns
        .get(1)
        .map(|places| places.as_primitive::<Int64Type>());
    let places = |row: usize| match places {
        None => Some(0),
        Some(places) => places
            .is_valid(row)
            .then(|| places.value(row).clamp(-38, 38) as i32),
    };
    if let (DataType::Decimal128(_, from), DataType::Decimal128(precision, to)) =
        (numbers.data_type(), gives)
    {
        let numbers = numbers.as_primitive::<Decimal128Type>();
        let round_one = |row: usize| -> Result<Option<i128>> {
            let (true, Some(places)) = (numbers.is_valid(row), places(row)) else {
                return Ok(None);
            };
            let dropped = (i32::from(*from) - places).max(0);
            let rounded = quotient(i256::from_i128(numbers.value(row)), power(dropped)?, way);
            let scale_left = i32::from(*from) - dropped;
            Ok(Some(rescaled(rounded, scale_left, i32::from(*to))?))
        };
        let result = (0..numbers.len())
            .map(round_one)
            .collect::<Result<Decimal128Array>>()?;
        return Ok(Arc::new(result.with_precision_and_scale(*precision, *to)?));
    }
    let numbers = numbers.as_primitive::<Float64Type>();
    let round_one = |row: usize| {
        let (true, Some(places)) = (numbers.is_valid(row), places(row)) else {
            return None;
        };
        let number = numbers.value(row);
        let factor = 10_f64.powi(places);
        Some(match (way, places) {
            (Way::Nearest, 0) => number.round_ties_even(),
            (Way::Nearest, _) => (number * factor).round() / factor,
            (Way::Zero, _) => (number * factor).trunc() / factor,
            (Way::Down, _) => number.floor(),
            (Way::Up, _) => number.ceil(),
        })
    };
    Ok(Arc::new(
        (0..numbers.len()).map(round_one).collect::<Float64Array>(),
    ))
}

/// Both as decimals, or both as doubles when one is.
fn both(operator: &str, arguments: &[DataType]) -> Result<Vec<DataType>> {
    let decimal = |data_type: &DataType| match data_type {
        DataType::Decimal128(..) => Some(data_type.clone()),
        DataType::Decimal256(_, scale) => Some(DataType::Decimal128(DIGITS, *scale)),
        DataType::Null => Some(DataType::Decimal128(DIGITS, 0)),
        integer if integer.is_integer() => Some(DataType::Decimal128(20, 0)),
        _ => None,
    };
    match arguments {
        [one, other] => Ok(match (decimal(one), decimal(other)) {
            (Some(one), Some(other)) => vec![one, other],
            _ => vec![DataType::Float64; 2],
        }),
        _ => unfit(operator, arguments),
    }
}

type OfDecimals = fn((i128, i32), (i128, i32), i32) -> Result<i128>;

fn of_both(
    columns: &[ArrayRef],
    gives: &DataType,
    decimals: OfDecimals,
    doubles: fn(f64, f64) -> Result<f64>,
) -> Result<ArrayRef> {
    let [one, other] = columns else {
        return exec_err!("an operator takes two arguments");
    };
    let scales = (one.data_type(), other.data_type());
    if let (
        DataType::Decimal128(precision, to),
        (DataType::Decimal128(_, first), DataType::Decimal128(_, second)),
    ) = (gives, scales)
    {
        let (one, other) = (
            one.as_primitive::<Decimal128Type>(),
            other.as_primitive::<Decimal128Type>(),
        );
        let (first, second, scale) = (i32::from(*first), i32::from(*second), i32::from(*to));
        let result = one
            .iter()
            .zip(other)
            .map(|pair| match pair {
                (Some(a), Some(b)) => decimals((a, first), (b, second), scale).map(Some),
                _ => Ok(None),
            })
            .collect::<Result<Decimal128Array>>()?;
        return Ok(Arc::new(result.with_precision_and_scale(*precision, *to)?));
    }
    let (one, other) = (
        one.as_primitive::<Float64Type>(),
        other.as_primitive::<Float64Type>(),
    );
    let result = one.iter().zip(other).map(|pair| match pair {
        (Some(a), Some(b)) => doubles(a, b).map(Some),
        _ => Ok(None),
    });
    Ok(Arc::new(result.collect::<Result<Float64Array>>()?))
}

fn divided(a: (i128, i32), b: (i128, i32), scale: i32) -> Result<i128> {
    divided_in(Way::Nearest, a, b, scale)
}

/// A decimal is a whole number and how many of its digits are behind the point.
fn divided_in(way: Way, a: (i128, i32), b: (i128, i32), scale: i32) -> Result<i128> {
    if b.0 == 0 {
        return division_by_zero();
    }
    let shift = scale + b.1 - a.1;
    let (mut numerator, mut denominator) = (i256::from_i128(a.0), i256::from_i128(b.0));
    if shift >= 0 {
        numerator = numerator.checked_mul(power(shift)?).ok_or_else(overflow)?;
    } else {
        denominator = denominator
            .checked_mul(power(-shift)?)
            .ok_or_else(overflow)?;
    }
    quotient(numerator, denominator, way)
        .to_i128()
        .ok_or_else(overflow)
}

fn multiplied(a: (i128, i32), b: (i128, i32), scale: i32) -> Result<i128> {
    let product = i256::from_i128(a.0)
        .checked_mul(i256::from_i128(b.0))
        .ok_or_else(overflow)?;
    rescaled(product, a.1 + b.1, scale)
}

fn rescaled(number: i256, from: i32, to: i32) -> Result<i128> {
    let number = if to >= from {
        number.checked_mul(power(to - from)?).ok_or_else(overflow)?
    } else {
        quotient(number, power(from - to)?, Way::Nearest)
    };
    number.to_i128().ok_or_else(overflow)
}

fn quotient(numerator: i256, denominator: i256, way: Way) -> i256 {
    let (whole, rest) = (
        numerator.wrapping_div(denominator),
        numerator.wrapping_rem(denominator),
    );
    if rest == i256::ZERO {
        return whole;
    }
    let negative = numerator.is_negative() != denominator.is_negative();
    let away = match way {
        Way::Zero => false,
        Way::Down => negative,
        Way::Up => !negative,
        Way::Nearest => {
            let rest = rest.wrapping_abs();
            rest >= denominator.wrapping_abs().wrapping_sub(rest)
        }
    };
    match (away, negative) {
        (false, _) => whole,
        (true, true) => whole.wrapping_sub(i256::ONE),
        (true, false) => whole.wrapping_add(i256::ONE),
    }
}

fn power(exponent: i32) -> Result<i256> {
    let exponent = u32::try_from(exponent).map_err(|_| overflow())?;
    i256::from_i128(10)
        .checked_pow(exponent)
        .ok_or_else(overflow)
}

fn division_by_zero<T>() -> Result<T> {
    exec_err!("division by zero")
}

fn overflow() -> datafusion::error::DataFusionError {
    exec_datafusion_err!("numeric field overflow")
}

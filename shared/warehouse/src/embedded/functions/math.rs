//! Functions of one number; what has no result is an error, and neither infinite nor no number.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array, Float64Array};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Float64Type};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::functions::math::abs;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

use super::scalar::{Scalar, unfit};

pub(super) fn all() -> [ScalarUDF; 5] {
    [
        of_doubles("exp", |columns, _| {
            each(columns, |x| {
                let result = x.exp();
                if result.is_infinite() && x.is_finite() {
                    return exec_err!("value out of range: overflow");
                }
                Ok(result)
            })
        }),
        of_doubles("ln", |columns, _| {
            each(columns, |x| {
                if x == 0.0 {
                    return exec_err!("cannot take logarithm of zero");
                }
                if x < 0.0 {
                    return exec_err!("cannot take logarithm of a negative number");
                }
                Ok(x.ln())
            })
        }),
        of_doubles("sqrt", |columns, _| {
            each(columns, |x| {
                if x < 0.0 {
                    return exec_err!("cannot take square root of a negative number");
                }
                Ok(x.sqrt())
            })
        }),
        sign(),
        absolute(),
    ]
}

fn of_doubles(
    name: &'static str,
    run: fn(&[ArrayRef], &DataType) -> Result<ArrayRef>,
) -> ScalarUDF {
    let scalar = Scalar {
        name,
        aliases: &[],
        takes: |arguments| match arguments {
            [number] if is_number(number) => Ok(vec![DataType::Float64]),
            _ => plan_err!("exp, ln and sqrt take one number"),
        },
        gives: |_, _| Ok(DataType::Float64),
        run,
    };
    scalar.function()
}

/// A column of a file is text when it has no values.
fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() || data_type.is_null() || data_type.is_string()
}

fn each(columns: &[ArrayRef], operation: fn(f64) -> Result<f64>) -> Result<ArrayRef> {
    let [column] = columns else {
        return exec_err!("a function of one number takes one");
    };
    let results = column
        .as_primitive::<Float64Type>()
        .iter()
        .map(|value| value.map(operation).transpose())
        .collect::<Result<Float64Array>>()?;
    Ok(Arc::new(results))
}

/// `sign(x)`: 1, 0 or -1.
fn sign() -> ScalarUDF {
    let scalar = Scalar {
        name: "sign",
        aliases: &[],
        takes: |arguments| match arguments {
            [DataType::Decimal128(..)] => Ok(arguments.to_vec()),
            [number] if is_number(number) => Ok(vec![DataType::Float64]),
            _ => unfit("sign", arguments),
        },
        gives: |arguments, _| {
            Ok(match arguments {
                [DataType::Decimal128(..)] => DataType::Decimal128(1, 0),
                _ => DataType::Float64,
            })
        },
        run: |columns, _| match columns {
            [column] if matches!(column.data_type(), DataType::Decimal128(..)) => {
                let signs: Decimal128Array = column
                    .as_primitive::<Decimal128Type>()
                    .iter()
                    .map(|value| value.map(i128::signum))
                    .collect();
                Ok(Arc::new(signs.with_precision_and_scale(1, 0)?))
            }
            // Of no number and of zero it is what they are.
            _ => each(columns, |x| {
                Ok(if x == 0.0 || x.is_nan() {
                    x
                } else {
                    x.signum()
                })
            }),
        },
    };
    scalar.function()
}

/// The engine's own `abs(x)`, which takes a column without values too.
fn absolute() -> ScalarUDF {
    let scalar = Scalar {
        name: "abs",
        aliases: &[],
        takes: |arguments| match arguments {
            [DataType::Null] => Ok(vec![DataType::Float64]),
            [text] if text.is_string() => Ok(vec![DataType::Float64]),
            [number] if number.is_numeric() => Ok(arguments.to_vec()),
            _ => unfit("abs", arguments),
        },
        gives: |arguments, _| match arguments {
            [number] => Ok(number.clone()),
            _ => unfit("abs", arguments),
        },
        run: |columns, gives| {
            let [column] = columns else {
                return exec_err!("abs takes one number");
            };
            let arguments = ScalarFunctionArgs {
                args: vec![ColumnarValue::Array(Arc::clone(column))],
                arg_fields: vec![Arc::new(Field::new("x", gives.clone(), true))],
                number_rows: column.len(),
                return_field: Arc::new(Field::new("abs", gives.clone(), true)),
                config_options: Arc::default(),
            };
            abs().invoke_with_args(arguments)?.into_array(column.len())
        },
    };
    scalar.function()
}

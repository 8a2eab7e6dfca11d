//! -0 is 0. The engine's operators have it so; its lists, cases, `nullif` and what is counted once tell the two apart.

use std::iter::once;
use std::mem::take;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::utils::normalize_float_zero_scalar;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, ExprSchemable};

/// The expression, with no -0 in what it takes for the same or not.
pub(super) fn without_sign(mut expr: Expr, schema: &DFSchema) -> Result<Expr> {
    match &mut expr {
        Expr::InList(test) => {
            plain(once(&mut *test.expr).chain(&mut test.list), schema)?;
        }
        Expr::Case(case) => {
            if let Some(operand) = &mut case.expr {
                let whens = case.when_then_expr.iter_mut();
                let whens = whens.map(|(when, _)| &mut **when);
                plain(once(&mut **operand).chain(whens), schema)?;
            }
        }
        Expr::ScalarFunction(call) if call.name() == "nullif" => plain(&mut call.args, schema)?,
        // `= ANY(ARRAY[…])`
        Expr::ScalarFunction(call) if call.name() == "array_has" => {
            for side in &mut call.args {
                match side {
                    Expr::ScalarFunction(list) if list.name() == "make_array" => {
                        plain(&mut list.args, schema)?;
                    }
                    other => plain([other], schema)?,
                }
            }
        }
        Expr::AggregateFunction(call) if call.params.distinct => {
            // What is in order must be what is gathered.
            let orders = call.params.order_by.iter_mut();
            let orders = orders.map(|order| &mut order.expr);
            plain(call.params.args.iter_mut().chain(orders), schema)?;
        }
        _ => {}
    }
    Ok(expr)
}

/// -0 + 0 is 0, and every other number stays what it is.
fn plain<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>, schema: &DFSchema) -> Result<()> {
    for expr in exprs {
        let zero = match expr.get_type(schema)? {
            DataType::Float64 => ScalarValue::Float64(Some(0.0)),
            DataType::Float32 => ScalarValue::Float32(Some(0.0)),
            _ => continue,
        };
        *expr = match take(expr) {
            Expr::Literal(value, about) => Expr::Literal(normalize_float_zero_scalar(value), about),
            other => other + Expr::Literal(zero, None),
        };
    }
    Ok(())
}

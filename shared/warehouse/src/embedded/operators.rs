//! Operators whose meaning depends on the types of both sides, where the planner's differs from PostgreSQL's.
//! <https://www.postgresql.org/docs/17/functions-datetime.html#OPERATORS-DATETIME-TABLE>

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};
use datafusion::sql::sqlparser::ast::BinaryOperator as Operator;

use super::{functions, literals};

#[derive(Debug)]
pub(super) struct PostgresOperators;

impl ExprPlanner for PostgresOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        let types = (left.get_type(schema)?, right.get_type(schema)?);
        let (left, right) = match (&op, &types) {
            // Text of a number, a date and so on is written as PostgreSQL writes it.
            (Operator::StringConcat, (one, other)) if !is_list(one) && !is_list(other) => {
                let sides = vec![text(left, one), text(right, other)];
                return Ok(PlannerResult::Planned(functions::text::join().call(sides)));
            }
            // A date and an interval make a timestamp.
            (Operator::Plus | Operator::Minus, (DataType::Date32, DataType::Interval(_))) => {
                (cast(left, TIMESTAMP), right)
            }
            (Operator::Plus, (DataType::Interval(_), DataType::Date32)) => {
                (left, cast(right, TIMESTAMP))
            }
            // A date and a number of days make a date.
            (Operator::Plus | Operator::Minus, (DataType::Date32, days)) if days.is_integer() => {
                let days = cast(right, DataType::Int32);
                let sum = RawBinaryExpr {
                    op,
                    left: cast(left, DataType::Int32),
                    right: days,
                };
                return Ok(PlannerResult::Planned(cast(plain(sum)?, DataType::Date32)));
            }
            // Two timestamps make days and a time, not a duration.
            (Operator::Minus, (DataType::Timestamp(..), DataType::Timestamp(..)))
            | (Operator::Minus, (DataType::Timestamp(..), DataType::Date32))
            | (Operator::Minus, (DataType::Date32, DataType::Timestamp(..))) => {
                let (left, right) = (cast(left, TIMESTAMP), cast(right, TIMESTAMP));
                return Ok(PlannerResult::Planned(
                    functions::time::between().call(vec![left, right]),
                ));
            }
            // Decimals are divided to at least 16 digits, and nothing is divided by zero.
            (Operator::Divide, (one, other)) if is_inexact(one) || is_inexact(other) => {
                return Ok(PlannerResult::Planned(
                    functions::number::divide().call(vec![left, right]),
                ));
            }
            (Operator::Multiply, (one, other))
                if functions::number::is_long_product(one, other) =>
            {
                return Ok(PlannerResult::Planned(
                    functions::number::multiply().call(vec![left, right]),
                ));
            }
            // What is too large for an integer is an error; the engine's own operators begin again at the other end.
            (Operator::Plus | Operator::Minus | Operator::Multiply, (one, other))
                if one.is_integer() && other.is_integer() =>
            {
                let function = match op {
                    Operator::Plus => functions::number::plus(),
                    Operator::Minus => functions::number::minus(),
                    _ => functions::number::times(),
                };
                return Ok(PlannerResult::Planned(function.call(vec![left, right])));
            }
            // Text beside a timestamp is one of microseconds; as nanoseconds it could not be of the year 9999.
            (_, (DataType::Timestamp(_, zone), DataType::Utf8)) if is_comparison(&op) => {
                let right = cast(moment(right, zone.is_some()), types.0.clone());
                (left, right)
            }
            (_, (DataType::Utf8, DataType::Timestamp(_, zone))) if is_comparison(&op) => {
                let left = cast(moment(left, zone.is_some()), types.1.clone());
                (left, right)
            }
            _ => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast(Cast::new(Box::new(expr), data_type))
}

/// A timestamp as text in the form that the engine reads.
fn moment(expr: Expr, has_zone: bool) -> Expr {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)), metadata) => {
            let text = literals::timestamp(&text, has_zone).unwrap_or(text);
            Expr::Literal(ScalarValue::Utf8(Some(text)), metadata)
        }
        other => other,
    }
}

fn plain(expr: RawBinaryExpr) -> Result<Expr> {
    Ok(match expr.op {
        Operator::Minus => expr.left - expr.right,
        _ => expr.left + expr.right,
    })
}

fn text(expr: Expr, data_type: &DataType) -> Expr {
    if matches!(
        data_type,
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::Null
    ) {
        expr
    } else {
        functions::text::text().call(vec![expr])
    }
}

fn is_list(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)
    )
}

fn is_inexact(data_type: &DataType) -> bool {
    data_type.is_floating() || data_type.is_decimal()
}

fn is_comparison(op: &Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
    )
}

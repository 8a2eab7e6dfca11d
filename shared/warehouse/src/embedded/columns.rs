//! Columns without values: nothing tells their type, so they are text. Beside a number they are numbers all the same, and beside
//! an interval timestamps, so that what is made of a column does not fail before its first value comes.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};
use datafusion::sql::sqlparser::ast::BinaryOperator as Operator;

/// Goes before the planner of operators. Text that is no number fails when it is read.
#[derive(Debug)]
pub(super) struct TextAsNumber;

impl ExprPlanner for TextAsNumber {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        if !is_arithmetic(&expr.op) {
            return Ok(PlannerResult::Original(expr));
        }
        let RawBinaryExpr { op, left, right } = expr;
        let (one, other) = (left.get_type(schema)?, right.get_type(schema)?);
        Ok(PlannerResult::Original(RawBinaryExpr {
            left: beside(left, &one, &other, &op),
            right: beside(right, &other, &one, &op),
            op,
        }))
    }
}

fn is_arithmetic(op: &Operator) -> bool {
    matches!(
        op,
        Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo
    )
}

/// What is no literal, as a value that fits the other side.
fn beside(expr: Expr, own: &DataType, other: &DataType, op: &Operator) -> Expr {
    if !own.is_string() || matches!(expr, Expr::Literal(..)) {
        return expr;
    }
    let data_type = match other {
        DataType::Interval(_) if matches!(op, Operator::Plus | Operator::Minus) => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        number if number.is_numeric() || number.is_string() => DataType::Float64,
        _ => return expr,
    };
    Expr::Cast(Cast::new(Box::new(expr), data_type))
}

//! Texts of timestamps in ranges and lists, as comparisons: only these are put right once it is known what they are beside.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

use super::super::literals;

/// A list that is longer stays one.
const LONGEST: usize = 100;

/// `BETWEEN` and `IN` of a column, if the engine does not read one of the texts as PostgreSQL does.
pub(super) fn as_comparisons(expr: &Expr) -> Option<Expr> {
    let (condition, negated) = match expr {
        Expr::Between {
            expr,
            negated,
            low,
            high,
        } if is_column(expr) && (is_read_otherwise(low) || is_read_otherwise(high)) => {
            let from = compared(expr, BinaryOperator::GtEq, low);
            let to = compared(expr, BinaryOperator::LtEq, high);
            (joined(from, BinaryOperator::And, to), *negated)
        }
        Expr::InList {
            expr,
            list,
            negated,
        } if is_column(expr) && list.len() <= LONGEST && list.iter().any(is_read_otherwise) => {
            let each = list
                .iter()
                .map(|value| compared(expr, BinaryOperator::Eq, value));
            let any = each.reduce(|one, other| joined(one, BinaryOperator::Or, other))?;
            (any, *negated)
        }
        _ => return None,
    };
    let condition = Expr::Nested(Box::new(condition));
    Some(if negated {
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(condition),
        }
    } else {
        condition
    })
}

/// A column, or a cast of one: it is written once for each comparison.
fn is_column(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_column(inner),
        _ => false,
    }
}

fn is_read_otherwise(expr: &Expr) -> bool {
    let Expr::Value(value) = expr else {
        return false;
    };
    let Value::SingleQuotedString(text) = &value.value else {
        return false;
    };
    literals::timestamp(text, false).is_some_and(|changed| changed != *text)
}

fn compared(expr: &Expr, op: BinaryOperator, value: &Expr) -> Expr {
    joined(expr.clone(), op, value.clone())
}

fn joined(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }
}

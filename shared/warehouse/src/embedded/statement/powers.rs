//! Signs before powers. In PostgreSQL a sign belongs to what it stands before, in the parser to the whole power.
//! <https://www.postgresql.org/docs/17/sql-syntax-lexical.html#SQL-PRECEDENCE>

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

/// `-(a ^ b)` without its brackets is `(-a) ^ b`, and `c ^ ((-a) ^ b)` without them is `(c ^ -a) ^ b`. The parts are done.
pub(super) fn with_signs(expr: Expr) -> Expr {
    match expr {
        Expr::UnaryOp {
            op: op @ (UnaryOperator::Minus | UnaryOperator::Plus),
            expr: signed,
        } if is_power(&signed) => on_base(*signed, |base| Expr::UnaryOp {
            op,
            expr: Box::new(base),
        }),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::PGExp,
            right,
        } if is_power(&right) => on_base(*right, |base| power(*left, base)),
        other => other,
    }
}

/// Changes what a chain of powers begins with.
fn on_base(expr: Expr, change: impl FnOnce(Expr) -> Expr) -> Expr {
    match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::PGExp,
            right,
        } => power(on_base(*left, change), *right),
        base => change(base),
    }
}

fn power(base: Expr, exponent: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(base),
        op: BinaryOperator::PGExp,
        right: Box::new(exponent),
    }
}

fn is_power(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::BinaryOp {
            op: BinaryOperator::PGExp,
            ..
        }
    )
}

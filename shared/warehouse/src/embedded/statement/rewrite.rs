//! Expressions and clauses to what the planner takes for the same.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Query, Select, SelectItem, SetExpr,
    SetOperator, SetQuantifier, Value, VisitorMut,
};

use super::super::gathered::called;
use super::super::{Error, gathered, literals};
use super::names::{Before, Target, as_planned, given, is_of_values, named, number_of, target};
use super::{membership, powers, ranges, refused, too_deep};

/// Arithmetic and casts within each other; the time to plan them is that of a square, or a cube.
const STEPS: usize = 100;

/// Rewrites what has the same syntax, or none, in the planner, and refuses what does more than read.
#[derive(Default)]
pub(super) struct ToPlanner {
    /// For each expression that the present one is in, and for itself, whether it is a step.
    around: Vec<bool>,
    /// How many queries the present place is in.
    queries: usize,
}

/// Whether an expression is an operator or a cast; conditions may be as many as there are.
fn is_step(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { .. } | Expr::UnaryOp { .. } => true,
        Expr::BinaryOp { op, .. } => !matches!(op, BinaryOperator::And | BinaryOperator::Or),
        _ => false,
    }
}

/// A name with the first number that makes it none of those that are there.
fn numbered(name: &str, seen: &mut HashSet<String>) -> String {
    let mut own = name.to_owned();
    for at in 2.. {
        own = format!("{name}_{at}");
        if seen.insert(own.clone()) {
            break;
        }
    }
    own
}

/// An operator between queries that counts how often a row comes, which the planner does not.
fn counted(body: &SetExpr) -> Option<SetOperator> {
    let SetExpr::SetOperation {
        op,
        set_quantifier,
        left,
        right,
    } = body
    else {
        return None;
    };
    let counts = *op != SetOperator::Union && *set_quantifier == SetQuantifier::All;
    if counts {
        return Some(*op);
    }
    counted(left).or_else(|| counted(right))
}

impl VisitorMut for ToPlanner {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.queries += 1;
        let writes = matches!(
            *query.body,
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
        );
        if writes || !query.locks.is_empty() {
            return ControlFlow::Break(refused());
        }
        if let Some(operator) = counted(&query.body) {
            return ControlFlow::Break(Error::Query(format!(
                "{operator} ALL is not run by the embedded engine"
            )));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        if select.into.is_some() {
            return ControlFlow::Break(refused());
        }
        if let Err(error) = membership::with_nulls(select) {
            return ControlFlow::Break(error);
        }
        let is_within = self.queries > 1 && select.distinct.is_none();
        let mut seen: HashSet<String> = select.projection.iter().filter_map(named).collect();
        let mut before = Before::default();
        for item in &mut select.projection {
            if let Some(mut name) = named(item) {
                let is_given = given(item).is_some();
                let comes_again = before.has(item, &name, is_within);
                if comes_again {
                    // PostgreSQL may have two columns of one name, the planner may not.
                    name = numbered(&name, &mut seen);
                }
                let own = Ident::with_quote('"', name);
                match item {
                    SelectItem::UnnamedExpr(expr) if comes_again || !is_given => {
                        let (expr, alias) = (taken(expr), own);
                        *item = SelectItem::ExprWithAlias { expr, alias };
                    }
                    SelectItem::ExprWithAlias { alias, .. } if comes_again => *alias = own,
                    _ => {}
                }
            }
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                as_integer(expr);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let is_step = is_step(expr);
        self.around.push(is_step);
        if is_step && self.around.iter().filter(|one| **one).count() > STEPS {
            return ControlFlow::Break(too_deep(STEPS, "operators and casts"));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        self.around.pop();
        if let Some(function) = gathered::call_of(expr) {
            // A window gathers once more for each row.
            if function.over.is_some() {
                return ControlFlow::Break(Error::Query(format!(
                    "{} is not run over windows",
                    called(function)
                )));
            }
            *expr = call(gathered::LIMIT, [taken(expr)]);
            return ControlFlow::Continue(());
        }
        if matches!(expr, Expr::UnaryOp { .. } | Expr::BinaryOp { .. }) {
            *expr = powers::with_signs(taken(expr));
        }
        let replacement = match expr {
            // The planner takes a zone for a type, and casts.
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => Some(call("timezone", [taken(time_zone), taken(timestamp)])),
            Expr::Extract { field, expr, .. } => {
                let field = Expr::value(Value::SingleQuotedString(field.to_string()));
                Some(call("date_part", [field, taken(expr)]))
            }
            Expr::Cast {
                expr: inner,
                data_type,
                ..
            } => {
                *data_type = as_planned(data_type);
                if let Expr::Value(value) = inner.as_mut()
                    && let Value::SingleQuotedString(text) = &mut value.value
                {
                    literals::of_type(text, data_type);
                }
                match target(data_type) {
                    Target::Text => Some(call("pg_text", [taken(inner)])),
                    Target::Integer => {
                        // PostgreSQL rounds, the planner cuts.
                        **inner = call("pg_nearest", [taken(inner)]);
                        None
                    }
                    Target::Other => None,
                }
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Spaceship,
                right,
            } => Some(Expr::IsNotDistinctFrom(
                Box::new(taken(left)),
                Box::new(taken(right)),
            )),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::PGNotILikeMatch,
                right,
            } => Some(Expr::IsDistinctFrom(
                Box::new(taken(left)),
                Box::new(taken(right)),
            )),
            Expr::BinaryOp { left, op, right } if is_arithmetic(op) => {
                as_integer(left);
                as_integer(right);
                None
            }
            Expr::Case {
                conditions,
                else_result,
                ..
            } => {
                conditions
                    .iter_mut()
                    .map(|when| &mut when.result)
                    .chain(else_result.as_deref_mut())
                    .for_each(as_integer);
                None
            }
            Expr::Function(function) => {
                if is_of_values(&called(function))
                    && let FunctionArguments::List(list) = &mut function.args
                {
                    for argument in &mut list.args {
                        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument {
                            as_integer(argument);
                        }
                    }
                }
                match number_of(&called(function)) {
                    Some(data_type) => Some(cast(taken(expr), data_type)),
                    None => modulo(function),
                }
            }
            Expr::Between { .. } | Expr::InList { .. } => ranges::as_comparisons(expr),
            Expr::CompoundFieldAccess { root, access_chain } => {
                gathered::without_limit(root, access_chain);
                None
            }
            Expr::Interval(interval) => {
                if let Expr::Value(value) = interval.value.as_mut()
                    && let Value::SingleQuotedString(text) = &mut value.value
                {
                    *text = literals::interval(text);
                }
                None
            }
            Expr::Value(value) => match &mut value.value {
                Value::Number(text, _) => with_exponent(text),
                _ => None,
            },
            Expr::TypedString(typed) => {
                typed.data_type = as_planned(&typed.data_type);
                if let Value::SingleQuotedString(text) = &mut typed.value.value {
                    literals::of_type(text, &typed.data_type);
                }
                None
            }
            Expr::Like {
                pattern,
                escape_char,
                ..
            }
            | Expr::ILike {
                pattern,
                escape_char,
                ..
            } => {
                if let Some(escape) = escape_char.take() {
                    match with_backslashes(pattern, &escape.value) {
                        Some(changed) => **pattern = changed,
                        None => {
                            return ControlFlow::Break(Error::Query(
                                "ESCAPE needs a pattern as text".to_owned(),
                            ));
                        }
                    }
                }
                None
            }
            _ => None,
        };
        if let Some(replacement) = replacement {
            *expr = replacement;
        }
        ControlFlow::Continue(())
    }
}

/// A number with an exponent as its decimal digits, or as a double where a decimal has too few.
fn with_exponent(text: &mut String) -> Option<Expr> {
    if let Some(plain) = literals::number(text) {
        *text = plain;
        return None;
    }
    text.contains(['e', 'E']).then(|| {
        let text = Expr::value(Value::SingleQuotedString(text.clone()));
        cast(text, DataType::DoublePrecision)
    })
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
    )
}

/// A small number is an `integer`, where that makes a difference; to the planner, every number is a `bigint`.
/// <https://www.postgresql.org/docs/17/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS-NUMERIC>
fn as_integer(expr: &mut Expr) {
    if let Expr::Value(value) = expr
        && let Value::Number(text, _) = &value.value
        && text.parse::<i32>().is_ok()
    {
        *expr = cast(taken(expr), DataType::Int(None));
    }
}

/// `mod(a, b)` is `a % b`, which the planner has as an operator only.
fn modulo(function: &mut Function) -> Option<Expr> {
    if called(function) != "mod" {
        return None;
    }
    let FunctionArguments::List(list) = &mut function.args else {
        return None;
    };
    let [
        FunctionArg::Unnamed(FunctionArgExpr::Expr(left)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(right)),
    ] = list.args.as_mut_slice()
    else {
        return None;
    };
    Some(Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(taken(left)),
        op: BinaryOperator::Modulo,
        right: Box::new(taken(right)),
    })))
}

fn taken(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::value(Value::Null))
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    }
}

fn call<const N: usize>(name: &str, arguments: [Expr; N]) -> Expr {
    let args = arguments
        .into_iter()
        .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
        .collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// The pattern with `\` in the place of another escape character, which is the only one that the planner knows.
fn with_backslashes(pattern: &Expr, escape: &Value) -> Option<Expr> {
    let Value::SingleQuotedString(escape) = escape else {
        return None;
    };
    if escape == "\\" {
        return Some(pattern.clone());
    }
    let Expr::Value(value) = pattern else {
        return None;
    };
    let Value::SingleQuotedString(text) = &value.value else {
        return None;
    };
    let mut changed = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if escape.chars().eq([character]) {
            changed.push('\\');
            changed.extend(characters.next());
        } else if character == '\\' {
            changed.push_str("\\\\");
        } else {
            changed.push(character);
        }
    }
    Some(Expr::value(Value::SingleQuotedString(changed)))
}

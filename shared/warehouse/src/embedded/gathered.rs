//! Aggregates that put together what they are given. A function of the engine's looks at the length of what comes out; see
//! `functions/limit.rs`.

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart,
    Subscript,
};

/// What looks at the length.
pub(super) const LIMIT: &str = "pg_gathered";

/// A call of such an aggregate.
pub(super) fn call_of(expr: &Expr) -> Option<&Function> {
    match expr {
        Expr::Function(function)
            if matches!(called(function).as_str(), "array_agg" | "string_agg") =>
        {
            Some(function)
        }
        _ => None,
    }
}

/// The name of a function in lower case, without the schema that it is in.
pub(super) fn called(function: &Function) -> String {
    let name = function.name.0.last().and_then(ObjectNamePart::as_ident);
    name.map(|name| name.value.to_ascii_lowercase())
        .unwrap_or_default()
}

/// `(array_agg(x))[1]` is planned as one value, and nothing is gathered for it.
pub(super) fn without_limit(expr: &mut Expr, access: &[AccessExpr]) {
    if !matches!(
        access.first(),
        Some(AccessExpr::Subscript(Subscript::Index { .. }))
    ) {
        return;
    }
    match expr {
        Expr::Nested(inner) => without_limit(inner, access),
        Expr::Function(function) if called(function) == LIMIT => {
            let FunctionArguments::List(list) = &mut function.args else {
                return;
            };
            if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(gathered))) = list.args.pop() {
                *expr = gathered;
            }
        }
        _ => {}
    }
}

//! Decimals to doubles as PostgreSQL makes them: by their text, so that each is the nearest double. The engine's own cast
//! divides two doubles, and is off by the last digit where the first of them is rounded already. And doubles to decimals, by
//! the digits that they surely have; the engine's own cast multiplies a double, and adds digits that nobody wrote.

use std::iter::once;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use super::functions::double;

/// Comes after the coercion of types, whose casts are not exact either.
#[derive(Debug)]
pub(super) struct ExactDoubles;

impl AnalyzerRule for ExactDoubles {
    fn name(&self) -> &str {
        "exact_doubles"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(of_plan)?.data)
    }
}

fn of_plan(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let changed = expr.transform_up(|expr| Ok(of_cast(expr, &schema)))?;
        Ok(changed.update_data(|expr| name.restore(expr)))
    })?
    // What a function gives may be null, as far as the planner knows.
    .map_data(LogicalPlan::recompute_schema)
}

fn of_cast(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let cast = match expr {
        Expr::Cast(cast) => cast,
        other => return Transformed::no(other),
    };
    match *cast.field.data_type() {
        DataType::Float64 => to_double(cast, schema),
        DataType::Decimal128(precision, scale) if is_floating(&cast.expr, schema) => {
            let places = [i64::from(precision), i64::from(scale)];
            let places = places.map(|number| Expr::Literal(ScalarValue::Int64(Some(number)), None));
            let arguments = once(*cast.expr).chain(places).collect();
            Transformed::yes(double::decimal().call(arguments))
        }
        _ => Transformed::no(Expr::Cast(cast)),
    }
}

fn to_double(cast: Cast, schema: &DFSchema) -> Transformed<Expr> {
    if let Expr::Literal(ScalarValue::Decimal128(Some(digits), _, scale), _) = cast.expr.as_ref() {
        let value = ScalarValue::Float64(Some(double::exact(*digits, *scale)));
        return Transformed::yes(Expr::Literal(value, None));
    }
    if is_decimal(&cast.expr, schema) {
        return Transformed::yes(double::double().call(vec![*cast.expr]));
    }
    Transformed::no(Expr::Cast(cast))
}

fn is_floating(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(
        expr.get_type(schema),
        Ok(DataType::Float64 | DataType::Float32)
    )
}

fn is_decimal(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(
        expr.get_type(schema),
        Ok(DataType::Decimal128(..) | DataType::Decimal256(..))
    )
}

//! The types that values beside each other come to: the planner's, but that a decimal beside a double is a double, and so is a
//! `real` beside a number of another type.
//!
//! The planner makes decimals of both, of 15 digits behind the point and 15 before it: large doubles do not fit, and small
//! ones are cut. <https://www.postgresql.org/docs/17/typeconv.html>

mod empty;
mod zeros;

use std::collections::HashMap;
use std::iter::once;
use std::mem::take;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRewriter};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{BinaryExpr, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::{NamePreserver, coerce_plan_expr_for_schema};
use datafusion::logical_expr::expr_schema::cast_subquery;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable, Join, LogicalPlan, Operator, Subquery, Union,
};
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;
use datafusion::optimizer::{Analyzer, AnalyzerRule};

/// The planner's own rules, with this one in the place of the one that it is made of.
pub(super) fn rules() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let mut rules = Analyzer::new().rules;
    rules.retain(|rule| rule.name() != NAME);
    rules.push(Arc::new(Coercion));
    rules
}

const NAME: &str = "type_coercion";

#[derive(Debug)]
struct Coercion;

impl AnalyzerRule for Coercion {
    fn name(&self) -> &str {
        NAME
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(coerced)?.data)
    }
}

/// One step of a plan, whose inputs are done. Each expression has its doubles before the planner sees its types, and its
/// parts have theirs from the planner before.
fn coerced(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let plan = match plan {
        // `WHERE NULL`
        LogicalPlan::Filter(mut filter) => {
            filter.predicate = filter.predicate.cast_to(&DataType::Boolean, &schema)?;
            LogicalPlan::Filter(filter)
        }
        other => other,
    };
    let names = NamePreserver::new(&plan);
    let mut planners = TypeCoercionRewriter::new(&schema);
    plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let done = expr.transform_up(|expr| {
            let expr = with_doubles(expr, &schema)?;
            planners.f_up(zeros::without_sign(expr, &schema)?)
        })?;
        Ok(done.update_data(|expr| name.restore(expr)))
    })?
    .map_data(|plan| planners.coerce_plan(with_doubles_of_inputs(plan)?))?
    .map_data(LogicalPlan::recompute_schema)
}

fn with_doubles(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr {
            mut left,
            op,
            mut right,
        }) if is_comparison(op) || is_arithmetic(op) => {
            alike([&mut *left, &mut *right], schema, Use::Compared)?;
            Expr::BinaryExpr(BinaryExpr::new(left, op, right))
        }
        Expr::Between(mut between) => {
            let sides = [&mut *between.expr, &mut *between.low, &mut *between.high];
            alike(sides, schema, Use::Compared)?;
            Expr::Between(between)
        }
        Expr::InList(mut test) => {
            // Several constants come to one type; a column, or one constant, is compared by itself.
            let is_constant = !test.list.iter().any(Expr::any_column_refs);
            let how = match test.list.len() {
                2.. if is_constant => Use::Returned,
                _ => Use::Compared,
            };
            let sides = once(&mut *test.expr).chain(&mut test.list);
            alike(sides, schema, how)?;
            Expr::InList(test)
        }
        Expr::Case(mut case) => {
            if let Some(operand) = &mut case.expr {
                let whens = case.when_then_expr.iter_mut();
                let sides = once(&mut **operand).chain(whens.map(|(when, _)| &mut **when));
                alike(sides, schema, Use::Compared)?;
            }
            let thens = case.when_then_expr.iter_mut();
            let thens = thens.map(|(_, then)| &mut **then);
            let results = thens.chain(case.else_expr.as_deref_mut());
            one_of(results, schema)?;
            Expr::Case(case)
        }
        Expr::ScalarFunction(mut call) => {
            let is_one_of = matches!(
                call.name(),
                "coalesce" | "greatest" | "least" | "make_array"
            );
            if is_one_of {
                one_of(&mut call.args, schema)?;
            } else if call.name() == "nullif" {
                return nullif(call, schema);
            }
            Expr::ScalarFunction(call)
        }
        Expr::InSubquery(mut test) => {
            alike_subquery(&mut test.expr, &mut test.subquery, schema)?;
            Expr::InSubquery(test)
        }
        Expr::SetComparison(mut test) => {
            alike_subquery(&mut test.expr, &mut test.subquery, schema)?;
            Expr::SetComparison(test)
        }
        other => other,
    })
}

/// What is compared as a double comes back as the `real` that it was.
fn nullif(mut call: ScalarFunction, schema: &DFSchema) -> Result<Expr> {
    let first = |call: &ScalarFunction| {
        let first = call.args.first();
        first.map(|first| first.get_type(schema)).transpose()
    };
    let before = first(&call)?;
    alike(&mut call.args, schema, Use::Compared)?;
    let is_double = first(&call)? == Some(DataType::Float64);
    let result = Expr::ScalarFunction(call);
    Ok(if is_double && before == Some(DataType::Float32) {
        let result = zeros::without_sign(result, schema)?;
        Expr::Cast(Cast::new(Box::new(result), DataType::Float32))
    } else {
        result
    })
}

fn with_doubles_of_inputs(plan: LogicalPlan) -> Result<LogicalPlan> {
    Ok(match plan {
        LogicalPlan::Join(join) => LogicalPlan::Join(with_keys_alike(join)?),
        LogicalPlan::Union(union) => LogicalPlan::Union(with_columns_alike(union)?),
        other => other,
    })
}

fn is_comparison(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

fn is_arithmetic(op: Operator) -> bool {
    matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply)
}

/// What becomes of values that are beside each other.
#[derive(Clone, Copy)]
enum Use {
    /// All of them are `double precision`, unless all are `real`. So it is where one is added to another.
    Compared,
    /// Beside nothing larger than a `real`, they are that.
    Returned,
}

/// What numbers of these types are to be beside each other, if the planner is not to say it.
fn beside<'a>(types: impl Iterator<Item = &'a DataType>, how: Use) -> Option<DataType> {
    let (mut has_decimal, mut has_double, mut has_real) = (false, false, false);
    let mut has_integer = false;
    for data_type in types {
        has_decimal |= data_type.is_decimal();
        has_integer |= data_type.is_integer();
        has_double |= *data_type == DataType::Float64;
        has_real |= data_type.is_floating() && *data_type != DataType::Float64;
    }
    let is_wider = has_decimal || has_integer || has_double;
    match how {
        _ if has_decimal && has_double => Some(DataType::Float64),
        Use::Compared if has_real && is_wider => Some(DataType::Float64),
        Use::Returned if has_real && has_decimal => Some(DataType::Float32),
        _ => None,
    }
}

/// Makes alike what a result may be.
fn one_of<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>, schema: &DFSchema) -> Result<()> {
    let mut exprs: Vec<&mut Expr> = exprs.into_iter().collect();
    empty::fill(&mut exprs, schema)?;
    alike(exprs, schema, Use::Returned)
}

fn alike<'a>(
    exprs: impl IntoIterator<Item = &'a mut Expr>,
    schema: &DFSchema,
    how: Use,
) -> Result<()> {
    let exprs: Vec<&mut Expr> = exprs.into_iter().collect();
    let mut types = Vec::with_capacity(exprs.len());
    for expr in &exprs {
        types.push(expr.get_type(schema)?);
    }
    let Some(wanted) = beside(types.iter(), how) else {
        return Ok(());
    };
    for (expr, data_type) in exprs.into_iter().zip(types) {
        if data_type.is_numeric() && data_type != wanted {
            *expr = floating(take(expr), &wanted);
        }
    }
    Ok(())
}

fn alike_subquery(expr: &mut Expr, subquery: &mut Subquery, schema: &DFSchema) -> Result<()> {
    let one = expr.get_type(schema)?;
    let other = subquery.subquery.schema().field(0).data_type().clone();
    let Some(wanted) = beside([&one, &other].into_iter(), Use::Compared) else {
        return Ok(());
    };
    if one != wanted {
        *expr = floating(take(expr), &wanted);
    }
    if other != wanted {
        *subquery = cast_subquery(subquery.clone(), &wanted)?;
    }
    Ok(())
}

fn with_keys_alike(mut join: Join) -> Result<Join> {
    for (left, right) in &mut join.on {
        let one = left.get_type(join.left.schema())?;
        let other = right.get_type(join.right.schema())?;
        if let Some(wanted) = beside([&one, &other].into_iter(), Use::Compared) {
            for (key, data_type) in [(left, one), (right, other)] {
                if data_type != wanted {
                    *key = floating(take(key), &wanted);
                }
            }
        }
    }
    Ok(join)
}

fn with_columns_alike(union: Union) -> Result<Union> {
    let columns = 0..union.schema.fields().len();
    let wanted = columns.clone().map(|at| {
        let fields = union.inputs.iter().map(|input| input.schema().field(at));
        empty::beside(fields.map(|field| (field.data_type(), empty::is_empty(field))))
    });
    let wanted: Vec<_> = wanted.collect();
    // All texts of such a column are columns without values.
    let union = with_types(union, &wanted, DataType::is_string)?;
    let wanted = columns.map(|at| {
        let inputs = union.inputs.iter().map(|input| input.schema());
        let fields = inputs
            .chain(once(&union.schema))
            .map(|schema| schema.field(at));
        beside(fields.map(|field| field.data_type()), Use::Returned)
    });
    let wanted: Vec<_> = wanted.collect();
    with_types(union, &wanted, DataType::is_decimal)
}

/// The union, whose columns of some types have those that are wanted of them.
fn with_types(
    union: Union,
    wanted: &[Option<DataType>],
    of: fn(&DataType) -> bool,
) -> Result<Union> {
    if wanted.iter().all(Option::is_none) {
        return Ok(union);
    }
    let Union { inputs, schema } = union;
    let inputs = inputs.into_iter().map(|input| -> Result<Arc<LogicalPlan>> {
        let columns = columns_with_types(input.schema(), wanted, of)?;
        let input = coerce_plan_expr_for_schema(Arc::unwrap_or_clone(input), &columns)?;
        Ok(Arc::new(input))
    });
    Ok(Union {
        inputs: inputs.collect::<Result<Vec<_>>>()?,
        schema: Arc::new(columns_with_types(&schema, wanted, of)?),
    })
}

fn columns_with_types(
    schema: &DFSchema,
    wanted: &[Option<DataType>],
    of: fn(&DataType) -> bool,
) -> Result<DFSchema> {
    let columns = schema.iter().zip(wanted);
    let columns = columns.map(|((table, field), wanted)| {
        let field = match wanted {
            Some(wanted) if of(field.data_type()) => {
                Arc::new(field.as_ref().clone().with_data_type(wanted.clone()))
            }
            _ => Arc::clone(field),
        };
        (table.cloned(), field)
    });
    DFSchema::new_with_metadata(columns.collect(), HashMap::new())
}

/// As a floating number; the literal of a decimal is the one that is nearest to its digits.
fn floating(number: Expr, wanted: &DataType) -> Expr {
    let written = match &number {
        Expr::Literal(ScalarValue::Decimal128(Some(digits), _, scale), _) => {
            Some(format!("{digits}e{}", -i32::from(*scale)))
        }
        Expr::Literal(ScalarValue::Decimal256(Some(digits), _, scale), _) => {
            Some(format!("{digits}e{}", -i32::from(*scale)))
        }
        _ => None,
    };
    let nearest = written.and_then(|text| match wanted {
        DataType::Float64 => Some(ScalarValue::Float64(Some(text.parse::<f64>().ok()?))),
        DataType::Float32 => Some(ScalarValue::Float32(Some(text.parse::<f32>().ok()?))),
        _ => None,
    });
    match nearest {
        Some(nearest) => Expr::Literal(nearest, None),
        None => Expr::Cast(Cast::new(Box::new(number), wanted.clone())),
    }
}

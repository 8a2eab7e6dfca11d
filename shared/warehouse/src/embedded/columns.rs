//! Columns without values: nothing tells their type, so they are text. Beside a number they are numbers all the same, and beside
//! an interval timestamps, so that what is made of a column does not fail before its first value comes. Text that has values is
//! refused there, as PostgreSQL does.

use std::collections::HashMap;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, plan_err};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Distinct, Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;
use datafusion::sql::sqlparser::ast::BinaryOperator as Operator;

use super::functions::empty;

/// Where the metadata of a field says that its column has no values.
const EMPTY: &str = "empty";
const TRUE: &str = "true";

/// The field of a column in which no value was found.
pub(super) fn without_values(field: Field) -> Field {
    field.with_metadata(HashMap::from([(EMPTY.to_owned(), TRUE.to_owned())]))
}

fn is_marked(field: &Field) -> bool {
    field.metadata().get(EMPTY).is_some_and(|mark| mark == TRUE)
}

/// Goes before the planner of operators. It takes all text for a column without values: whether it is one, [`TextIsNoNumber`]
/// sees when there is a plan.
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
    let function = match other {
        DataType::Interval(_) if matches!(op, Operator::Plus | Operator::Minus) => empty::time(),
        number if number.is_numeric() || number.is_string() => empty::number(),
        _ => return expr,
    };
    function.call(vec![expr])
}

/// What takes text, but only that of a column without values.
const OF_NUMBERS: [&str; 15] = [
    empty::NUMBER,
    empty::TIME,
    "abs",
    "avg",
    "ceil",
    "exp",
    "floor",
    "ln",
    "percentile_cont",
    "round",
    "sign",
    "sqrt",
    "stddev",
    "sum",
    "trunc",
];

/// Refuses text with values where a number is asked for. Comes before the coercion of types, which makes numbers of it.
#[derive(Debug)]
pub(super) struct TextIsNoNumber;

impl AnalyzerRule for TextIsNoNumber {
    fn name(&self) -> &str {
        "text_is_no_number"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        empty_columns(&plan)?;
        Ok(plan)
    }
}

/// Which columns of a plan have no values, if its expressions and those of its inputs are right. Other than the marks of its
/// fields, this reaches through expressions, and ends at unions with a column that has values.
fn empty_columns(plan: &LogicalPlan) -> Result<Vec<bool>> {
    let inputs = plan.inputs();
    let mut known = Vec::with_capacity(inputs.len());
    for input in &inputs {
        known.push(empty_columns(input)?);
    }
    let schema = merge_schema(&inputs);
    let step = Step {
        inputs,
        known,
        schema,
    };
    plan.apply_expressions(|expr| {
        expr.apply(|expr| {
            step.check(expr)?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    let columns = match plan {
        LogicalPlan::Projection(projection) => step.each(&projection.expr)?,
        LogicalPlan::Distinct(Distinct::On(distinct)) => step.each(&distinct.select_expr)?,
        LogicalPlan::Aggregate(aggregate) => {
            step.each(aggregate.group_expr.iter().chain(&aggregate.aggr_expr))?
        }
        LogicalPlan::Window(window) => {
            let mut columns = step.known.concat();
            columns.extend(step.each(&window.window_expr)?);
            columns
        }
        LogicalPlan::Union(union) => (0..union.schema.fields().len())
            .map(|at| step.is_empty_union(at))
            .collect(),
        LogicalPlan::Distinct(Distinct::All(_))
        | LogicalPlan::Filter(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_) => step.known.concat(),
        _ => Vec::new(),
    };
    let fields = plan.schema().fields();
    if columns.len() == fields.len() {
        return Ok(columns);
    }
    // A table, and what has other columns than its expressions or its inputs.
    Ok(fields.iter().map(|field| is_marked(field)).collect())
}

/// A step of a plan: what its expressions can name.
struct Step<'a> {
    inputs: Vec<&'a LogicalPlan>,
    /// Which columns of each input have no values.
    known: Vec<Vec<bool>>,
    schema: DFSchema,
}

impl Step<'_> {
    fn check(&self, expr: &Expr) -> Result<()> {
        let (name, arguments) = match expr {
            Expr::ScalarFunction(call) => (call.name(), &call.args),
            Expr::AggregateFunction(call) => (call.func.name(), &call.params.args),
            Expr::WindowFunction(call) => (call.fun.name(), &call.params.args),
            Expr::Exists(test) => return empty_columns(&test.subquery.subquery).map(drop),
            Expr::InSubquery(test) => return empty_columns(&test.subquery.subquery).map(drop),
            Expr::ScalarSubquery(value) => return empty_columns(&value.subquery).map(drop),
            Expr::SetComparison(test) => return empty_columns(&test.subquery.subquery).map(drop),
            _ => return Ok(()),
        };
        if !OF_NUMBERS.contains(&name) {
            return Ok(());
        }
        for argument in arguments {
            if self.is_text(argument)? && !self.is_empty(argument)? {
                return match name {
                    empty::NUMBER | empty::TIME => {
                        plan_err!("an operator of numbers and times does not exist for text")
                    }
                    _ => plan_err!("function {name}(text) does not exist"),
                };
            }
        }
        Ok(())
    }

    /// Whether it is text that cannot be read as something else.
    fn is_text(&self, expr: &Expr) -> Result<bool> {
        let is_literal = matches!(expr, Expr::Literal(..));
        Ok(!is_literal && expr.get_type(&self.schema)?.is_string())
    }

    fn each<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> Result<Vec<bool>> {
        let exprs = exprs.into_iter();
        exprs.map(|expr| self.is_empty(expr)).collect()
    }

    /// Whether a text comes from nothing but columns without values.
    fn is_empty(&self, expr: &Expr) -> Result<bool> {
        match expr {
            Expr::Alias(alias) => self.is_empty(&alias.expr),
            Expr::Cast(cast) => self.is_empty(&cast.expr),
            Expr::Column(column) => Ok(self.is_empty_column(column)),
            Expr::OuterReferenceColumn(field, _) => Ok(is_marked(field)),
            // One within the other would be looked through again and again.
            Expr::ScalarSubquery(_) => Ok(true),
            Expr::Case(case) => {
                let thens = case.when_then_expr.iter().map(|(_, then)| &**then);
                self.are_empty(thens.chain(case.else_expr.as_deref()))
            }
            Expr::ScalarFunction(call) => match call.name() {
                "coalesce" | "greatest" | "least" => self.are_empty(&call.args),
                "nullif" => self.are_empty(call.args.first()),
                // What is in a field of a JSON file has no mark.
                "get_field" => Ok(true),
                _ => Ok(false),
            },
            Expr::AggregateFunction(call) => match call.func.name() {
                "first_value" | "last_value" | "max" | "min" => {
                    self.are_empty(call.params.args.first())
                }
                _ => Ok(false),
            },
            Expr::WindowFunction(call) => match call.fun.name() {
                "first_value" | "lag" | "last_value" | "lead" | "max" | "min" | "nth_value" => {
                    self.are_empty(call.params.args.first())
                }
                _ => Ok(false),
            },
            _ => Ok(false),
        }
    }

    /// Whether there is text among them, and all of it is without values.
    fn are_empty<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> Result<bool> {
        let mut has_text = false;
        for expr in exprs {
            if self.is_text(expr)? {
                if !self.is_empty(expr)? {
                    return Ok(false);
                }
                has_text = true;
            }
        }
        Ok(has_text)
    }

    fn is_empty_column(&self, column: &Column) -> bool {
        let inputs = self.inputs.iter().zip(&self.known);
        let mut found = inputs.filter_map(|(input, known)| {
            let at = input.schema().maybe_index_of_column(column)?;
            known.get(at).copied()
        });
        found.next().unwrap_or(false)
    }

    /// The same of a column of a union of the inputs.
    fn is_empty_union(&self, at: usize) -> bool {
        let inputs = self.inputs.iter().zip(&self.known);
        let texts = inputs.filter(|(input, _)| {
            let field = input.schema().fields().get(at);
            field.is_some_and(|field| field.data_type().is_string())
        });
        let texts: Vec<_> = texts
            .map(|(_, known)| known.get(at) == Some(&true))
            .collect();
        !texts.is_empty() && texts.into_iter().all(|is_empty| is_empty)
    }
}

//! `NOT IN` over a subquery, which is no row's once there is a null.
//!
//! The planner knows of nulls only where such a condition stands alone or beside others by `AND`, is about columns, and its
//! subquery is about no table around it. Everywhere else it is said by `EXISTS`, which knows no nulls: a value is not in a
//! subquery if no row there equals it or is null, and the value is not null itself, unless there are no rows.
//! <https://www.postgresql.org/docs/17/functions-subquery.html#FUNCTIONS-SUBQUERY-NOTIN>

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, Ident, Query, Select, SelectItem, SetExpr,
    TableFactor, UnaryOperator, Value, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::super::{Error, Result};
use super::names::read;

/// Where a condition stands in a clause.
#[derive(Clone, Copy)]
struct Place {
    /// Whether it is about groups.
    of_groups: bool,
    negated: bool,
    /// Whether the clause holds only if it does.
    is_alone: bool,
}

/// Rewrites the conditions of a query, `WHERE` and `HAVING`.
///
/// # Errors
/// [`Error::Query`] for those that cannot be said otherwise.
pub(super) fn with_nulls(select: &mut Select) -> Result<()> {
    let clauses = [(&mut select.selection, false), (&mut select.having, true)];
    for (clause, of_groups) in clauses {
        if let Some(condition) = clause {
            let place = Place {
                of_groups,
                negated: false,
                is_alone: true,
            };
            rewrite(condition, place)?;
        }
    }
    Ok(())
}

fn rewrite(condition: &mut Expr, place: Place) -> Result<()> {
    match condition {
        Expr::Nested(inner) => rewrite(inner, place),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => {
            let place = Place {
                negated: !place.negated,
                is_alone: place.is_alone && is_membership(expr),
                ..place
            };
            rewrite(expr, place)
        }
        Expr::BinaryOp {
            left,
            op: op @ (BinaryOperator::And | BinaryOperator::Or),
            right,
        } => {
            let place = Place {
                is_alone: place.is_alone && *op == BinaryOperator::And,
                ..place
            };
            rewrite(left, place)?;
            rewrite(right, place)
        }
        Expr::InSubquery {
            expr,
            subquery,
            negated,
        } if *negated != place.negated => {
            if let Some(subquery) = exists(expr, subquery, place)? {
                *condition = Expr::Exists {
                    subquery: Box::new(subquery),
                    negated: !place.negated,
                };
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn is_membership(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_membership(inner),
        Expr::InSubquery { .. } => true,
        _ => false,
    }
}

/// The query that has rows unless a value is not in a subquery; none where the planner does it right.
fn exists(value: &Expr, subquery: &Query, place: Place) -> Result<Option<Query>> {
    let (of_value, of_subquery) = (Uses::of(value), Uses::of(subquery));
    let is_related = of_subquery.is_related();
    let varies = of_value.has_columns || (place.of_groups && of_value.has_calls);
    if place.is_alone && varies && !is_related {
        return Ok(None);
    }
    let is_plain = !of_value.has_queries && !(place.of_groups && (varies || is_related));
    let query = if !is_plain {
        None
    } else if is_related {
        within(value, &of_value, subquery, &of_subquery)
    } else {
        Some(around(value, subquery)?)
    };
    let query = query.ok_or_else(|| {
        Error::Query(
            "a NOT IN of this kind is not run by the embedded engine: write NOT EXISTS".to_owned(),
        )
    })?;
    Ok(Some(query))
}

const ROWS: &str = "SELECT 1 FROM (SELECT 1) AS \"__in\"(\"__value\") WHERE true";

/// Selects from the subquery, whose column has a name that no other has.
fn around(value: &Expr, subquery: &Query) -> Result<Query> {
    let failed = || Error::Engine("NOT IN was not rewritten".to_owned());
    let parsed = Parser::new(&PostgreSqlDialect {})
        .try_with_sql(ROWS)
        .and_then(|mut parser| parser.parse_query());
    let mut query = *parsed.map_err(|_| failed())?;
    let SetExpr::Select(select) = query.body.as_mut() else {
        return Err(failed());
    };
    let Some(TableFactor::Derived {
        subquery: inner, ..
    }) = select.from.first_mut().map(|from| &mut from.relation)
    else {
        return Err(failed());
    };
    **inner = subquery.clone();
    let column = Expr::Identifier(Ident::with_quote('"', "__value"));
    select.selection = Some(equal_or_null(column, value));
    Ok(query)
}

/// The subquery itself, with one condition more: only there the planner takes columns of tables around it.
fn within(value: &Expr, of_value: &Uses, subquery: &Query, of_subquery: &Uses) -> Option<Query> {
    let is_captured = of_value.has_bare_columns
        || of_value
            .tables
            .iter()
            .any(|table| of_subquery.defined.contains(table));
    let is_plain = subquery.with.is_none()
        && subquery.limit_clause.is_none()
        && subquery.fetch.is_none()
        && subquery.pipe_operators.is_empty();
    let SetExpr::Select(select) = subquery.body.as_ref() else {
        return None;
    };
    let [SelectItem::UnnamedExpr(column) | SelectItem::ExprWithAlias { expr: column, .. }] =
        select.projection.as_slice()
    else {
        return None;
    };
    let of_column = Uses::of(column);
    if is_captured
        || !is_plain
        || !has_rows_of_tables(select)
        || of_column.has_calls
        || of_column.has_queries
    {
        return None;
    }
    let member = equal_or_null(column.clone(), value);
    let mut select = select.clone();
    select.distinct = None;
    select.projection = vec![SelectItem::UnnamedExpr(number())];
    select.selection = Some(match select.selection.take() {
        Some(condition) => both(condition, BinaryOperator::And, member),
        None => member,
    });
    let mut query = subquery.clone();
    query.order_by = None;
    *query.body = SetExpr::Select(select);
    Some(query)
}

/// Whether a query has a row for each row of its tables that fits, and not for groups of them.
fn has_rows_of_tables(select: &Select) -> bool {
    let is_grouped = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(exprs, modifiers) => !exprs.is_empty() || !modifiers.is_empty(),
    };
    !is_grouped
        && !select.from.is_empty()
        && select.having.is_none()
        && select.qualify.is_none()
        && select.top.is_none()
        && !matches!(select.distinct, Some(Distinct::On(_)))
}

fn number() -> Expr {
    Expr::value(Value::Number("1".to_owned(), false))
}

/// `column = value OR column IS NULL OR value IS NULL`
fn equal_or_null(column: Expr, value: &Expr) -> Expr {
    let nulls = both(
        Expr::IsNull(Box::new(column.clone())),
        BinaryOperator::Or,
        Expr::IsNull(Box::new(value.clone())),
    );
    let equal = both(column, BinaryOperator::Eq, value.clone());
    both(equal, BinaryOperator::Or, nulls)
}

fn both(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }
}

/// What is named in a part of a query.
#[derive(Default)]
struct Uses {
    /// The tables whose columns are.
    tables: HashSet<String>,
    /// The tables that are there.
    defined: HashSet<String>,
    has_columns: bool,
    has_bare_columns: bool,
    has_calls: bool,
    has_queries: bool,
}

impl Uses {
    fn of(part: &impl Visit) -> Self {
        let mut uses = Self::default();
        let _: ControlFlow<()> = part.visit(&mut uses);
        uses
    }

    /// Whether a column is one of a table that is not there.
    fn is_related(&self) -> bool {
        !self.tables.is_subset(&self.defined)
    }
}

impl Visitor for Uses {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.has_queries = true;
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<()> {
        let (name, alias) = match table {
            TableFactor::Table { name, alias, .. } | TableFactor::Function { name, alias, .. } => {
                (name.0.last().and_then(|part| part.as_ident()), alias)
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => (None, alias),
            _ => return ControlFlow::Continue(()),
        };
        let name = alias.as_ref().map(|alias| &alias.name).or(name);
        self.defined.extend(name.map(read));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(_) => {
                self.has_columns = true;
                self.has_bare_columns = true;
            }
            Expr::CompoundIdentifier(path) => {
                self.has_columns = true;
                // The table is before the column: its schema may be there too.
                let table = path.len().checked_sub(2).and_then(|at| path.get(at));
                self.tables.extend(table.map(read));
            }
            Expr::Function(_) => self.has_calls = true,
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

//! What aggregations aggregate.

use super::Definition;
use crate::explore::MetricType;
use crate::filter::Rule;
use crate::scope::{Scope, Sql, Tables};

/// What an aggregation aggregates.
#[derive(Debug)]
pub(crate) struct Argument<'a> {
    /// The SQL, or nothing where its filters do not hold.
    pub text: String,
    pub tables: Tables<'a>,
    /// The tables without those that only filters name.
    pub values: Tables<'a>,
    /// Whether it is nothing for sure where an outer join found no row: a column is, `COALESCE(…, 0)` and `1` are not.
    pub strict: bool,
}

impl Argument<'_> {
    /// Whether it can stand as a column: `*` and `DISTINCT …` are arguments only.
    pub(super) fn is_value(&self) -> bool {
        let first = self.text.split_ascii_whitespace().next();
        first.is_some_and(|word| word != "*" && !word.eq_ignore_ascii_case("DISTINCT"))
    }
}

/// Whether SQL is a column of an alias, in parentheses or not: aliases are quoted always.
fn is_column(text: &str) -> bool {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|one| one.strip_suffix(')'));
    let text = inner.unwrap_or(text);
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'"' | b'`');
    text.starts_with(['"', '`']) && text.contains('.') && text.bytes().all(part)
}

/// Whether opaque SQL may make something of rows that have nothing: it counts rows, or puts a value for none.
pub(crate) fn may_count_nothing(sql: &str) -> bool {
    let constant = |rest: &str| {
        let inside = rest.split(')').next().unwrap_or_default().trim();
        inside == "*" || inside.parse::<f64>().is_ok()
    };
    let word = |b: char| !(b.is_ascii_alphanumeric() || b == '_');
    let fills = [
        "CASE",
        "IS",
        "COALESCE",
        "IFNULL",
        "NVL",
        "IF",
        "IIF",
        "ZEROIFNULL",
    ];
    sql.split('(').skip(1).any(constant)
        || sql
            .split(word)
            .any(|one| fills.iter().any(|fill| one.eq_ignore_ascii_case(fill)))
}

/// What an aggregation aggregates; the error is a sentence.
pub(super) fn argument<'a>(
    scope: &Scope<'a>,
    definition: Definition<'a>,
) -> Result<Argument<'a>, String> {
    let sql = match definition.sql.trim() {
        // Rows, which is all that a filter or a key could choose among.
        "*" if definition.metric_type == MetricType::Count => "1",
        _ => definition.sql,
    };
    let Sql { text, tables } = scope.expand(definition.table, sql)?;
    let mut sql = Argument {
        strict: is_column(&text),
        text,
        values: tables.clone(),
        tables,
    };
    let mut conditions = Vec::new();
    let mut length = sql.text.len();
    for filter in definition.filters {
        if filter.disabled == Some(true) {
            continue;
        }
        let (table, field) = filter.target.parts();
        let dimension = scope
            .dimension_of(definition.table, table, field)
            .ok_or_else(|| {
                format!(
                    "A filter of the metric \"{}\" names an unknown dimension \"{}\"",
                    definition.name, filter.target.field_ref
                )
            })?;
        let rule = Rule {
            operator: filter.operator,
            values: filter.values.as_deref().unwrap_or_default(),
            settings: filter.settings.as_ref(),
        };
        let condition = scope
            .rule(
                &dimension.compiled_sql,
                dimension.dimension_type.into(),
                &rule,
            )
            .map_err(|message| {
                format!("A filter of the metric \"{}\": {message}", definition.name)
            })?;
        length += condition.len();
        scope.fits(length)?;
        conditions.push(condition);
        sql.tables.extend(scope.tables_of(dimension).0);
    }
    if !conditions.is_empty() {
        sql.text = format!(
            "CASE WHEN ({}) THEN ({}) ELSE NULL END",
            conditions.join(" AND "),
            sql.text
        );
    }
    Ok(sql)
}

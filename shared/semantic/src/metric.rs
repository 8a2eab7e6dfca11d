//! Metrics as aggregations, and expressions over them.

use std::collections::HashMap;

use crate::error::{Errors, Reason};
use crate::explore::{FieldFilter, Metric, MetricType};
use crate::filter::Rule;
use crate::guard;
use crate::literal;
use crate::query::AdditionalMetric;
use crate::reference::{Piece, pieces};
use crate::scope::{Scope, Sql, Tables, field_id};

/// How deep metrics may refer to metrics.
const DEEPEST: usize = 50;

/// What a metric is computed from, wherever it is defined.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Definition<'a> {
    pub table: &'a str,
    pub name: &'a str,
    pub metric_type: MetricType,
    pub sql: &'a str,
    pub filters: &'a [FieldFilter],
    pub percentile: Option<f64>,
    /// As the explore has it.
    pub compiled: Option<&'a str>,
    pub references: Option<&'a [String]>,
}

impl<'a> From<&'a Metric> for Definition<'a> {
    fn from(metric: &'a Metric) -> Self {
        Self {
            table: &metric.table,
            name: &metric.name,
            metric_type: metric.metric_type,
            sql: &metric.sql,
            filters: &metric.filters,
            percentile: metric.percentile,
            compiled: Some(&metric.compiled_sql),
            references: metric.tables_references.as_deref(),
        }
    }
}

impl<'a> From<&'a AdditionalMetric> for Definition<'a> {
    fn from(metric: &'a AdditionalMetric) -> Self {
        Self {
            table: &metric.table,
            name: &metric.name,
            metric_type: metric.metric_type,
            sql: &metric.sql,
            filters: metric.filters.as_deref().unwrap_or_default(),
            percentile: metric.percentile,
            compiled: None,
            references: None,
        }
    }
}

/// One aggregation.
#[derive(Debug)]
pub(crate) struct Leaf<'a> {
    pub definition: Definition<'a>,
    /// The whole of it.
    pub sql: String,
    /// What it names, in filters too.
    pub tables: Tables<'a>,
    /// What its values come from. Filters on other tables choose among them, and do not repeat them.
    pub values: Tables<'a>,
    /// What is aggregated; none, if its SQL is opaque.
    pub argument: Option<Argument<'a>>,
}

impl Leaf<'_> {
    /// Whether it may count a row twice and stay the same.
    pub(crate) fn is_proof(&self) -> bool {
        matches!(
            self.definition.metric_type,
            MetricType::CountDistinct | MetricType::Min | MetricType::Max
        )
    }

    /// Aggregates only where a column of a table's key has a value, which is where there is a row of that table.
    pub(crate) fn only_where(&mut self, scope: &Scope<'_>, key: &str) {
        let Some(argument) = &mut self.argument else {
            return;
        };
        argument.text = format!("CASE WHEN {key} IS NOT NULL THEN {} END", argument.text);
        argument.strict = true;
        let Definition {
            metric_type,
            percentile,
            ..
        } = self.definition;
        self.sql = scope
            .dialect
            .aggregate(metric_type, &argument.text, percentile);
    }
}

/// A piece of a metric's expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// An index into the leaves.
    Leaf(usize),
}

/// The aggregations of a query, and the expressions over them.
#[derive(Default)]
pub(crate) struct Metrics<'a> {
    pub leaves: Vec<Leaf<'a>>,
    known: HashMap<Id<'a>, Vec<Part>>,
}

/// Table, name, and whether only the query knows it: that one does not stand in for the explore's metric of the same name.
type Id<'a> = (&'a str, &'a str, bool);

impl<'a> Metrics<'a> {
    /// The expression of a metric; the error is a sentence.
    pub(crate) fn expression(
        &mut self,
        scope: &Scope<'a>,
        definition: Definition<'a>,
    ) -> Result<Vec<Part>, String> {
        self.nested(scope, definition, &mut Vec::new())
    }

    fn nested(
        &mut self,
        scope: &Scope<'a>,
        definition: Definition<'a>,
        above: &mut Vec<Id<'a>>,
    ) -> Result<Vec<Part>, String> {
        let id = (
            definition.table,
            definition.name,
            definition.compiled.is_none(),
        );
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        if above.contains(&id) || above.len() >= DEEPEST {
            return Err(format!(
                "The metric \"{}\" is defined by itself",
                definition.name
            ));
        }
        above.push(id);
        let parts = if definition.metric_type.is_aggregate() {
            vec![self.aggregate(scope, definition)?]
        } else {
            match self.over_metrics(scope, definition, above) {
                Ok(parts) => parts,
                // What the explore's own compiler understood and we do not.
                Err(reason) => match definition.compiled {
                    Some(compiled) if !compiled.is_empty() && !reason.cyclic => {
                        let tables = scope.known(definition.table, definition.references);
                        vec![self.leaf(definition, compiled.to_owned(), tables)]
                    }
                    _ => return Err(reason.message),
                },
            }
        };
        above.pop();
        self.known.insert(id, parts.clone());
        Ok(parts)
    }

    /// Opaque SQL.
    fn leaf(&mut self, definition: Definition<'a>, sql: String, tables: Tables<'a>) -> Part {
        self.push(Leaf {
            definition,
            sql,
            values: tables.clone(),
            tables,
            argument: None,
        })
    }

    fn push(&mut self, leaf: Leaf<'a>) -> Part {
        self.leaves.push(leaf);
        Part::Leaf(self.leaves.len() - 1)
    }

    /// An aggregation. Filters are rendered anew: those that count from now would be as old as the explore.
    fn aggregate(&mut self, scope: &Scope<'a>, definition: Definition<'a>) -> Result<Part, String> {
        let active = definition
            .filters
            .iter()
            .any(|filter| filter.disabled != Some(true));
        let compiled = definition.compiled.filter(|sql| !sql.is_empty());
        let known = || scope.known(definition.table, definition.references);
        match (argument(scope, definition), compiled) {
            (argument, Some(compiled)) if !active => Ok(self.push(Leaf {
                definition,
                sql: compiled.to_owned(),
                values: known(),
                tables: known(),
                // An error: a reference that only the explore's own compiler could resolve.
                argument: argument.ok().filter(Argument::is_value),
            })),
            (Ok(argument), _) => {
                let mut tables = argument.tables.clone();
                if definition.references.is_some() {
                    tables.extend(known().0);
                }
                Ok(self.push(Leaf {
                    definition,
                    sql: scope.dialect.aggregate(
                        definition.metric_type,
                        &argument.text,
                        definition.percentile,
                    ),
                    values: argument.values.clone(),
                    tables,
                    argument: Some(argument).filter(Argument::is_value),
                }))
            }
            (Err(message), _) => Err(message),
        }
    }

    /// An expression over other metrics, or over raw aggregations of its own.
    fn over_metrics(
        &mut self,
        scope: &Scope<'a>,
        definition: Definition<'a>,
        above: &mut Vec<Id<'a>>,
    ) -> Result<Vec<Part>, NotOver> {
        let refers = pieces(definition.sql).any(|piece| matches!(piece, Piece::Field { .. }));
        let own = pieces(definition.sql).any(|piece| matches!(piece, Piece::Table));
        if !refers || own {
            // Opaque: it stays one piece.
            return match definition.compiled {
                Some(compiled) if !compiled.is_empty() => {
                    let tables = scope.known(definition.table, definition.references);
                    Ok(vec![self.leaf(definition, compiled.to_owned(), tables)])
                }
                _ => {
                    let sql = scope.expand(definition.table, definition.sql)?;
                    Ok(vec![self.leaf(definition, sql.text, sql.tables)])
                }
            };
        }
        let mut parts = Vec::new();
        for piece in pieces(definition.sql) {
            match piece {
                Piece::Text(text) => text_part(&mut parts, text),
                Piece::Field { table, field } => {
                    let metric = metric_of(scope, definition.table, table, field)
                        .ok_or_else(|| format!("No metric is called \"{field}\""))?;
                    let nested = self
                        .nested(scope, metric.into(), above)
                        .map_err(|message| NotOver {
                            cyclic: message.ends_with("is defined by itself"),
                            message,
                        })?;
                    text_part(&mut parts, "(");
                    for part in nested {
                        match part {
                            Part::Text(text) => text_part(&mut parts, &text),
                            leaf @ Part::Leaf(_) => parts.push(leaf),
                        }
                    }
                    text_part(&mut parts, ")");
                }
                Piece::Attribute { whole, .. } | Piece::Email { whole } => {
                    text_part(&mut parts, whole);
                }
                Piece::Table | Piece::Bad(_) => {
                    return Err(format!("\"{}\" cannot be read", definition.sql).into());
                }
            }
        }
        Ok(parts)
    }
}

/// Why an expression could not be taken apart.
struct NotOver {
    message: String,
    cyclic: bool,
}

impl From<String> for NotOver {
    fn from(message: String) -> Self {
        Self {
            message,
            cyclic: false,
        }
    }
}

fn text_part(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// The metric that a reference means.
fn metric_of<'a>(
    scope: &Scope<'a>,
    own: &'a str,
    table: Option<&str>,
    field: &str,
) -> Option<&'a Metric> {
    let (_, table) = scope.table(table.unwrap_or(own))?;
    table
        .metrics
        .get(field)
        .or_else(|| table.metrics.values().find(|one| one.name == field))
}

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
    fn is_value(&self) -> bool {
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
pub(crate) fn argument<'a>(
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
    for filter in definition.filters {
        if filter.disabled == Some(true) {
            continue;
        }
        let (table, field) = match filter.target.field_ref.split_once('.') {
            Some((table, field)) => (Some(table), field),
            None => (
                filter.target.table_name.as_deref(),
                filter.target.field_ref.as_str(),
            ),
        };
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

/// The ad-hoc metrics of a query, checked: their table, their SQL and their type.
pub(crate) fn ad_hoc<'a>(
    scope: &Scope<'a>,
    metrics: &'a [AdditionalMetric],
    errors: &mut Errors,
) -> HashMap<String, Definition<'a>> {
    let mut found = HashMap::with_capacity(metrics.len());
    for (at, metric) in metrics.iter().enumerate() {
        let path = format!("additionalMetrics[{at}]");
        if scope.hidden.tables.contains(&metric.table) {
            scope.not_allowed(errors, &path, &field_id(&metric.table, &metric.name));
            continue;
        }
        let Some((table, _)) = scope.explore.tables.get_key_value(&metric.table) else {
            errors.add(
                Reason::FieldReference,
                format!("{path}.table"),
                format!("The explore has no table \"{}\"", metric.table),
            );
            continue;
        };
        if let Err(message) = guard::expression(&metric.sql, scope.options.custom_sql) {
            errors.add(Reason::Compile, format!("{path}.sql"), message);
            continue;
        }
        let definition = Definition {
            table,
            ..Definition::from(metric)
        };
        found.insert(field_id(&metric.table, &metric.name), definition);
    }
    found
}

/// Writes an expression, with the given SQL for each aggregation.
pub(crate) fn write(parts: &[Part], leaf: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Leaf(at) => out.push_str(&leaf(*at)),
        }
    }
    out
}

/// A column of a table as SQL: as the dimension of the same name has it, or else as it is if it can stand so, and quoted if not.
pub(crate) fn column(scope: &Scope<'_>, alias: &str, name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    let (alias_sql, quoted) = (scope.quote(alias), literal::identifier(scope.dialect, name));
    let quoted = format!("{alias_sql}.{quoted}");
    let table = scope.explore.tables.get(alias);
    let dimension = table.and_then(|table| table.dimensions.get(name));
    if !plain || dimension.is_some_and(|dimension| dimension.compiled_sql == quoted) {
        quoted
    } else {
        format!("{alias_sql}.{name}")
    }
}

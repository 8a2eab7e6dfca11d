//! Metrics as aggregations, and expressions over them.

mod argument;

use std::collections::HashMap;

use crate::explore::{FieldFilter, Metric, MetricType};
use crate::literal;
use crate::query::AdditionalMetric;
use crate::reference::{Piece, pieces};
use crate::scope::{Scope, Tables};
use argument::argument;

pub(crate) use argument::{Argument, may_count_nothing};

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
    /// Expressions that are known.
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
        let depth = above.len();
        above.push(id);
        let parts = if definition.metric_type.is_aggregate() {
            vec![self.aggregate(scope, definition)?]
        } else {
            match self.over_metrics(scope, definition, above) {
                Ok(parts) => parts,
                // What the explore's own compiler understood and we do not.
                Err(reason) => match definition.compiled {
                    Some(compiled) if !compiled.is_empty() && !reason.cyclic => {
                        vec![self.compiled(scope, definition, compiled)?]
                    }
                    _ => return Err(reason.message),
                },
            }
        };
        above.truncate(depth);
        self.known.insert(id, parts.clone());
        Ok(parts)
    }

    /// Opaque SQL.
    fn leaf(
        &mut self,
        scope: &Scope<'a>,
        definition: Definition<'a>,
        sql: String,
        tables: Tables<'a>,
    ) -> Result<Part, String> {
        let leaf = Leaf {
            definition,
            sql,
            values: tables.clone(),
            tables,
            argument: None,
        };
        self.push(scope, leaf)
    }

    fn push(&mut self, scope: &Scope<'a>, leaf: Leaf<'a>) -> Result<Part, String> {
        scope.fits(leaf.sql.len())?;
        scope.grow(leaf.sql.len())?;
        self.leaves.push(leaf);
        Ok(Part::Leaf(self.leaves.len() - 1))
    }

    /// As the explore has it.
    fn compiled(
        &mut self,
        scope: &Scope<'a>,
        definition: Definition<'a>,
        sql: &str,
    ) -> Result<Part, String> {
        let tables = scope.known(definition.table, definition.references);
        self.leaf(scope, definition, sql.to_owned(), tables)
    }

    /// An aggregation. Filters are rendered anew: those that count from now would be as old as the explore.
    fn aggregate(&mut self, scope: &Scope<'a>, definition: Definition<'a>) -> Result<Part, String> {
        let active = definition
            .filters
            .iter()
            .any(|filter| filter.disabled != Some(true));
        let compiled = definition.compiled.filter(|sql| !sql.is_empty());
        let known = || scope.known(definition.table, definition.references);
        let leaf = match (argument(scope, definition), compiled) {
            (argument, Some(compiled)) if !active => Leaf {
                definition,
                sql: compiled.to_owned(),
                values: known(),
                tables: known(),
                // An error: a reference that only the explore's own compiler could resolve.
                argument: argument.ok().filter(Argument::is_value),
            },
            (argument, _) => {
                let argument = argument?;
                let mut tables = argument.tables.clone();
                if definition.references.is_some() {
                    tables.extend(known().0);
                }
                Leaf {
                    definition,
                    sql: scope.dialect.aggregate(
                        definition.metric_type,
                        &argument.text,
                        definition.percentile,
                    ),
                    values: argument.values.clone(),
                    tables,
                    argument: Some(argument).filter(Argument::is_value),
                }
            }
        };
        self.push(scope, leaf)
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
                    Ok(vec![self.compiled(scope, definition, compiled)?])
                }
                _ => {
                    let sql = scope.expand(definition.table, definition.sql)?;
                    Ok(vec![self.leaf(scope, definition, sql.text, sql.tables)?])
                }
            };
        }
        let mut parts = Vec::new();
        let mut length = 0;
        for piece in pieces(definition.sql) {
            match piece {
                Piece::Text(text) => text_part(&mut parts, text),
                Piece::Field { table, field } => {
                    let metric = scope
                        .metric_of(definition.table, table, field)
                        .ok_or_else(|| format!("No metric is called \"{field}\""))?;
                    let nested = self
                        .nested(scope, metric.into(), above)
                        .map_err(|message| NotOver {
                            cyclic: message.ends_with("is defined by itself"),
                            message,
                        })?;
                    length += self.length(&nested);
                    scope.fits(length)?;
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
        scope.grow(length + definition.sql.len())?;
        Ok(parts)
    }

    /// About how long an expression gets; an aggregation may become the name of a column.
    fn length(&self, parts: &[Part]) -> usize {
        let of = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Leaf(at) => self
                .leaves
                .get(*at)
                .map_or(0, |leaf| leaf.sql.len())
                .max(40),
        };
        parts.iter().map(of).sum()
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

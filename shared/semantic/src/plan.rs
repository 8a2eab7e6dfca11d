//! Names → what has to be computed, where. After this nothing can fail for a reason the user could cause.

use std::collections::HashSet;

use crate::ad_hoc;
use crate::calculation::{self, Calculation};
use crate::compile::Warning;
use crate::conditions::{self, Required};
use crate::error::{Errors, Reason};
use crate::explore::JoinType;
use crate::filter::FieldType;
use crate::joins::{self, Dependencies, Needed};
use crate::metric::{self, Definition, Leaf, Metrics, Part};
use crate::query::MetricQuery;
use crate::scope::{Found, Scope, Tables};
use crate::select::{self, Selection};

/// Everything that rendering needs.
pub(crate) struct Plan<'a> {
    pub selection: Selection<'a>,
    pub metrics: Vec<Column>,
    pub leaves: Vec<Leaf<'a>>,
    /// Per leaf: the index of its group, if joins would count its rows twice.
    pub guarded: Vec<Option<usize>>,
    pub groups: Vec<Guard<'a>>,
    pub calculations: Vec<Calculation<'a>>,
    pub from: String,
    pub filter: String,
    pub metric_filter: Option<String>,
    pub calculation_filter: Option<String>,
    /// Whether filters over the result hold SQL of the caller's own, and some table has rows that callers may not see: engines
    /// that filter early would try that SQL on those rows, and an error tells what is in them.
    pub fenced: bool,
    pub warnings: Vec<Warning>,
}

/// A metric as a column.
pub(crate) struct Column {
    pub id: String,
    pub parts: Vec<Part>,
    /// Whether it is asked for; otherwise only a filter needs it.
    pub shown: bool,
}

/// Aggregations over rows that are made distinct by the same keys first.
pub(crate) struct Guard<'a> {
    /// Tables and their primary keys.
    pub keys: Vec<(&'a str, &'a [String])>,
    /// Whether its SQL can only be had over the tables themselves: they are joined again by their keys.
    pub opaque: bool,
    /// Whether its one aggregation looks at more than the keys determine, as with a filter on rows that are many per key: the
    /// rows of another one would not be distinct beside it.
    pub alone: bool,
}

impl Guard<'_> {
    fn fits(&self, other: &Self) -> bool {
        !self.alone && !other.alone && self.keys == other.keys && self.opaque == other.opaque
    }
}

/// Resolves a query, or collects what is wrong with it.
pub(crate) fn plan<'a>(scope: &Scope<'a>, query: &'a MetricQuery, errors: &mut Errors) -> Plan<'a> {
    let mut selection = select::select(scope, query, errors);
    let mut metrics = Metrics::default();
    let columns = columns(scope, query, &mut metrics, errors);
    let calculations = calculation::resolve(scope, query, errors);
    if selection.groups.is_empty() && !columns.iter().any(|column| column.shown) {
        errors.add(
            Reason::Compile,
            "dimensions",
            "Nothing is selected: a query needs a dimension or a metric".to_owned(),
        );
    }
    check_sorts(query, errors);

    let mut tables = std::mem::take(&mut selection.tables);
    for leaf in &metrics.leaves {
        tables.extend(leaf.tables.0.iter().copied());
    }
    let mut filters = Vec::new();
    let filter = conditions::on_dimensions(scope, query, &mut tables, errors);
    let required = Required::of(scope, query);
    tables.extend(also_joined(scope, query, &required).0);
    let joins = joins::needed(scope, &required, &mut tables, errors);
    let (from, row_filter) = joins::from(scope, &joins, &required, errors);
    filters.extend(row_filter);
    filters.extend(filter);
    let base = scope.explore.base_table.as_str();
    let joined = joins.iter().map(|one| one.join.table.as_str());
    for table in std::iter::once(base).chain(joined) {
        filters.extend(required.when_joined(scope, table, errors));
    }

    let joined = joins.iter().map(|one| one.join.table.as_str());
    let mut used = std::iter::once(base).chain(joined);
    let own_sql = query.filters.table_calculations.is_some()
        || query.filters.metrics.is_some() && query.additional_metrics.is_some();
    let fenced = own_sql
        && used.any(|name| {
            let table = scope.explore.tables.get(name);
            table.is_some_and(|table| table.sql_where.is_some())
        });
    let dependencies = Dependencies::of(scope, &joins);
    let mut plan = Plan {
        selection,
        guarded: vec![None; metrics.leaves.len()],
        groups: Vec::new(),
        metric_filter: metric_filter(scope, query, errors),
        calculation_filter: calculation::filter(scope, query, &calculations, errors),
        calculations,
        metrics: columns,
        leaves: metrics.leaves,
        from,
        filter: filters.join(" AND "),
        fenced,
        warnings: Vec::new(),
    };
    lacking(scope, &joins, &dependencies, &mut plan);
    guard(scope, &dependencies, &mut plan);
    plan
}

/// Tables that the whole of a total needs and that leave out rows, or add some: a left join does neither.
fn also_joined<'a>(scope: &Scope<'a>, query: &'a MetricQuery, required: &Required) -> Tables<'a> {
    let mut tables = Tables::default();
    if query.also_joins.is_empty() {
        return tables;
    }
    // What is wrong with the whole is said there.
    let mut errors = Errors::default();
    let own = query.additional_metrics.as_deref().unwrap_or_default();
    let ad_hoc = ad_hoc::metrics(scope, own, &mut errors);
    let mut metrics = Metrics::default();
    for id in &query.also_joins {
        if let Some(found) = select::tables(scope, query, id) {
            tables.extend(found.0);
        } else if let Some(metric) = definition(scope, &ad_hoc, id, "", &mut errors) {
            let _ = metrics.expression(scope, metric);
        }
    }
    for leaf in &metrics.leaves {
        tables.extend(leaf.tables.0.iter().copied());
    }
    let joins = joins::needed(scope, required, &mut tables, &mut errors);
    let chooses = |one: &&Needed<'_>| !matches!(one.join.join_type, None | Some(JoinType::Left));
    let chosen = joins.iter().filter(chooses);
    Tables(chosen.map(|one| one.join.table.as_str()).collect())
}

/// The metrics that are asked for, then those that only filters name.
fn columns<'a>(
    scope: &Scope<'a>,
    query: &'a MetricQuery,
    metrics: &mut Metrics<'a>,
    errors: &mut Errors,
) -> Vec<Column> {
    let own = query.additional_metrics.as_deref().unwrap_or_default();
    let ad_hoc = ad_hoc::metrics(scope, own, errors);
    let mut wanted: Vec<(String, &str, bool)> = Vec::with_capacity(query.metrics.len());
    for (at, id) in query.metrics.iter().enumerate() {
        if !wanted.iter().any(|(_, one, _)| one == id) {
            wanted.push((format!("metrics[{at}]"), id, true));
        }
    }
    let mut rules = Vec::new();
    if let Some(item) = &query.filters.metrics {
        conditions::rules(item, &mut rules);
    }
    for target in rules.iter().rev().filter_map(|rule| rule.target.as_ref()) {
        if !wanted.iter().any(|(_, one, _)| *one == target.field_id) {
            wanted.push(("filters.metrics".to_owned(), &target.field_id, false));
        }
    }
    let mut columns = Vec::with_capacity(wanted.len());
    for (path, id, shown) in wanted {
        let Some(definition) = definition(scope, &ad_hoc, id, &path, errors) else {
            continue;
        };
        match metrics.expression(scope, definition) {
            Ok(parts) => columns.push(Column {
                id: id.to_owned(),
                parts,
                shown,
            }),
            Err(message) => errors.add(Reason::Compile, path, message),
        }
    }
    columns
}

fn definition<'a>(
    scope: &Scope<'a>,
    ad_hoc: &std::collections::HashMap<String, Definition<'a>>,
    id: &str,
    path: &str,
    errors: &mut Errors,
) -> Option<Definition<'a>> {
    if let Some(definition) = ad_hoc.get(id) {
        return Some(*definition);
    }
    match scope.metric(id) {
        Found::Yes(metric) => Some(metric.into()),
        Found::Hidden => {
            errors.refused(path, scope.not_allowed(id));
            None
        }
        Found::No => {
            scope.unknown(errors, path, "metric", id);
            None
        }
    }
}

/// The filter on metrics, over their columns.
fn metric_filter(scope: &Scope<'_>, query: &MetricQuery, errors: &mut Errors) -> Option<String> {
    let item = query.filters.metrics.as_ref()?;
    let own = query.additional_metrics.as_deref().unwrap_or_default();
    conditions::group(
        item,
        "filters.metrics",
        errors,
        &mut |id, rule, path, errors| {
            let ad_hoc = own
                .iter()
                .find(|metric| crate::scope::field_id(&metric.table, &metric.name) == id)
                .map(|metric| metric.metric_type);
            let metric_type = ad_hoc.or(match scope.metric(id) {
                Found::Yes(metric) => Some(metric.metric_type),
                // Said already.
                Found::Hidden | Found::No => None,
            })?;
            let field_type = FieldType::of_metric(metric_type, rule);
            let sql = scope.rule(&scope.quote(id), field_type, rule);
            conditions::checked(sql, id, path, errors)
        },
    )
}

/// What is sorted by has to be a column.
fn check_sorts(query: &MetricQuery, errors: &mut Errors) {
    let fields = query.dimensions.iter().chain(&query.metrics);
    let calculations = query.table_calculations.iter().map(|one| &one.name);
    let columns: Vec<&String> = fields.chain(calculations).collect();
    let known: HashSet<&String> = columns.iter().copied().collect();
    for (at, sort) in query.sorts.iter().enumerate() {
        if !known.contains(&sort.field_id) {
            let hint = errors.hint(&sort.field_id, || columns.clone());
            errors.hinted(
                Reason::FieldReference,
                format!("sorts[{at}]"),
                format!("\"{}\" is not among the selected fields", sort.field_id),
                hint,
            );
        }
    }
}

/// Finds the aggregations whose rows the joins would count several times, and the keys by which they are counted once.
fn guard<'a>(scope: &Scope<'a>, dependencies: &Dependencies<'a>, plan: &mut Plan<'a>) {
    let mut undeclared = false;
    for at in 0..plan.leaves.len() {
        let Some(leaf) = plan.leaves.get(at) else {
            continue;
        };
        if leaf.is_proof() {
            continue;
        }
        if several(dependencies, leaf) {
            let name = leaf.definition.name;
            plan.warnings.push(Warning {
                message: format!(
                    "The metric \"{name}\" may count rows several times: its SQL aggregates over several tables at once, which \
                     metrics of each table, put together in another, would not"
                ),
                fields: vec![crate::scope::field_id(leaf.definition.table, name)],
                tables: leaf.tables.0.iter().map(|&table| table.to_owned()).collect(),
            });
        }
        if dependencies.cover(&leaf.values.0) {
            continue;
        }
        let keys = keys(scope, dependencies, leaf);
        match keys.filter(|_| scope.options.fan_out) {
            Some(guard) => {
                let group = plan.groups.iter().position(|one| one.fits(&guard));
                let group = group.unwrap_or_else(|| {
                    plan.groups.push(guard);
                    plan.groups.len() - 1
                });
                if let Some(slot) = plan.guarded.get_mut(at) {
                    *slot = Some(group);
                }
            }
            None => {
                undeclared = true;
                let name = leaf.definition.name;
                plan.warnings.push(Warning {
                    message: format!(
                        "The metric \"{name}\" may count rows several times: its table needs a primary key, or the joins a \
                         relationship"
                    ),
                    fields: vec![crate::scope::field_id(leaf.definition.table, name)],
                    tables: leaf.tables.0.iter().map(|&table| table.to_owned()).collect(),
                });
            }
        }
    }
    if undeclared {
        for table in &dependencies.undeclared {
            plan.warnings.push(Warning {
                message: format!("The join of \"{table}\" says nothing of its relationship"),
                fields: Vec::new(),
                tables: vec![(*table).to_owned()],
            });
        }
    }
}

/// Whether SQL that is one piece reads several tables, of which not each determines all others: it may aggregate over any.
fn several(dependencies: &Dependencies<'_>, leaf: &Leaf<'_>) -> bool {
    let tables = &leaf.values.0;
    tables.len() > 1
        && leaf.argument.is_none()
        && !tables.iter().all(|table| dependencies.cover(&[*table]))
}

/// Keeps aggregations from what an outer join did not find: `1`, or `COALESCE(…, 0)`, is something even there. Opaque SQL that may
/// be so is told.
fn lacking<'a>(
    scope: &Scope<'a>,
    joins: &[Needed<'a>],
    dependencies: &Dependencies<'a>,
    plan: &mut Plan<'a>,
) {
    let key_of = |table: &'a str| {
        let key = scope.explore.tables.get(table)?.primary_key.as_ref()?;
        Some(metric::column(scope, table, key.first()?))
    };
    for leaf in &mut plan.leaves {
        let own = leaf.definition.table;
        let own = scope.table(own).map_or(own, |(key, _)| key);
        if !joins::may_lack(scope, joins, own) {
            continue;
        }
        // Where the own table has no row, a column of another one may have a value.
        let alone = leaf.values.0.iter().all(|table| *table == own);
        let strict = leaf.argument.as_ref().map(|one| one.strict && alone);
        // Or that of a table whose rows have one of its own.
        let determines = |table: &&&'a str| dependencies.determine(&[**table], &[own]);
        let others = || leaf.values.0.iter().filter(determines);
        let key = key_of(own).or_else(|| others().find_map(|table| key_of(table)));
        match (strict, key) {
            (Some(true), _) => {}
            (Some(false), Some(key)) => leaf.only_where(scope, &key),
            (Some(false), None) => plan.warnings.push(lacks(leaf, own)),
            (None, _) if metric::may_count_nothing(&leaf.sql) => {
                plan.warnings.push(lacks(leaf, own));
            }
            (None, _) => {}
        }
    }
}

fn lacks(leaf: &Leaf<'_>, own: &str) -> Warning {
    let name = leaf.definition.name;
    Warning {
        message: format!(
            "The metric \"{name}\" may count rows that have none of \"{own}\": a metric of an aggregating type, of a table with a \
             primary key, would not"
        ),
        fields: vec![crate::scope::field_id(leaf.definition.table, name)],
        tables: vec![own.to_owned()],
    }
}

/// The primary keys that determine what an aggregation reads: of all its tables, as a row may lack one of another; or else of
/// one that determines the others.
fn keys<'a>(
    scope: &Scope<'a>,
    dependencies: &Dependencies<'a>,
    leaf: &Leaf<'a>,
) -> Option<Guard<'a>> {
    let key_of = |table: &'a str| {
        let key = scope.explore.tables.get(table)?.primary_key.as_deref()?;
        (!key.is_empty()).then_some((table, key))
    };
    let tables = &leaf.values.0;
    let opaque = leaf.argument.is_none();
    let all: Option<Vec<_>> = tables.iter().map(|table| key_of(table)).collect();
    let one = || {
        let mut tables = tables
            .iter()
            .filter(|table| dependencies.determine(&[**table], tables));
        tables.find_map(|table| key_of(table)).map(|key| vec![key])
    };
    // Tables that are joined once more are joined with their filters.
    let filtered_by_others = |table: &&'a str| {
        let found = scope.explore.tables.get(*table);
        found.is_some_and(|found| {
            found.sql_where.is_some() && !joins::filter_tables(scope, table, found).0.is_empty()
        })
    };
    if opaque && tables.iter().any(filtered_by_others) {
        return None;
    }
    let keys = all.or_else(|| if opaque { None } else { one() })?;
    let of: Vec<&str> = keys.iter().map(|(table, _)| *table).collect();
    Some(Guard {
        alone: !opaque && !dependencies.determine(&of, &leaf.tables.0),
        keys,
        opaque,
    })
}

//! Filters of a query, and those that a model enforces.

use crate::error::{Errors, Reason};
use crate::explore::Dimension;
use crate::filter::Rule;
use crate::query::{FilterItem, MetricQuery};
use crate::scope::{Found, Scope, Tables, field_id};
use crate::select;

/// How deep groups of filters may be in each other.
const DEEPEST: usize = 30;

/// The SQL of a rule, and nothing where the rule is not to be looked at.
type RuleSql<'f> = &'f mut dyn FnMut(&str, &Rule<'_>, &str, &mut Errors) -> Option<String>;

/// The SQL of a group of filters; none if nothing in it is active.
pub(crate) fn group(
    item: &FilterItem,
    path: &str,
    errors: &mut Errors,
    rule_sql: RuleSql<'_>,
) -> Option<String> {
    nested(item, path, 0, errors, rule_sql)
}

fn nested(
    item: &FilterItem,
    path: &str,
    depth: usize,
    errors: &mut Errors,
    rule_sql: RuleSql<'_>,
) -> Option<String> {
    if depth > DEEPEST {
        errors.add(
            Reason::Compile,
            path,
            format!("Groups of filters are at most {DEEPEST} deep"),
        );
        return None;
    }
    let (word, items) = match (&item.and, &item.or) {
        (Some(items), None) => ("and", items),
        (None, Some(items)) => ("or", items),
        (Some(_), Some(_)) => {
            errors.add(
                Reason::Compile,
                path,
                "A group of filters has \"and\" or \"or\", not both".to_owned(),
            );
            return None;
        }
        (None, None) => return rule(item, path, errors, rule_sql),
    };
    let parts: Vec<String> = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| {
            let path = format!("{path}.{word}[{at}]");
            nested(item, &path, depth + 1, errors, rule_sql)
        })
        .collect();
    let between = if word == "and" { " AND " } else { " OR " };
    (!parts.is_empty()).then(|| format!("({})", parts.join(between)))
}

fn rule(
    item: &FilterItem,
    path: &str,
    errors: &mut Errors,
    rule_sql: RuleSql<'_>,
) -> Option<String> {
    let (Some(target), Some(operator)) = (&item.target, item.operator) else {
        // An empty object is what clients send for no filters at all.
        if *item != FilterItem::default() && !(item.target.is_none() && item.operator.is_none()) {
            errors.add(
                Reason::Compile,
                path,
                "A filter has a target and an operator, or is a group with \"and\" or \"or\""
                    .to_owned(),
            );
        }
        return None;
    };
    if item.disabled == Some(true) {
        return None;
    }
    let rule = Rule {
        operator,
        values: item.values.as_deref().unwrap_or_default(),
        settings: item.settings.as_ref(),
    };
    rule_sql(&target.field_id, &rule, path, errors).map(|sql| format!("(\n  {sql}\n)"))
}

/// The active rules of a group.
pub(crate) fn rules<'q>(item: &'q FilterItem, out: &mut Vec<&'q FilterItem>) {
    let mut open = vec![item];
    while let Some(item) = open.pop() {
        open.extend(item.and.iter().flatten());
        open.extend(item.or.iter().flatten());
        if item.target.is_some() && item.disabled != Some(true) {
            out.push(item);
        }
    }
}

/// The filter on dimensions, and the tables that it names.
pub(crate) fn on_dimensions<'a>(
    scope: &Scope<'a>,
    query: &'a MetricQuery,
    tables: &mut Tables<'a>,
    errors: &mut Errors,
) -> Option<String> {
    let item = query.filters.dimensions.as_ref()?;
    group(
        item,
        "filters.dimensions",
        errors,
        &mut |id, rule, path, errors| match select::filtered(scope, query, id) {
            Ok(Found::Yes((sql, field_type, used))) => {
                tables.extend(used.0);
                match scope.rule(&sql, field_type, rule) {
                    Ok(sql) => Some(sql),
                    Err(message) => {
                        errors.add(Reason::Compile, path, format!("\"{id}\": {message}"));
                        None
                    }
                }
            }
            Ok(Found::Hidden) => {
                scope.not_allowed(errors, path, id);
                None
            }
            Ok(Found::No) => {
                scope.unknown(errors, path, "dimension", id);
                None
            }
            Err(message) => {
                errors.add(Reason::Compile, path, message);
                None
            }
        },
    )
}

/// The filters that the base table's model enforces where the query has none on the same field. An interval of a date counts
/// as the date; a filter that is switched off does not count.
pub(crate) fn enforced<'a>(
    scope: &Scope<'a>,
    query: &'a MetricQuery,
    tables: &mut Tables<'a>,
    errors: &mut Errors,
) -> Vec<String> {
    let base = scope.explore.base_table.as_str();
    let Some((base, table)) = scope.explore.tables.get_key_value(base) else {
        return Vec::new();
    };
    let mut active = Vec::new();
    if let Some(item) = &query.filters.dimensions {
        rules(item, &mut active);
    }
    // What the query itself calls so is another field.
    let is_custom = |id: &str| {
        let mut custom = query.custom_dimensions.iter().flatten();
        custom.any(|custom| custom.id() == id)
    };
    let filtered: Vec<String> = active
        .iter()
        .filter_map(|item| item.target.as_ref())
        .filter(|target| !is_custom(&target.field_id))
        .map(|target| base_id(scope, &target.field_id))
        .collect();
    let mut out = Vec::new();
    for filter in &table.required_filters {
        if filter.required == Some(false) || filter.disabled == Some(true) {
            continue;
        }
        let target = &filter.target;
        let (named, field) = match target.field_ref.split_once('.') {
            Some((table, field)) => (Some(table), field),
            None => (target.table_name.as_deref(), target.field_ref.as_str()),
        };
        let Some(dimension) = scope.dimension_of(base, named, field) else {
            continue;
        };
        let id = interval_id(scope, dimension);
        if filtered.contains(&id) {
            continue;
        }
        let rule = Rule {
            operator: filter.operator,
            values: filter.values.as_deref().unwrap_or_default(),
            settings: filter.settings.as_ref(),
        };
        match scope.rule(
            &dimension.compiled_sql,
            dimension.dimension_type.into(),
            &rule,
        ) {
            Ok(sql) => {
                tables.extend(scope.tables_of(dimension).0);
                out.push(format!("( {sql} )"));
            }
            Err(message) => errors.add(
                Reason::Compile,
                "exploreName",
                format!("The required filter on \"{}\": {message}", target.field_ref),
            ),
        }
    }
    out
}

/// The id of the date of which a field is an interval; the field's own id otherwise.
fn base_id(scope: &Scope<'_>, id: &str) -> String {
    match scope.dimension(id) {
        Found::Yes(dimension) => interval_id(scope, dimension),
        _ => ["_day", "_week", "_month", "_quarter", "_year"]
            .iter()
            .find_map(|end| id.strip_suffix(end))
            .unwrap_or(id)
            .to_owned(),
    }
}

fn interval_id(scope: &Scope<'_>, dimension: &Dimension) -> String {
    let base = dimension.time_interval_base_dimension_name.as_ref();
    let name = base.unwrap_or(&dimension.name);
    let table = scope
        .table(&dimension.table)
        .map_or(dimension.table.as_str(), |(key, _)| key);
    field_id(table, name)
}

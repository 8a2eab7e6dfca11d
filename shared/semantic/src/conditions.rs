//! Filters of a query, and those that a model enforces.

use crate::error::{Errors, Reason};
use crate::explore::{Dimension, FieldFilter};
use crate::filter::Rule;
use crate::query::{FilterItem, MetricQuery};
use crate::scope::{Found, Scope, Tables, field_id};
use crate::select;
use crate::underlying::cut_of;

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

/// The SQL of a rule, or what is wrong with it said of its field.
pub(crate) fn checked(
    sql: Result<String, String>,
    id: &str,
    path: &str,
    errors: &mut Errors,
) -> Option<String> {
    sql.map_err(|message| errors.add(Reason::Compile, path, format!("\"{id}\": {message}")))
        .ok()
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
        &mut |id, rule, path, errors| match select::filtered(
            scope,
            query,
            id,
            cut_of(rule.settings),
        ) {
            Ok(Found::Yes((sql, field_type, used))) => {
                tables.extend(used.0);
                checked(scope.rule(&sql, field_type, rule), id, path, errors)
            }
            Ok(Found::Hidden) => {
                errors.refused(path, scope.not_allowed(id));
                None
            }
            Ok(Found::No) => {
                scope.unknown(errors, path, "dimension", id);
                None
            }
            Err(refused) => {
                errors.refused(path, refused);
                None
            }
        },
    )
}

/// The filters that models require where the query has none on the same field. An interval of a date counts as the date; a filter
/// that is switched off does not count.
pub(crate) struct Required {
    /// The ids of the fields that the query filters itself.
    filtered: Vec<String>,
}

impl Required {
    pub(crate) fn of(scope: &Scope<'_>, query: &MetricQuery) -> Self {
        let mut active = Vec::new();
        if let Some(item) = &query.filters.dimensions {
            rules(item, &mut active);
        }
        // What the query itself calls so is another field.
        let is_custom = |id: &str| {
            let mut custom = query.custom_dimensions.iter().flatten();
            custom.any(|custom| custom.id() == id)
        };
        let filtered = active
            .iter()
            .filter_map(|item| item.target.as_ref())
            .filter(|target| !is_custom(&target.field_id))
            .map(|target| base_id(scope, &target.field_id));
        Self {
            filtered: filtered.collect(),
        }
    }

    /// What the model of a table requires, and of which field: of the base table also of a field of another one. What a joined
    /// table's model says of others is about the explore of its own.
    fn of_table<'a>(
        &self,
        scope: &Scope<'a>,
        key: &'a str,
    ) -> Vec<(&'a FieldFilter, &'a Dimension)> {
        let Some(table) = scope.explore.tables.get(key) else {
            return Vec::new();
        };
        let is_base = key == scope.explore.base_table;
        let is_own = |name: &str| {
            name == key || table.name == name || table.original_name.as_deref() == Some(name)
        };
        let holds =
            |filter: &&FieldFilter| filter.required != Some(false) && filter.disabled != Some(true);
        let field = |filter: &'a FieldFilter| {
            let (named, field) = filter.target.parts();
            let named = named.filter(|name| !is_own(name));
            if named.is_some() && !is_base {
                return None;
            }
            let dimension = scope.dimension_of(key, named, field)?;
            let id = interval_id(scope, dimension);
            (!self.filtered.contains(&id)).then_some((filter, dimension))
        };
        let required = table.required_filters.iter().filter(holds);
        required.filter_map(field).collect()
    }

    /// The tables that the SQL of a table's conditions names.
    pub(crate) fn tables<'a>(&self, scope: &Scope<'a>, key: &'a str) -> Tables<'a> {
        let mut tables = Tables::default();
        for (_, dimension) in self.of_table(scope, key) {
            tables.extend(scope.tables_of(dimension).0);
        }
        tables
    }

    /// The conditions on a table's rows before they are joined, so that an outer join keeps its other side.
    pub(crate) fn before_joined<'a>(
        &self,
        scope: &Scope<'a>,
        key: &'a str,
        errors: &mut Errors,
    ) -> Vec<String> {
        self.sql(scope, key, true, errors)
    }

    /// The conditions on joined rows: those of the base table, and those of a joined one whose SQL names others.
    pub(crate) fn when_joined<'a>(
        &self,
        scope: &Scope<'a>,
        key: &'a str,
        errors: &mut Errors,
    ) -> Vec<String> {
        self.sql(scope, key, false, errors)
    }

    fn sql<'a>(
        &self,
        scope: &Scope<'a>,
        key: &'a str,
        before: bool,
        errors: &mut Errors,
    ) -> Vec<String> {
        let is_joined = key != scope.explore.base_table;
        let mut out = Vec::new();
        for (filter, dimension) in self.of_table(scope, key) {
            let is_own = is_joined && scope.tables_of(dimension).0 == [key];
            if is_own != before {
                continue;
            }
            let rule = Rule {
                operator: filter.operator,
                values: filter.values.as_deref().unwrap_or_default(),
                settings: filter.settings.as_ref(),
            };
            let field_type = dimension.dimension_type.into();
            match scope.rule(&dimension.compiled_sql, field_type, &rule) {
                Ok(sql) => out.push(format!("( {sql} )")),
                Err(message) => {
                    let field = &filter.target.field_ref;
                    errors.add(
                        Reason::Compile,
                        "exploreName",
                        format!("The required filter on \"{field}\": {message}"),
                    );
                }
            }
        }
        out
    }
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

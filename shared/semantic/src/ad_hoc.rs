//! The metrics that a query brings itself.

use std::collections::{HashMap, HashSet};

use crate::error::{Errors, Reason, Refused};
use crate::explore::MetricType;
use crate::metric::Definition;
use crate::query::AdditionalMetric;
use crate::scope::{Scope, field_id};

/// The ad-hoc metrics of a query, checked: their table, their SQL and their filters.
pub(crate) fn metrics<'a>(
    scope: &Scope<'a>,
    own: &'a [AdditionalMetric],
    errors: &mut Errors,
) -> HashMap<String, Definition<'a>> {
    let mut found = HashMap::with_capacity(own.len());
    let mut seen: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (at, metric) in own.iter().enumerate() {
        let path = format!("additionalMetrics[{at}]");
        let id = field_id(&metric.table, &metric.name);
        if scope.hidden.tables.contains(&metric.table) {
            errors.refused(path, scope.not_allowed(&id));
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
        let definition = Definition {
            table,
            ..Definition::from(metric)
        };
        let dimensions = seen.entry(table).or_insert_with(|| scope.own_sql(table));
        let checked = [
            ("sql", sql(scope, definition, dimensions)),
            ("filters", filters(scope, definition)),
            ("baseDimensionName", base(scope, metric)),
        ];
        for (what, checked) in checked {
            if let Err(refused) = checked {
                errors.refused(format!("{path}.{what}"), refused);
            }
        }
        found.insert(id, definition);
    }
    found
}

/// The SQL: that of a dimension, rows, or an expression over references.
fn sql(
    scope: &Scope<'_>,
    definition: Definition<'_>,
    dimensions: &HashSet<&str>,
) -> Result<(), Refused> {
    let Definition {
        metric_type, sql, ..
    } = definition;
    let whole = sql.trim();
    if metric_type.is_aggregate() && dimensions.contains(whole)
        || metric_type == MetricType::Count && whole == "*"
    {
        return Ok(());
    }
    scope.may_write(definition.table, sql, dimensions)
}

fn filters(scope: &Scope<'_>, definition: Definition<'_>) -> Result<(), Refused> {
    definition.filters.iter().try_for_each(|filter| {
        let (table, field) = filter.target.parts();
        scope.may_name(definition.table, table, field).map(drop)
    })
}

fn base(scope: &Scope<'_>, metric: &AdditionalMetric) -> Result<(), Refused> {
    let name = metric.base_dimension_name.as_deref();
    name.map_or(Ok(()), |name| {
        scope.may_name(&metric.table, None, name).map(drop)
    })
}

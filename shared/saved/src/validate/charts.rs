//! What is wrong with a chart: the fields that it names and its explore does not have (reference 17 §3).

use std::collections::{BTreeSet, HashSet};

use app::domain::{content::ChartBody, validation::ErrorType};
use semantic::{
    MetricQuery,
    query::{AdditionalMetric, CustomDimension, FilterItem},
    reference::{Piece, pieces},
};

use super::fields::{Fields, field_id};

/// A field that a chart names and that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub kind: ErrorType,
    pub error: String,
    pub field: String,
}

/// The items that a query brings itself, by id.
struct Own<'a> {
    dimensions: HashSet<&'a str>,
    metrics: HashSet<String>,
    calculations: HashSet<&'a str>,
}

impl<'a> Own<'a> {
    fn of(query: &'a MetricQuery) -> Self {
        let metrics = query.additional_metrics.iter().flatten();
        let dimensions = query.custom_dimensions.iter().flatten();
        let calculations = query.table_calculations.iter();
        Self {
            dimensions: dimensions.map(CustomDimension::id).collect(),
            metrics: metrics.map(|one| field_id(&one.table, &one.name)).collect(),
            calculations: calculations.map(|one| one.name.as_str()).collect(),
        }
    }

    fn into_ids(self) -> HashSet<String> {
        let named = self.dimensions.into_iter().chain(self.calculations);
        let named = named.map(str::to_owned);
        self.metrics.into_iter().chain(named).collect()
    }

    fn has(&self, id: &str) -> bool {
        self.dimensions.contains(id) || self.metrics.contains(id) || self.calculations.contains(id)
    }
}

/// The ids of what a query brings itself: metrics, dimensions and calculations.
pub(super) fn own_ids(query: &MetricQuery) -> HashSet<String> {
    Own::of(query).into_ids()
}

/// A chart against its explore.
struct Check<'a> {
    fields: Option<&'a Fields>,
    own: Own<'a>,
    faults: Vec<Fault>,
    told: BTreeSet<String>,
}

/// Everything that is wrong with a chart, each thing once. Without its explore, nothing that it names is there.
pub(super) fn check(body: &ChartBody, fields: Option<&Fields>) -> Vec<Fault> {
    let query = &body.metric_query;
    let mut check = Check {
        fields,
        own: Own::of(query),
        faults: Vec::new(),
        told: BTreeSet::new(),
    };
    check.columns(query);
    let filters = &query.filters;
    let roots = [
        &filters.dimensions,
        &filters.metrics,
        &filters.table_calculations,
    ];
    for root in roots.into_iter().flatten() {
        check.filter(root);
    }
    for sort in &query.sorts {
        if !check.knows(&sort.field_id) {
            check.add(ErrorType::Sorting, "Sorting", &sort.field_id);
        }
    }
    for metric in query.additional_metrics.iter().flatten() {
        check.additional(metric);
    }
    check.expressions(query);
    check.faults
}

impl Check<'_> {
    fn add(&mut self, kind: ErrorType, what: &str, field: &str) {
        self.tell(
            kind,
            format!("{what} error: the field '{field}' no longer exists"),
            field,
        );
    }

    fn tell(&mut self, kind: ErrorType, error: String, field: &str) {
        if self.told.insert(error.clone()) {
            self.faults.push(Fault {
                kind,
                error,
                field: field.to_owned(),
            });
        }
    }

    fn has(&self, id: &str) -> bool {
        self.fields.is_some_and(|fields| fields.has(id))
    }

    fn has_dimension(&self, id: &str) -> bool {
        self.fields.is_some_and(|fields| fields.has_dimension(id))
    }

    /// Whether it is an item of the explore or of the query.
    fn knows(&self, id: &str) -> bool {
        self.has(id) || self.own.has(id)
    }

    fn refers(&self, table: &str, field: &str) -> bool {
        let known = |fields: &Fields| fields.has_reference(table, field);
        self.fields.is_some_and(known) || self.knows(&field_id(table, field))
    }

    fn columns(&mut self, query: &MetricQuery) {
        for id in &query.dimensions {
            if !self.has_dimension(id) && !self.own.dimensions.contains(id.as_str()) {
                self.add(ErrorType::Dimension, "Dimension", id);
            }
        }
        for id in &query.metrics {
            let known = self.fields.is_some_and(|fields| fields.has_metric(id));
            if !known && !self.own.metrics.contains(id) {
                self.add(ErrorType::Metric, "Metric", id);
            }
        }
    }

    fn filter(&mut self, item: &FilterItem) {
        if let Some(target) = &item.target
            && !self.knows(&target.field_id)
        {
            self.add(ErrorType::Filter, "Filter", &target.field_id);
        }
        for below in item.and.iter().chain(&item.or).flatten() {
            self.filter(below);
        }
    }

    fn additional(&mut self, metric: &AdditionalMetric) {
        let kind = ErrorType::CustomMetric;
        if let Some(base) = &metric.base_dimension_name {
            let id = field_id(&metric.table, base);
            if !self.has_dimension(&id) {
                let error =
                    format!("Custom metric error: the base dimension '{id}' no longer exists");
                self.tell(kind, error, &id);
            }
        }
        for filter in metric.filters.iter().flatten() {
            let target = &filter.target;
            let (table, field) = match target.field_ref.split_once('.') {
                Some(parts) => parts,
                None => {
                    let table = target.table_name.as_deref().unwrap_or(&metric.table);
                    (table, target.field_ref.as_str())
                }
            };
            if !self.refers(table, field) {
                self.add(kind, "Custom metric filter", &field_id(table, field));
            }
        }
        self.sql(&metric.sql, Some(&metric.table), kind, "Custom metric");
    }

    /// What upstream does not look at: references of table calculations and of custom dimensions.
    fn expressions(&mut self, query: &MetricQuery) {
        for calculation in &query.table_calculations {
            self.sql(
                &calculation.sql,
                None,
                ErrorType::Metric,
                "Table calculation",
            );
        }
        let (kind, what) = (ErrorType::Dimension, "Custom dimension");
        for custom in query.custom_dimensions.iter().flatten() {
            // One that is not asked for breaks nothing.
            if !query.dimensions.iter().any(|id| id == custom.id()) {
                continue;
            }
            match custom {
                CustomDimension::Bin(bin) if !self.has_dimension(&bin.dimension_id) => {
                    self.add(kind, what, &bin.dimension_id);
                }
                CustomDimension::Bin(_) => {}
                CustomDimension::Sql(sql) => self.sql(&sql.sql, Some(&sql.table), kind, what),
            }
        }
    }

    /// References of SQL; one without a table is of `own`.
    fn sql(&mut self, sql: &str, own: Option<&str>, kind: ErrorType, what: &str) {
        for piece in pieces(sql) {
            if let Piece::Field { table, field } = piece
                && let Some(table) = table.or(own)
                && !self.refers(table, field)
            {
                self.add(kind, what, &field_id(table, field));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fields::Sketch, *};
    use serde_json::json;

    fn faults(query: serde_json::Value, with_explore: bool) -> Vec<(String, String)> {
        let explore = json!({ "name": "orders", "baseTable": "orders", "tables": { "orders": {
            "name": "orders", "dimensions": { "status": { "name": "status" } }, "metrics": { "total": { "name": "total" } },
        } } });
        let sketch = Sketch::read(&explore.to_string()).unwrap();
        let fields = Fields::from(&sketch);
        let body: ChartBody = serde_json::from_value(json!({
            "tableName": "orders", "metricQuery": query, "chartConfig": { "type": "table" },
        }))
        .unwrap();
        let found = check(&body, with_explore.then_some(&fields)).into_iter();
        found
            .map(|one| (one.kind.name().to_owned(), one.error))
            .collect()
    }

    fn pair(kind: &str, error: &str) -> (String, String) {
        (kind.to_owned(), error.to_owned())
    }

    #[test]
    fn everything_that_names_a_field_is_looked_at_in_order_and_once() {
        let query = json!({
            "exploreName": "orders", "dimensions": ["orders_status", "orders_gone", "bin", "expr"], "metrics": ["orders_total", "orders_lost", "orders_own"],
            "filters": {
                "dimensions": { "id": "a", "and": [{ "id": "b", "or": [
                    { "id": "c", "target": { "fieldId": "orders_deep" }, "operator": "equals", "values": ["orders_value"], "disabled": true },
                    { "id": "d", "target": { "fieldId": "bin" }, "operator": "isNull" },
                ] }] },
                "tableCalculations": { "id": "e", "and": [{ "id": "f", "target": { "fieldId": "calc" }, "operator": "isNull" }] },
            },
            "sorts": [{ "fieldId": "orders_gone", "descending": true }, { "fieldId": "orders_gone", "descending": true }, { "fieldId": "calc", "descending": true }],
            "limit": 1,
            "tableCalculations": [{ "name": "calc", "displayName": "C", "sql": "${orders.own} + ${orders.total} + ${orders.no}" }],
            "additionalMetrics": [{
                "table": "orders", "name": "own", "type": "sum", "sql": "${TABLE}.a + ${status} + ${bad}", "baseDimensionName": "base",
                "filters": [{ "id": "g", "target": { "fieldRef": "orders.nope" }, "operator": "isNull" }, { "id": "h", "target": { "fieldRef": "status" }, "operator": "isNull" }],
            }],
            "customDimensions": [
                { "id": "bin", "name": "B", "table": "orders", "type": "bin", "dimensionId": "orders_old", "binType": "fixed_number", "binNumber": 3 },
                { "id": "expr", "name": "E", "table": "orders", "type": "sql", "sql": "${orders.x}", "dimensionType": "string" },
                { "id": "unused", "name": "U", "table": "orders", "type": "sql", "sql": "${orders.y}", "dimensionType": "string" },
            ],
        });
        assert_eq!(
            faults(query, true),
            [
                pair(
                    "dimension",
                    "Dimension error: the field 'orders_gone' no longer exists"
                ),
                pair(
                    "metric",
                    "Metric error: the field 'orders_lost' no longer exists"
                ),
                pair(
                    "filter",
                    "Filter error: the field 'orders_deep' no longer exists"
                ),
                pair(
                    "sorting",
                    "Sorting error: the field 'orders_gone' no longer exists"
                ),
                pair(
                    "custom metric",
                    "Custom metric error: the base dimension 'orders_base' no longer exists"
                ),
                pair(
                    "custom metric",
                    "Custom metric filter error: the field 'orders_nope' no longer exists"
                ),
                pair(
                    "custom metric",
                    "Custom metric error: the field 'orders_bad' no longer exists"
                ),
                pair(
                    "metric",
                    "Table calculation error: the field 'orders_no' no longer exists"
                ),
                pair(
                    "dimension",
                    "Custom dimension error: the field 'orders_old' no longer exists"
                ),
                pair(
                    "dimension",
                    "Custom dimension error: the field 'orders_x' no longer exists"
                ),
            ]
        );
    }

    #[test]
    fn without_its_explore_nothing_that_a_chart_names_is_there() {
        let query = json!({ "exploreName": "orders", "dimensions": ["orders_status"], "metrics": ["orders_total"], "filters": {}, "sorts": [], "limit": 1, "tableCalculations": [] });
        assert!(faults(query.clone(), true).is_empty());
        assert_eq!(faults(query, false).len(), 2);
    }
}

//! Renaming in a chart: its query, field by field, and how it is drawn.

use std::collections::HashMap;

use app::domain::content::ChartBody;
use semantic::{
    MetricQuery,
    explore::FieldTarget,
    query::{AdditionalMetric, CustomDimension, FilterItem, FilterTarget},
};
use serde_json::Value;

use super::{names::Names, sql};
use crate::validate::fields::field_id;

/// Renames in one object, and notes where.
pub(super) struct Rewriter<'a> {
    pub names: &'a Names,
    /// Ids of what the object brings itself, as far as they hang on a table's name; and what is made of ids.
    pub own: HashMap<String, String>,
    /// Whether it is in a chart that Vega draws, whose options hold expressions.
    pub is_vega: bool,
    pub places: Vec<String>,
}

/// Renames in a chart. Answers the places; none, and the chart is as it was. Values of filters, labels, and the chart's own
/// names stay.
pub(super) fn rename(body: &mut ChartBody, names: &Names) -> Vec<String> {
    let mut rewriter = Rewriter::new(names);
    if let Some(new) = names.explore(&body.table_name) {
        body.table_name = new.to_owned();
        rewriter.places.push("tableName".into());
    }
    rewriter.query(&mut body.metric_query);
    rewriter.config(&mut body.chart_config);
    rewriter.ids("tableConfig.columnOrder", &mut body.column_order);
    if let Some(columns) = &mut body.pivot {
        rewriter.ids("pivotConfig.columns", columns);
    }
    rewriter.places
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(names: &'a Names) -> Self {
        Self {
            names,
            own: HashMap::new(),
            is_vega: false,
            places: Vec::new(),
        }
    }

    /// The new id, if it has one.
    pub(super) fn new_id(&self, id: &str) -> Option<String> {
        let own = || self.own.get(id).map(String::as_str);
        self.names.id(id).or_else(own).map(str::to_owned)
    }

    pub(super) fn put(&mut self, place: String, text: &mut String, new: Option<String>) {
        if let Some(new) = new.filter(|new| *new != *text) {
            *text = new;
            self.places.push(place);
        }
    }

    pub(super) fn id(&mut self, place: impl Into<String>, id: &mut String) {
        let new = self.new_id(id);
        self.put(place.into(), id, new);
    }

    fn ids(&mut self, place: &str, ids: &mut [String]) {
        for (at, id) in ids.iter_mut().enumerate() {
            self.id(format!("{place}[{at}]"), id);
        }
    }

    pub(super) fn table(&mut self, place: impl Into<String>, table: &mut String) {
        let new = self.names.table(table).map(str::to_owned);
        self.put(place.into(), table, new);
    }

    fn sql(&mut self, place: String, sql: &mut String, own: Option<&str>) {
        let new = sql::rename(sql, own, self.names);
        self.put(place, sql, new);
    }

    fn query(&mut self, query: &mut MetricQuery) {
        for metric in query.additional_metrics.iter().flatten() {
            if let Some(table) = self.names.table(&metric.table) {
                let (old, new) = (&metric.table, table);
                self.own
                    .insert(field_id(old, &metric.name), field_id(new, &metric.name));
            }
        }
        let explore = self.names.explore(&query.explore_name).map(str::to_owned);
        self.put(
            "metricQuery.exploreName".into(),
            &mut query.explore_name,
            explore,
        );
        self.ids("metricQuery.dimensions", &mut query.dimensions);
        self.ids("metricQuery.metrics", &mut query.metrics);
        self.filters(query);
        for (at, sort) in query.sorts.iter_mut().enumerate() {
            self.id(
                format!("metricQuery.sorts[{at}].fieldId"),
                &mut sort.field_id,
            );
            self.kept(&format!("metricQuery.sorts[{at}]"), &mut sort.rest);
        }
        for (at, calculation) in query.table_calculations.iter_mut().enumerate() {
            let place = format!("metricQuery.tableCalculations[{at}]");
            self.sql(format!("{place}.sql"), &mut calculation.sql, None);
            if let Some(template) = &mut calculation.template {
                self.walk(&format!("{place}.template"), "", template);
            }
            self.kept(&place, &mut calculation.rest);
        }
        let metrics = query.additional_metrics.iter_mut().flatten();
        for (at, metric) in metrics.enumerate() {
            self.additional(&format!("metricQuery.additionalMetrics[{at}]"), metric);
        }
        let custom = query.custom_dimensions.iter_mut().flatten();
        for (at, dimension) in custom.enumerate() {
            self.custom(&format!("metricQuery.customDimensions[{at}]"), dimension);
        }
        self.rest(query);
    }

    /// What only goes with a query: formats by id, the date that is zoomed, notes of clients.
    fn rest(&mut self, query: &mut MetricQuery) {
        let overrides = [
            ("metricOverrides", &mut query.metric_overrides),
            ("dimensionOverrides", &mut query.dimension_overrides),
        ];
        for (name, overrides) in overrides {
            let Some(overrides) = overrides else {
                continue;
            };
            let known = std::mem::take(overrides);
            for (mut id, value) in known {
                self.id(format!("metricQuery.{name}.{id}"), &mut id);
                overrides.insert(id, value);
            }
        }
        if let Some(columns) = &mut query.pivot_dimensions {
            self.ids("metricQuery.pivotDimensions", columns);
        }
        let zoom = query.date_zoom.as_mut();
        if let Some(id) = zoom.and_then(|zoom| zoom.x_axis_field_id.as_mut()) {
            self.id("metricQuery.dateZoom.xAxisFieldId", id);
        }
        self.kept("metricQuery", &mut query.rest);
        let noted = query.metadata.as_mut();
        if let Some(date) = noted.and_then(|noted| noted.get_mut("hasADateDimension")) {
            self.named(date);
        }
    }

    /// `{table, name}` of a field.
    fn named(&mut self, field: &mut Value) {
        let text = |name: &str| field[name].as_str().map(str::to_owned);
        let (Some(table), Some(name)) = (text("table"), text("name")) else {
            return;
        };
        if let Some((new_table, new)) = self.names.reference(&table, &name)
            && let Some(field) = field.as_object_mut()
        {
            field.insert("table".into(), new_table.into());
            field.insert("name".into(), new.into());
            self.places
                .push("metricQuery.metadata.hasADateDimension".into());
        }
    }

    fn filters(&mut self, query: &mut MetricQuery) {
        let filters = &mut query.filters;
        let roots = [
            ("dimensions", &mut filters.dimensions),
            ("metrics", &mut filters.metrics),
            ("tableCalculations", &mut filters.table_calculations),
        ];
        for (name, root) in roots {
            if let Some(root) = root {
                self.filter(format!("metricQuery.filters.{name}"), root);
            }
        }
    }

    fn filter(&mut self, place: String, item: &mut FilterItem) {
        if let Some(target) = &mut item.target {
            self.id(format!("{place}.target.fieldId"), &mut target.field_id);
            self.target_rest(&format!("{place}.target"), target);
        }
        for (name, below) in [("and", &mut item.and), ("or", &mut item.or)] {
            for (at, one) in below.iter_mut().flatten().enumerate() {
                self.filter(format!("{place}.{name}[{at}]"), one);
            }
        }
    }

    /// `tableName` and `fieldName` of a target, with what else clients keep there.
    fn target_rest(&mut self, place: &str, target: &mut FilterTarget) {
        let text = |name: &str| target.rest.get(name).and_then(Value::as_str);
        let (table, field) = (text("tableName"), text("fieldName"));
        let known = table.zip(field);
        let new = known.and_then(|(table, field)| {
            let (_, new) = self.names.reference(table, field)?;
            (new != field).then(|| new.to_owned())
        });
        if let Some(new) = new {
            target.rest.insert("fieldName".into(), new.into());
            self.places.push(format!("{place}.fieldName"));
        }
        self.kept(place, &mut target.rest);
    }

    fn additional(&mut self, place: &str, metric: &mut AdditionalMetric) {
        let table = metric.table.clone();
        for (at, filter) in metric.filters.iter_mut().flatten().enumerate() {
            let place = format!("{place}.filters[{at}].target.fieldRef");
            self.target(place, &table, &mut filter.target);
        }
        if let Some(base) = &mut metric.base_dimension_name {
            let new = self.field_of(&table, base);
            self.put(format!("{place}.baseDimensionName"), base, new);
        }
        // The column behind the field goes by its name, where the metric is nothing but the column.
        let column = metric.sql.trim().strip_prefix("${TABLE}.");
        let new = column.and_then(|column| self.field_of(&table, column));
        let new = new.map(|column| format!("${{TABLE}}.{column}"));
        let place_of_sql = format!("{place}.sql");
        match new {
            Some(new) => self.put(place_of_sql, &mut metric.sql, Some(new)),
            None => self.sql(place_of_sql, &mut metric.sql, Some(&table)),
        }
        self.table(format!("{place}.table"), &mut metric.table);
    }

    /// The new name of a field that stays in its table.
    fn field_of(&self, table: &str, field: &str) -> Option<String> {
        let (new_table, new) = self.names.reference(table, field)?;
        let stays = self.names.table(table).unwrap_or(table) == new_table;
        (stays && new != field).then(|| new.to_owned())
    }

    fn target(&mut self, place: String, own: &str, target: &mut FieldTarget) {
        let new = match target.field_ref.split_once('.') {
            Some((table, field)) => {
                let new = self.names.reference(table, field);
                new.map(|(table, field)| format!("{table}.{field}"))
            }
            None => {
                let table = target.table_name.as_deref().unwrap_or(own);
                self.field_of(table, &target.field_ref)
            }
        };
        self.put(place.clone(), &mut target.field_ref, new);
        if let Some(table) = &mut target.table_name {
            self.table(place, table);
        }
    }

    fn custom(&mut self, place: &str, dimension: &mut CustomDimension) {
        match dimension {
            CustomDimension::Bin(bin) => {
                self.id(format!("{place}.dimensionId"), &mut bin.dimension_id);
                self.table(format!("{place}.table"), &mut bin.table);
            }
            CustomDimension::Sql(sql) => {
                let table = sql.table.clone();
                self.sql(format!("{place}.sql"), &mut sql.sql, Some(&table));
                self.table(format!("{place}.table"), &mut sql.table);
            }
        }
    }
}

#[cfg(test)]
mod tests;

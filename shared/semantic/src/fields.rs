//! What the columns of a query are: the items that answers carry beside their rows.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::Explore;
use crate::explore::{Dimension, Metric};
use crate::interval::TimeInterval;
use crate::query::{AdditionalMetric, DateZoom, MetricQuery};
use crate::scope::{Found, field_id, named};
use crate::select::{self, is_date};

/// The items of a query's columns by their ids: dimensions and metrics as the explore has them, ad-hoc metrics as metrics,
/// custom dimensions and table calculations as the query has them. Ids that the explore does not know are left out.
pub fn items(explore: &Explore, query: &MetricQuery) -> Map<String, Value> {
    let mut items = Map::new();
    let mut put = |id: &str, item: Option<Value>| {
        items.extend(item.map(|item| (id.to_owned(), item)));
    };
    for id in &query.dimensions {
        let own = query.custom_dimensions.iter().flatten();
        let own = own.into_iter().find(|one| one.id() == id);
        put(
            id,
            own.map(|one| json!(one))
                .or_else(|| of_dimension(explore, query, id)),
        );
    }
    for id in &query.metrics {
        let own = query.additional_metrics.iter().flatten();
        let own = own
            .into_iter()
            .find(|one| field_id(&one.table, &one.name) == *id);
        put(
            id,
            own.map(|one| of_additional(explore, query, one))
                .or_else(|| of_metric(explore, query, id)),
        );
    }
    for calculation in &query.table_calculations {
        put(&calculation.name, Some(json!(calculation)));
    }
    items
}

/// The dimension of an id, or the interval of a date that the explore does not list.
pub fn dimension<'a>(explore: &'a Explore, id: &str) -> Option<Cow<'a, Dimension>> {
    match select::dimension(id, |id| listed(explore, id).map_or(Found::No, Found::Yes)) {
        Found::Yes((found, None)) => Some(Cow::Borrowed(found)),
        Found::Yes((date, Some(interval))) => Some(Cow::Owned(cut(explore, date, interval))),
        Found::Hidden | Found::No => None,
    }
}

/// An interval of a date as the explore would list it. In its SQL weeks begin where the warehouse has them begin.
fn cut(explore: &Explore, date: &Dimension, interval: TimeInterval) -> Dimension {
    let sql = |sql: &str| {
        let kind = date.dimension_type;
        explore.target_database.interval(sql, interval, kind, None)
    };
    Dimension {
        name: format!("{}_{}", date.name, interval.wire().to_ascii_lowercase()),
        label: label(date, interval),
        dimension_type: interval.result_type(date.dimension_type),
        sql: sql(&date.sql),
        compiled_sql: sql(&date.compiled_sql),
        time_interval: Some(interval),
        time_interval_base_dimension_name: Some(date.name.clone()),
        is_interval_base: false,
        ..date.clone()
    }
}

/// `Ordered at quarter`
fn label(date: &Dimension, interval: TimeInterval) -> String {
    format!("{} {}", date.label, interval.label().to_lowercase())
}

fn listed<'a>(explore: &'a Explore, id: &str) -> Option<&'a Dimension> {
    explore.tables.iter().find_map(|(key, table)| {
        let mut all = table.dimensions.values();
        all.find(|field| field_id(key, &field.name) == id)
    })
}

/// The metric of an id.
pub fn metric<'a>(explore: &'a Explore, id: &str) -> Option<&'a Metric> {
    explore.tables.iter().find_map(|(key, table)| {
        let mut all = table.metrics.values();
        all.find(|field| field_id(key, &field.name) == id)
    })
}

fn of_dimension(explore: &Explore, query: &MetricQuery, id: &str) -> Option<Value> {
    let found = dimension(explore, id)?;
    let mut item = json!(found);
    let base = base(explore, &found);
    let zoomed = zoomed(explore, query, id)
        // What it is already has a label of its own.
        .filter(|to| is_date(base.dimension_type) && found.time_interval != Some(*to));
    if let (Some(interval), Some(item)) = (zoomed, item.as_object_mut()) {
        let kind = interval.result_type(base.dimension_type);
        item.insert("label".to_owned(), json!(label(base, interval)));
        item.insert("type".to_owned(), json!(kind));
        item.insert("timeInterval".to_owned(), json!(interval));
    }
    Some(item)
}

/// What the zoom of a query cuts a column to, if it is the one that is cut.
fn zoomed(explore: &Explore, query: &MetricQuery, id: &str) -> Option<TimeInterval> {
    let zoom = query.date_zoom.as_ref()?;
    let interval = zoom.granularity?.interval();
    let target = zoom_target(explore, zoom, &query.dimensions)?;
    (target == id).then_some(interval)
}

/// The id of the column that a zoom cuts: the one that it names, or else the first date.
pub(crate) fn zoom_target<'a>(
    explore: &Explore,
    zoom: &'a DateZoom,
    dimensions: &'a [String],
) -> Option<&'a String> {
    let first =
        |id: &&String| dimension(explore, id).is_some_and(|found| is_date(found.dimension_type));
    let named = zoom.x_axis_field_id.as_ref();
    named.or_else(|| dimensions.iter().find(first))
}

/// The date that a dimension is an interval of; the dimension itself otherwise.
pub(crate) fn base<'a>(explore: &'a Explore, field: &'a Dimension) -> &'a Dimension {
    let name = field.time_interval_base_dimension_name.as_deref();
    let table = explore.tables.get(&field.table);
    let found = name.and_then(|name| named(&table?.dimensions, name));
    found.map_or(field, |(_, base)| base)
}

fn of_metric(explore: &Explore, query: &MetricQuery, id: &str) -> Option<Value> {
    let mut item = json!(metric(explore, id)?);
    overridden(query, id, &mut item);
    Some(item)
}

/// What a query overrides of a metric.
fn overridden(query: &MetricQuery, id: &str, item: &mut Value) {
    let overrides = query.metric_overrides.as_ref().and_then(|all| all.get(id));
    let options = overrides.and_then(|one| one.get("formatOptions"));
    if let (Some(options), Some(item)) = (options, item.as_object_mut()) {
        // They count, whatever else the metric says (reference 14 §8).
        item.remove("format");
        item.insert("formatOptions".to_owned(), options.clone());
    }
}

/// An ad-hoc metric with what every metric has.
fn of_additional(explore: &Explore, query: &MetricQuery, metric: &AdditionalMetric) -> Value {
    let table = explore.tables.get(&metric.table);
    let mut item = json!(metric);
    if let Some(item) = item.as_object_mut() {
        item.insert("fieldType".to_owned(), json!("metric"));
        let label = metric.label.clone().unwrap_or_else(|| metric.name.clone());
        item.insert("label".to_owned(), json!(label));
        let table = table.map_or(&metric.table, |table| &table.label);
        item.insert("tableLabel".to_owned(), json!(table));
        item.entry("hidden").or_insert(json!(false));
    }
    overridden(query, &field_id(&metric.table, &metric.name), &mut item);
    item
}

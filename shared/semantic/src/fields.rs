//! What the columns of a query are: the items that answers carry beside their rows.

use serde_json::{Map, Value, json};

use crate::explore::{Dimension, DimensionType, Metric};
use crate::query::{AdditionalMetric, DateZoom, Granularity, MetricQuery};
use crate::scope::{field_id, named};
use crate::{Explore, interval::TimeInterval};

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
            own.map(|one| of_additional(explore, one))
                .or_else(|| of_metric(explore, query, id)),
        );
    }
    for calculation in &query.table_calculations {
        put(&calculation.name, Some(json!(calculation)));
    }
    items
}

/// The dimension of an id.
pub fn dimension<'a>(explore: &'a Explore, id: &str) -> Option<&'a Dimension> {
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
    let zoomed = zoomed(explore, query, id)
        // What it is already has a label of its own.
        .filter(|(_, interval)| found.time_interval != Some(*interval));
    if let (Some((base, interval)), Some(item)) = (zoomed, item.as_object_mut()) {
        let label = format!("{} {}", base.label, interval.label().to_lowercase());
        let kind = interval.result_type(base.dimension_type);
        item.insert("label".to_owned(), json!(label));
        item.insert("type".to_owned(), json!(kind));
        item.insert("timeInterval".to_owned(), json!(interval));
    }
    Some(item)
}

fn interval(zoom: &DateZoom) -> Option<TimeInterval> {
    Some(match zoom.granularity? {
        Granularity::Day => TimeInterval::Day,
        Granularity::Week => TimeInterval::Week,
        Granularity::Month => TimeInterval::Month,
        Granularity::Quarter => TimeInterval::Quarter,
        Granularity::Year => TimeInterval::Year,
    })
}

/// What a zoom makes of a column, if it is the one that it names, or else the first date: the date, and what this is cut to.
fn zoomed<'a>(
    explore: &'a Explore,
    query: &MetricQuery,
    id: &str,
) -> Option<(&'a Dimension, TimeInterval)> {
    let zoom = query.date_zoom.as_ref()?;
    let interval = interval(zoom)?;
    let first = |id: &&String| dimension(explore, id).is_some_and(is_date);
    let target = zoom.x_axis_field_id.as_ref();
    let target = target.or_else(|| query.dimensions.iter().find(first))?;
    let base = base(explore, dimension(explore, id)?);
    (target == id && is_date(base)).then_some((base, interval))
}

fn is_date(field: &Dimension) -> bool {
    matches!(
        field.dimension_type,
        DimensionType::Date | DimensionType::Timestamp
    )
}

/// The date that a dimension is an interval of; the dimension itself otherwise.
fn base<'a>(explore: &'a Explore, field: &'a Dimension) -> &'a Dimension {
    let name = field.time_interval_base_dimension_name.as_deref();
    let table = explore.tables.get(&field.table);
    let found = name.and_then(|name| named(&table?.dimensions, name));
    found.map_or(field, |(_, base)| base)
}

fn of_metric(explore: &Explore, query: &MetricQuery, id: &str) -> Option<Value> {
    let found = metric(explore, id)?;
    let mut item = json!(found);
    let overrides = query.metric_overrides.as_ref().and_then(|all| all.get(id));
    let options = overrides.and_then(|one| one.get("formatOptions"));
    if let (Some(options), Some(item)) = (options, item.as_object_mut()) {
        // They count, whatever else the metric says (reference 14 §8).
        item.remove("format");
        item.insert("formatOptions".to_owned(), options.clone());
    }
    Some(item)
}

/// An ad-hoc metric with what every metric has.
fn of_additional(explore: &Explore, metric: &AdditionalMetric) -> Value {
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
    item
}

//! The query of the rows behind another query's cell (reference: underlying data).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Explore;
use crate::access::Hidden;
use crate::conditions;
use crate::explore::{Dimension, FieldFilter};
use crate::fields;
use crate::interval::TimeInterval;
use crate::query::{CustomDimension, DateZoom, FilterItem, FilterTarget, MetricQuery, Operator};
use crate::scope::{field_id, named, table};
use crate::select::is_date;

/// What is looked behind.
#[derive(Debug, Clone, Copy)]
pub struct Behind<'a> {
    /// The query whose cell it is.
    pub source: &'a MetricQuery,
    /// The metric of the cell, or another column of it.
    pub item: Option<&'a str>,
    /// What the caller may not see.
    pub hidden: &'a Hidden,
}

/// The query of the rows behind a cell: the source's own SQL dimensions, then every dimension of a joined table or of a table that
/// the source has a field of, as they are declared. Left out are intervals of others and what is hidden. A metric that says what to
/// show shows only that. Filters of the metric hold for its rows; the caller's are still to be put in.
pub fn underlying(explore: &Explore, behind: Behind<'_>) -> MetricQuery {
    let metric = behind.item.and_then(|id| asked(explore, behind.source, id));
    let own = behind.source.custom_dimensions.iter().flatten();
    let own: Vec<CustomDimension> = own
        .filter(|one| matches!(one, CustomDimension::Sql(_)))
        .cloned()
        .collect();
    let mut dimensions: Vec<String> = own.iter().map(|one| one.id().to_owned()).collect();
    let tables = tables(explore, behind.source);
    let only = metric.as_ref().and_then(|metric| metric.shown(explore));
    for (key, table) in &explore.tables {
        if !tables.contains(key.as_str()) || behind.hidden.tables.contains(key) {
            continue;
        }
        let hidden = &behind.hidden.fields;
        let seen = |name: &String, dimension: &Dimension| {
            !dimension.hidden
                && !is_interval(dimension)
                && !hidden.contains(&(key.clone(), name.clone()))
        };
        let shown = |dimension: &Dimension| {
            let only = only.as_ref();
            only.is_none_or(|only| only.contains(&field_id(key, &dimension.name)))
        };
        let all = table.dimensions.iter();
        let all = all.filter(|(name, one)| seen(name, one) && shown(one));
        dimensions.extend(all.map(|(_, one)| field_id(key, &one.name)));
    }
    let mut query = MetricQuery {
        explore_name: explore.name.clone(),
        dimensions,
        custom_dimensions: (!own.is_empty()).then_some(own),
        timezone: behind.source.timezone.clone(),
        ..MetricQuery::default()
    };
    let rules = metric.iter().flat_map(|metric| metric.rules(explore));
    let rules: Vec<FilterItem> = rules.collect();
    query.filters.dimensions = (!rules.is_empty()).then(|| all_of(rules));
    query
}

/// Rules that all hold.
pub fn all_of(rules: Vec<FilterItem>) -> FilterItem {
    FilterItem {
        and: Some(rules),
        ..FilterItem::default()
    }
}

/// The setting of a rule about a zoomed cell: the interval that its date is cut to, as the zoom does it. An interval that the
/// explore lists may begin its weeks on another day, as it was deployed.
const CUT: &str = "dateZoom";

/// How a rule's date is cut, if its settings say.
pub(crate) fn cut_of(settings: Option<&Value>) -> Option<TimeInterval> {
    settings?.get(CUT)?.as_str().and_then(TimeInterval::parse)
}

/// Turns what rules say of a zoomed cell into what it shows: its equality is with the date cut as the zoom has it. Rules that the
/// source has itself are about the date as it was before, and stay.
pub fn cut(explore: &Explore, source: &MetricQuery, zoom: &DateZoom, rules: &mut FilterItem) {
    let Some((from, date, interval)) = zoomed(explore, source, zoom) else {
        return;
    };
    let mut own = Vec::new();
    if let Some(item) = &source.filters.dimensions {
        conditions::rules(item, &mut own);
    }
    own.retain(|rule| is_equality(rule, from));
    aim(rules, from, (date.as_str(), interval), &own);
}

/// The same for a query of rows that a client made itself, with its own zoom, which ends. Without a name in it, the zoomed date is the
/// first of those that rules equal.
pub fn unzoomed(explore: &Explore, mut query: MetricQuery) -> MetricQuery {
    if let (Some(zoom), Some(rules)) = (query.date_zoom.take(), &mut query.filters.dimensions) {
        let source = MetricQuery {
            dimensions: equalled(rules),
            ..MetricQuery::default()
        };
        cut(explore, &source, &zoom, rules);
    }
    query
}

/// The id of the column that a zoom cuts, that of its date, and what it is cut to.
fn zoomed<'a>(
    explore: &Explore,
    source: &'a MetricQuery,
    zoom: &'a DateZoom,
) -> Option<(&'a str, String, TimeInterval)> {
    let interval = zoom.granularity?.interval();
    let id = fields::zoom_target(explore, zoom, &source.dimensions)?;
    let found = fields::dimension(explore, id)?;
    let base = fields::base(explore, &found);
    let date = field_id(&base.table, &base.name);
    is_date(base.dimension_type).then_some((id.as_str(), date, interval))
}

fn is_equality(rule: &FilterItem, id: &str) -> bool {
    let is_equal = rule.operator == Some(Operator::Equals) && rule.disabled != Some(true);
    is_equal
        && rule
            .target
            .as_ref()
            .is_some_and(|target| target.field_id == id)
}

fn aim(
    item: &mut FilterItem,
    from: &str,
    (date, interval): (&str, TimeInterval),
    own: &[&FilterItem],
) {
    for one in item.and.iter_mut().chain(&mut item.or).flatten() {
        aim(one, from, (date, interval), own);
    }
    let is_cell = is_equality(item, from) && own.iter().all(|own| own.values != item.values);
    if let Some(target) = item.target.as_mut().filter(|_| is_cell) {
        date.clone_into(&mut target.field_id);
        item.settings = Some(json!({ CUT: interval.wire() }));
    }
}

/// The ids of the fields that rules equal, in their order.
fn equalled(item: &FilterItem) -> Vec<String> {
    let own = item.target.iter().map(|target| target.field_id.clone());
    let own = own.filter(|id| is_equality(item, id));
    let below = item.and.iter().chain(&item.or).flatten();
    own.chain(below.flat_map(equalled)).collect()
}

/// The metric of a cell.
struct Asked<'a> {
    table: &'a str,
    filters: &'a [FieldFilter],
    shows: Option<&'a [String]>,
}

fn asked<'a>(explore: &'a Explore, source: &'a MetricQuery, id: &str) -> Option<Asked<'a>> {
    let added = source.additional_metrics.iter().flatten();
    let mut added = added.filter(|one| field_id(&one.table, &one.name) == id);
    if let Some(metric) = added.next() {
        return Some(Asked {
            table: &metric.table,
            filters: metric.filters.as_deref().unwrap_or_default(),
            shows: None,
        });
    }
    explore.tables.iter().find_map(|(key, table)| {
        let mut all = table.metrics.values();
        let metric = all.find(|metric| field_id(key, &metric.name) == id)?;
        let shows = metric.show_underlying_values.as_deref();
        Some(Asked {
            table: key,
            filters: &metric.filters,
            shows: shows.filter(|names| !names.is_empty()),
        })
    })
}

impl Asked<'_> {
    /// The id of the dimension that a reference means: its table may be called by its model.
    fn meant(&self, explore: &Explore, named_table: Option<&str>, name: &str) -> String {
        let own = named_table.unwrap_or(self.table);
        let found = table(explore, own)
            .and_then(|(key, table)| Some((key, named(&table.dimensions, name)?.1)));
        match found {
            Some((key, dimension)) => field_id(key, &dimension.name),
            None => field_id(own, name),
        }
    }

    /// The ids of the dimensions that it shows, if it says which.
    fn shown(&self, explore: &Explore) -> Option<BTreeSet<String>> {
        let id = |name: &String| match name.split_once('.') {
            Some((table, name)) => self.meant(explore, Some(table), name),
            None => self.meant(explore, None, name),
        };
        Some(self.shows?.iter().map(id).collect())
    }

    /// What chooses the metric's rows.
    fn rules(&self, explore: &Explore) -> impl Iterator<Item = FilterItem> {
        let all = self.filters.iter();
        all.filter(|filter| filter.disabled != Some(true))
            .map(move |filter| {
                let (table, name) = filter.target.parts();
                FilterItem {
                    id: Some(Value::String(filter.id.clone())),
                    target: Some(FilterTarget {
                        field_id: self.meant(explore, table, name),
                        ..FilterTarget::default()
                    }),
                    operator: Some(filter.operator),
                    values: Some(filter.values.clone().unwrap_or_default()),
                    settings: filter.settings.clone(),
                    ..FilterItem::default()
                }
            })
    }
}

/// One of the coarser forms of another dimension.
fn is_interval(dimension: &Dimension) -> bool {
    dimension.time_interval.is_some() && dimension.time_interval_base_dimension_name.is_some()
}

/// Joined tables, and the base if the source has a field of it.
fn tables<'a>(explore: &'a Explore, source: &MetricQuery) -> BTreeSet<&'a str> {
    let mut tables: BTreeSet<&str> = explore
        .joined_tables
        .iter()
        .map(|join| join.table.as_str())
        .collect();
    let asked: Vec<&String> = source.dimensions.iter().chain(&source.metrics).collect();
    // Also intervals that no table lists.
    let found = source.dimensions.iter();
    let found = found.filter_map(|id| fields::dimension(explore, id));
    let fields: Vec<_> = found.collect();
    let own = source.additional_metrics.iter().flatten();
    let own = own.map(|one| one.table.as_str());
    let found = fields.iter().map(|one| one.table.as_str());
    let added: BTreeSet<&str> = own.chain(found).collect();
    for (key, table) in &explore.tables {
        let dimensions = table.dimensions.values().map(|one| &one.name);
        let mut names = dimensions.chain(table.metrics.values().map(|one| &one.name));
        if added.contains(key.as_str()) || names.any(|name| asked.contains(&&field_id(key, name))) {
            tables.insert(key);
        }
    }
    tables
}

//! What a dashboard lays over the query of a chart on it: filters, sorts and a zoom (reference 11 §15 and §16, 13 §4). Pure.
//!
//! A rule is laid over a chart whose explore has its field. On a tile the rule may say otherwise in `tileTargets`: `false` keeps it
//! away, another field is looked at instead. A rule of the chart about the same field, or about the same date in another interval,
//! gives way to the dashboard's; the others stay, and the dashboard's hold beside them.

use app::{
    Error, Result,
    domain::{content::DashboardFilters, id::ContentId},
};
use indexmap::IndexMap;
use semantic::{
    Explore, MetricQuery,
    explore::{Dimension, DimensionType},
    fields,
    query::{DateZoom, FilterItem, FilterTarget, Granularity, Sort},
    underlying::all_of,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// Rules that a request brings at most.
const MOST_RULES: usize = 500;

/// How a chart is looked at on a dashboard, as clients send it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnDashboard {
    dashboard_uuid: String,
    /// Rules in `dimensions`, `metrics` and `tableCalculations`.
    #[schema(nullable = false)]
    dashboard_filters: Option<Value>,
    dashboard_sorts: Vec<Sort>,
    #[schema(nullable = false)]
    date_zoom: Option<DateZoom>,
    /// What older clients send instead of `dateZoom`.
    #[schema(nullable = false)]
    granularity: Option<Granularity>,
    /// The tile that the chart is on: without, the filters are taken to be meant for it as they are.
    #[schema(nullable = false)]
    tile_uuid: Option<String>,
}

impl OnDashboard {
    /// The dashboard, and what it lays over the chart.
    ///
    /// # Errors
    /// `Invalid` for filters that are none.
    pub fn read(self) -> Result<(Option<ContentId>, Overlay)> {
        let overlay = Overlay {
            filters: read_filters(self.dashboard_filters)?,
            sorts: self.dashboard_sorts,
            zoom: zoom(self.date_zoom, self.granularity),
            tile: self.tile_uuid,
        };
        Ok((ContentId::parse(&self.dashboard_uuid), overlay))
    }
}

/// What is laid over.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    pub filters: DashboardFilters,
    /// Instead of the chart's own, if there are any.
    pub sorts: Vec<Sort>,
    pub zoom: Option<DateZoom>,
    /// The tile that the chart is on, where it is known.
    pub tile: Option<String>,
}

impl Overlay {
    /// Filters alone, of a tile if it is known.
    pub fn of(filters: DashboardFilters, tile: Option<String>) -> Self {
        Self {
            filters,
            tile,
            ..Self::default()
        }
    }

    /// Lays it over a query; answers the rules that were.
    ///
    /// # Errors
    /// `Invalid` for a rule that is none.
    pub fn lay(self, query: &mut MetricQuery, explore: &Explore) -> Result<DashboardFilters> {
        if self.filters.rules().count() > MOST_RULES {
            return Err(Error::invalid(format!(
                "A dashboard has at most {MOST_RULES} filters"
            )));
        }
        let tile = self.tile.as_deref();
        let of_table = |table: &str| explore.tables.contains_key(table);
        let dimension = |id: &str| fields::dimension(explore, id).is_some();
        let metric = |id: &str| fields::metric(explore, id).is_some() || has_metric(query, id);
        let calculation = |id: &str| query.table_calculations.iter().any(|one| one.name == id);
        let dimensions = applying(&self.filters.dimensions, tile, &of_table, &dimension)?;
        let metrics = applying(&self.filters.metrics, tile, &of_table, &metric)?;
        let calculations = &self.filters.table_calculations;
        let calculations = calculating(calculations, tile, &calculation)?;

        let same_date = |a: &str, b: &str| is_same_date(explore, a, b);
        let same = |a: &str, b: &str| a == b;
        let all = &mut query.filters;
        all.dimensions = merged(all.dimensions.take(), &dimensions, &same_date);
        all.metrics = merged(all.metrics.take(), &metrics, &same);
        all.table_calculations = merged(all.table_calculations.take(), &calculations, &same);

        if !self.sorts.is_empty() {
            query.sorts = self.sorts;
        }
        if let Some(zoom) = self.zoom.filter(|zoom| zoom.granularity.is_some()) {
            query.date_zoom = Some(zoom);
        }
        let sent = |rules: Vec<Rule>| rules.into_iter().map(|rule| rule.sent).collect();
        Ok(DashboardFilters {
            dimensions: sent(dimensions),
            metrics: sent(metrics),
            table_calculations: sent(calculations),
            ..DashboardFilters::default()
        })
    }
}

/// Whether a metric is one that only the query knows.
fn has_metric(query: &MetricQuery, id: &str) -> bool {
    let mut own = query.additional_metrics.iter().flatten();
    own.any(|one| format!("{}_{}", one.table, one.name.replace('.', "__")) == id)
}

/// The zoom of a request: as newer clients send it, or by the granularity alone of older ones.
pub fn zoom(zoom: Option<DateZoom>, granularity: Option<Granularity>) -> Option<DateZoom> {
    zoom.or(granularity.map(|granularity| DateZoom {
        granularity: Some(granularity),
        ..DateZoom::default()
    }))
}

/// The filters of a request: rules by what they look at; what is absent is empty.
///
/// # Errors
/// `Invalid` when they are something else.
pub fn read_filters(sent: Option<Value>) -> Result<DashboardFilters> {
    let refused = || {
        Error::invalid(
            "dashboardFilters has lists of rules in \"dimensions\", \"metrics\" and \"tableCalculations\"",
        )
    };
    let mut sent = match sent {
        None => return Ok(DashboardFilters::default()),
        Some(Value::Object(sent)) => sent,
        Some(_) => return Err(refused()),
    };
    sent.retain(|_, rules| !rules.is_null());
    serde_json::from_value(Value::Object(sent)).map_err(|_| refused())
}

/// A rule that is laid over, and as it was sent, with the field that it looks at here.
struct Rule {
    id: String,
    item: FilterItem,
    sent: Map<String, Value>,
}

/// What a rule looks at on a tile: a field with its table, and whether the tile says so itself. None where it is kept away.
fn target(sent: &Map<String, Value>, tile: Option<&str>) -> Option<(Value, bool)> {
    let targets = sent.get("tileTargets");
    let own = tile.and_then(|tile| targets?.get(tile));
    match own {
        Some(Value::Bool(false)) => None,
        Some(own @ Value::Object(_)) => Some((own.clone(), true)),
        _ => Some((sent.get("target").cloned().unwrap_or_default(), false)),
    }
}

fn read(mut sent: Map<String, Value>, target: Value, id: String) -> Result<Rule> {
    sent.insert("target".to_owned(), target);
    let item: Result<FilterItem, _> = serde_json::from_value(Value::Object(sent.clone()));
    let item = item.ok().filter(|item| item.operator.is_some());
    let item = item.ok_or_else(|| {
        Error::invalid(format!(
            "The dashboard's filter on \"{id}\" has no operator that is known, or no list of values"
        ))
    })?;
    let item = FilterItem {
        target: Some(FilterTarget {
            field_id: id.clone(),
            rest: IndexMap::new(),
        }),
        and: None,
        or: None,
        disabled: None,
        required: None,
        // What is the dashboard's stays with it.
        rest: IndexMap::new(),
        ..item
    };
    Ok(Rule { id, item, sent })
}

fn is_disabled(sent: &Map<String, Value>) -> bool {
    sent.get("disabled") == Some(&Value::Bool(true))
}

fn named(target: &Value, name: &str) -> Result<String> {
    let text = target[name].as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| {
        Error::invalid(format!(
            "A dashboard's filter names its field: \"{name}\" of its \"target\" is missing"
        ))
    })
}

/// The rules that look at a field of these tables. A field that is not there any more keeps a rule away, unless the tile itself
/// names it: then it is told, as the rows would look as if they were filtered.
fn applying(
    rules: &[Map<String, Value>],
    tile: Option<&str>,
    of_table: &dyn Fn(&str) -> bool,
    has: &dyn Fn(&str) -> bool,
) -> Result<Vec<Rule>> {
    let mut found = Vec::new();
    for sent in rules.iter().filter(|sent| !is_disabled(sent)) {
        let Some((target, by_tile)) = target(sent, tile) else {
            continue;
        };
        // A column of an SQL chart.
        if target["isSqlColumn"] == Value::Bool(true) {
            continue;
        }
        let (id, table) = (named(&target, "fieldId")?, named(&target, "tableName")?);
        if of_table(&table) && (by_tile || has(&id)) {
            found.push(read(sent.clone(), target, id)?);
        }
    }
    Ok(found)
}

/// The rules that look at a calculation of the chart.
fn calculating(
    rules: &[Map<String, Value>],
    tile: Option<&str>,
    has: &dyn Fn(&str) -> bool,
) -> Result<Vec<Rule>> {
    let mut found = Vec::new();
    for sent in rules.iter().filter(|sent| !is_disabled(sent)) {
        let Some((target, _)) = target(sent, tile) else {
            continue;
        };
        let id = named(&target, "fieldId")?;
        if has(&id) {
            found.push(read(sent.clone(), target, id)?);
        }
    }
    Ok(found)
}

/// The filters of a chart with those of its dashboard.
fn merged(
    own: Option<FilterItem>,
    rules: &[Rule],
    same: &dyn Fn(&str, &str) -> bool,
) -> Option<FilterItem> {
    if rules.is_empty() {
        return own;
    }
    let mut used = vec![false; rules.len()];
    let mut give_way = |item: &mut FilterItem| {
        let Some(target) = &item.target else {
            return;
        };
        let mut all = rules.iter().zip(&mut used);
        if let Some((rule, used)) = all.find(|(rule, _)| same(&rule.id, &target.field_id)) {
            *used = true;
            *item = rule.item.clone();
        }
    };
    let mut own = own;
    if let Some(root) = &mut own {
        give_way(root);
        for item in root.and.iter_mut().chain(&mut root.or).flatten() {
            give_way(item);
        }
    }
    // Of two rules on one field, the first stands in for the chart's, the second holds beside it.
    let left = rules.iter().zip(&used).filter(|(_, used)| !**used);
    let left: Vec<FilterItem> = left.map(|(rule, _)| rule.item.clone()).collect();
    if left.is_empty() {
        return own;
    }
    match own {
        Some(FilterItem {
            id,
            and: Some(mut all),
            or: None,
            target: None,
            ..
        }) => {
            all.extend(left);
            Some(FilterItem { id, ..all_of(all) })
        }
        own => {
            let is_something = |item: &FilterItem| *item != FilterItem::default();
            let all = own.into_iter().filter(is_something).chain(left).collect();
            Some(FilterItem {
                id: Some(json!("dashboard")),
                ..all_of(all)
            })
        }
    }
}

/// Whether two ids are of one field, or of one date in different intervals.
fn is_same_date(explore: &Explore, a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let dates = (fields::dimension(explore, a), fields::dimension(explore, b));
    let (Some(a), Some(b)) = dates else {
        return false;
    };
    let base = |one: &Dimension| {
        let base = one.time_interval_base_dimension_name.clone();
        let base = base.filter(|_| one.time_interval.is_some());
        base.unwrap_or_else(|| one.name.clone())
    };
    // Some intervals are numbers or names: the month of a year, the day of a week.
    let dated = |one: &Dimension| one.time_interval.is_some() || is_date(one);
    dated(&a) && dated(&b) && a.table == b.table && base(&a) == base(&b)
}

fn is_date(dimension: &Dimension) -> bool {
    matches!(
        dimension.dimension_type,
        DimensionType::Date | DimensionType::Timestamp
    )
}

/// Notes in a query which date it has, as clients offer a zoom by it: the column that the chart is drawn along, else the first
/// one that is a date.
pub fn note_date(query: &mut MetricQuery, explore: &Explore, x_field: Option<&str>) {
    let along = x_field.filter(|id| query.dimensions.iter().any(|one| one == id));
    let all = query.dimensions.iter().map(String::as_str);
    let found = along.into_iter().chain(all).find_map(|id| {
        let found = fields::dimension(explore, id)?;
        is_date(&found).then_some(found)
    });
    if let Some(found) = found {
        let date = json!({ "name": found.name, "label": found.label, "table": found.table });
        let metadata = query.metadata.get_or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("hasADateDimension".to_owned(), date);
        }
    }
}

#[cfg(test)]
mod tests;

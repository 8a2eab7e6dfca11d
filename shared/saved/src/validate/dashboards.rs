//! What is wrong with a dashboard: its filters, and the charts on it (reference 17 §3).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use app::domain::{
    content::{Content, ContentKind, DashboardBody, Index},
    id::ContentId,
    validation::{ErrorType, Finding, Source, number_of},
};
use serde_json::Value;

use super::explores::Explores;

/// The field that a target names, unless it is a column of SQL.
fn field_of(target: &Value) -> Option<(&str, &str)> {
    if target["isSqlColumn"].as_bool() == Some(true) {
        return None;
    }
    let field = target["fieldId"].as_str()?;
    Some((field, target["tableName"].as_str().unwrap_or_default()))
}

/// What is known of charts.
#[derive(Default)]
pub(super) struct Charts {
    /// Those that are broken, by name.
    pub broken: BTreeMap<ContentId, String>,
    /// The ids of what those on dashboards bring themselves.
    pub own: HashMap<ContentId, HashSet<String>>,
}

impl Charts {
    fn brings(&self, chart: ContentId, id: &str) -> bool {
        self.own.get(&chart).is_some_and(|own| own.contains(id))
    }
}

/// Everything that is wrong with a dashboard, each thing once. A filter's field has to be in some explore, or a chart on the
/// dashboard brings it; where a tile has one of its own, in the explore of that tile's chart, or that chart brings it.
pub(super) fn check(
    row: &Content,
    body: &DashboardBody,
    index: &Index,
    explores: &Explores,
    known: &Charts,
) -> Vec<Finding> {
    let mut tiles: HashMap<&str, (ContentId, &str)> = HashMap::new();
    let mut charts = BTreeSet::new();
    for tile in &body.tiles {
        if let Some((ContentKind::Chart, id)) = tile.face.shows() {
            charts.insert(id);
            let chart = index.get(ContentKind::Chart, id);
            let explore = chart.and_then(|chart| chart.shown.explore.as_deref());
            tiles.extend(explore.map(|explore| (tile.uuid.as_str(), (id, explore))));
        }
    }
    let mut found = Found::new(row);
    let filters = &body.filters;
    for rule in filters.dimensions.iter().chain(&filters.metrics) {
        if let Some((field, table)) = rule.get("target").and_then(field_of)
            && !is_anywhere(explores, field, table)
            && !charts.iter().any(|chart| known.brings(*chart, field))
        {
            found.filter(field);
        }
        let targets = rule.get("tileTargets").and_then(Value::as_object);
        for (tile, target) in targets.into_iter().flatten() {
            if let Some((field, _)) = field_of(target)
                && let Some((chart, explore)) = tiles.get(tile.as_str())
                && !is_in(explores, field, explore)
                && !known.brings(*chart, field)
            {
                found.filter(field);
            }
        }
    }
    for chart in charts {
        if let Some(name) = known.broken.get(&chart) {
            found.chart(chart, name);
        }
    }
    found.findings
}

/// Whether a field is in any explore; the one that is called as its table first.
fn is_anywhere(explores: &Explores, field: &str, table: &str) -> bool {
    let own = explores.fields(table);
    own.is_some_and(|own| own.has(field)) || explores.all().any(|one| one.has(field))
}

/// Whether a field is in an explore. One that was not given is not judged.
fn is_in(explores: &Explores, field: &str, explore: &str) -> bool {
    match explores.fields(explore) {
        Some(fields) => fields.has(field),
        None => explores.are_given,
    }
}

struct Found<'a> {
    row: &'a Content,
    told: BTreeSet<u64>,
    findings: Vec<Finding>,
}

impl<'a> Found<'a> {
    fn new(row: &'a Content) -> Self {
        Self {
            row,
            told: BTreeSet::new(),
            findings: Vec::new(),
        }
    }

    fn add(&mut self, kind: ErrorType, key: &str, error: String) -> Option<&mut Finding> {
        let row = self.row;
        let id = number_of(&["dashboard", &row.id.to_string(), kind.name(), key]);
        if !self.told.insert(id) {
            return None;
        }
        self.findings.push(Finding {
            id,
            source: Source::Dashboard,
            error_type: kind,
            error,
            content: Some(row.id),
            name: row.name.clone(),
            field: None,
            chart: None,
            required: None,
        });
        self.findings.last_mut()
    }

    fn filter(&mut self, field: &str) {
        let error = format!("Filter error: the field '{field}' no longer exists");
        if let Some(finding) = self.add(ErrorType::Filter, field, error) {
            finding.field = Some(field.to_owned());
        }
    }

    fn chart(&mut self, chart: ContentId, name: &str) {
        let error = format!("The chart '{name}' is broken on this dashboard.");
        if let Some(finding) = self.add(ErrorType::Chart, &chart.to_string(), error) {
            finding.chart = Some((chart, name.to_owned()));
        }
    }
}

//! What is wrong with a dashboard: its filters, and the charts on it (reference 17 §3).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use app::domain::{
    content::{Content, ContentKind, DashboardBody, Index},
    id::ContentId,
    validation::{ErrorType, Finding, Source, number_of},
};
use serde_json::{Map, Value};

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

/// What is looked at of a filter.
struct Rule {
    /// Its field, and the table that it names.
    target: Option<(String, String)>,
    /// The fields that it has on tiles of their own, with the charts there.
    tiles: Vec<(String, ContentId)>,
}

/// What is looked at of a dashboard.
struct Board<'a> {
    row: &'a Content,
    charts: BTreeSet<ContentId>,
    rules: Vec<Rule>,
}

/// What is looked at of dashboards: everything else of them is let go.
#[derive(Default)]
pub(super) struct Boards<'a> {
    all: Vec<Board<'a>>,
    /// The tables that filters name.
    pub named: BTreeSet<String>,
    /// The charts on tiles.
    pub tiled: BTreeSet<ContentId>,
}

/// The explore of a chart that is there.
fn explore_of(index: &Index, chart: ContentId) -> Option<&str> {
    let chart = index.get(ContentKind::Chart, chart)?;
    chart.shown.explore.as_deref()
}

impl<'a> Boards<'a> {
    /// Notes a dashboard.
    pub(super) fn add(&mut self, row: &'a Content, body: &DashboardBody, index: &Index) {
        let mut tiles: HashMap<&str, ContentId> = HashMap::new();
        let mut charts = BTreeSet::new();
        for tile in &body.tiles {
            if let Some((ContentKind::Chart, id)) = tile.face.shows() {
                charts.insert(id);
                if explore_of(index, id).is_some() {
                    tiles.insert(&tile.uuid, id);
                }
            }
        }
        let tables = body.filters.rules().filter_map(|rule| {
            let target = rule.get("target")?;
            target["tableName"].as_str().map(str::to_owned)
        });
        self.named.extend(tables);
        self.tiled.extend(&charts);
        let filters = &body.filters;
        let rules = filters.dimensions.iter().chain(&filters.metrics);
        self.all.push(Board {
            row,
            charts,
            rules: rules.map(|rule| Rule::read(rule, &tiles)).collect(),
        });
    }

    /// Everything that is wrong with dashboards, each thing once.
    pub(super) fn check(
        &self,
        index: &Index,
        explores: &Explores,
        known: &Charts,
    ) -> impl Iterator<Item = Finding> {
        let all = self.all.iter();
        all.flat_map(move |board| board.check(index, explores, known))
    }
}

impl Rule {
    fn read(rule: &Map<String, Value>, charts: &HashMap<&str, ContentId>) -> Self {
        let target = rule.get("target").and_then(field_of);
        let targets = rule.get("tileTargets").and_then(Value::as_object);
        let tiles = targets.into_iter().flatten().filter_map(|(tile, target)| {
            let (field, _) = field_of(target)?;
            Some((field.to_owned(), *charts.get(tile.as_str())?))
        });
        Self {
            target: target.map(|(field, table)| (field.to_owned(), table.to_owned())),
            tiles: tiles.collect(),
        }
    }
}

impl Board<'_> {
    /// A filter's field has to be in some explore, or a chart on the dashboard brings it; where a tile has one of its own, in
    /// the explore of that tile's chart, or that chart brings it.
    fn check(&self, index: &Index, explores: &Explores, known: &Charts) -> Vec<Finding> {
        let mut found = Found::new(self.row);
        let brought = |field: &str| self.charts.iter().any(|chart| known.brings(*chart, field));
        for rule in &self.rules {
            if let Some((field, table)) = &rule.target
                && !is_anywhere(explores, field, table)
                && !brought(field)
            {
                found.filter(field);
            }
            for (field, chart) in &rule.tiles {
                if let Some(explore) = explore_of(index, *chart)
                    && !is_in(explores, field, explore)
                    && !known.brings(*chart, field)
                {
                    found.filter(field);
                }
            }
        }
        for chart in &self.charts {
            if let Some(name) = known.broken.get(chart) {
                found.chart(*chart, name);
            }
        }
        found.findings
    }
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

//! What a rename means: which model, and what of it each explore has.

use std::collections::{BTreeSet, HashMap};

use app::{
    App, Error, Kind, Result,
    domain::{
        content::{ChartBody, Content, ContentKind, DashboardBody, Index},
        explore_set::Entry,
        id::{ContentId, ProjectId},
    },
};

use super::{OfTiles, Rename, RenameType, names::Names};
use crate::validate::{explores::sketches, fields::Sketch};

/// What a rename changes, by explore.
pub(super) struct Resolved {
    explores: HashMap<String, Names>,
    /// By chart, where it has metrics of its own that hang on a table's name.
    own: HashMap<ContentId, Names>,
    /// In any of them.
    pub any: Names,
}

impl Resolved {
    /// What it changes in a chart.
    pub(super) fn of(&self, row: &Content) -> Option<&Names> {
        self.explores.get(row.shown.explore.as_deref()?)
    }

    /// Notes what a chart brings itself, for the filters of the dashboards that it is on.
    pub(super) fn note(&mut self, row: &Content, body: &ChartBody) {
        let names = self.of(row);
        if let Some(own) = names.and_then(|names| names.with_own(&body.metric_query)) {
            self.own.insert(row.id, own);
        }
    }

    /// What it changes on each tile of a dashboard.
    pub(super) fn tiles(&self, index: &Index, body: &DashboardBody) -> OfTiles<'_> {
        let of = |tile: &app::domain::content::Tile| {
            let (what, id) = tile.face.shows()?;
            let chart = index.get(what, id)?;
            let names = self.own.get(&id).or_else(|| self.of(chart))?;
            Some((tile.uuid.clone(), names))
        };
        body.tiles.iter().filter_map(of).collect()
    }
}

/// Looks for what is renamed in the project's explores, under the old name and under the new one: it does not matter which
/// of dbt and the rename comes first.
///
/// # Errors
/// `NotFound` for a model or a field that is nowhere; `Invalid` for a field of several models, or of a joined table.
pub(super) async fn resolve(
    app: &App,
    project: ProjectId,
    index: &Index,
    rename: &Rename,
) -> Result<Resolved> {
    let charts = index.live().filter(|row| row.what == ContentKind::Chart);
    let used: BTreeSet<&str> = charts
        .filter_map(|row| row.shown.explore.as_deref())
        .collect();
    let every = rename.kind == RenameType::Field && rename.model.is_none();
    let own = [&rename.from, &rename.to];
    let own = own.into_iter().chain(&rename.model);
    let own: BTreeSet<&str> = own.map(String::as_str).collect();
    let entries = app.store.explores(project).await?;
    let wanted = |entry: &&Entry| {
        let name = entry.name.as_str();
        !entry.is_error && (every || used.contains(name) || own.contains(name))
    };
    let wanted: Vec<&Entry> = entries.iter().filter(wanted).collect();
    let mut found = HashMap::new();
    sketches(app, project, &wanted, |sketch| {
        found.insert(sketch.name.clone(), sketch);
    })
    .await?;
    let explores = match rename.kind {
        RenameType::Model => of_model(&found, &used, rename)?,
        RenameType::Field => of_field(&found, rename)?,
    };
    let mut any = Names::default();
    for names in explores.values() {
        any.merge(names);
    }
    Ok(Resolved {
        explores,
        own: HashMap::new(),
        any,
    })
}

fn of_model(
    found: &HashMap<String, Sketch>,
    used: &BTreeSet<&str>,
    rename: &Rename,
) -> Result<HashMap<String, Names>> {
    let both = (rename.from.as_str(), rename.to.as_str());
    let own = [found.get(both.0), found.get(both.1)];
    if own.iter().all(Option::is_none) {
        return Err(Error::NotFound(Kind::Explore));
    }
    let mut explores = HashMap::new();
    for explore in used.iter().copied().chain([both.0]) {
        let sketches: Vec<&Sketch> = [found.get(explore)]
            .into_iter()
            .chain(own)
            .flatten()
            .collect();
        if let Some(names) = Names::model_in(explore, &sketches, both) {
            explores.insert(explore.to_owned(), names);
        }
    }
    Ok(explores)
}

fn of_field(found: &HashMap<String, Sketch>, rename: &Rename) -> Result<HashMap<String, Names>> {
    let both = (rename.from.as_str(), rename.to.as_str());
    let model = match &rename.model {
        Some(model) => named_model(found.get(model), both)?,
        None => only_model(found, both)?,
    };
    let explores = found.values().filter_map(|sketch| {
        let names = Names::field_in(sketch, model, both)?;
        Some((sketch.name.clone(), names))
    });
    Ok(explores.collect())
}

/// The model of an explore's base table, which has the field under the old or the new name.
fn named_model<'a>(explore: Option<&'a Sketch>, (from, to): (&str, &str)) -> Result<&'a str> {
    let explore = explore.ok_or(Error::NotFound(Kind::Explore))?;
    let base = explore.base();
    let has = |table: &str| explore.has_name(table, from) || explore.has_name(table, to);
    if has(base) {
        return Ok(explore.model_of(base).unwrap_or(base));
    }
    match explore.models().find(|(alias, _)| has(alias)) {
        Some((_, model)) => Err(Error::invalid(format!(
            "The field is of the model \"{model}\", which is joined here: name that as \"model\""
        ))),
        None => Err(Error::NotFound(Kind::Field)),
    }
}

/// The only model that has the field: under the old name, else under the new one.
fn only_model<'a>(found: &'a HashMap<String, Sketch>, (from, to): (&str, &str)) -> Result<&'a str> {
    for name in [from, to] {
        let having = found.values().filter(|sketch| {
            let base = sketch.base();
            sketch.has_name(base, name)
        });
        let models: BTreeSet<&str> = having
            .map(|sketch| sketch.model_of(sketch.base()).unwrap_or(sketch.base()))
            .collect();
        match models.len() {
            0 => {}
            1 => return models.first().copied().ok_or(Error::NotFound(Kind::Field)),
            _ => {
                let some: Vec<&str> = models.into_iter().take(10).collect();
                return Err(Error::invalid(format!(
                    "Several models have this field; say which one as \"model\": {}",
                    some.join(", ")
                )));
            }
        }
    }
    Err(Error::NotFound(Kind::Field))
}

//! The columns and metrics of a model → its fields, without those that are not what they should be.

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::json;

use super::catalog::native_type;
use super::dimension::Source;
use super::manifest::{Column, Node};
use super::meta::{Place, Problems, Section, overlay};
use super::metric::{Draft, Model};
use super::table::Context;
use super::value::{Mapping, Meta};
use crate::dialect::Dialect;
use crate::explore::Dimension;

impl Context<'_> {
    /// Reads the fields of a model.
    pub(super) fn fields(
        &self,
        node: &Node,
        own: &Section<'_>,
        shared: &Model<'_>,
        fields: &mut Fields,
        problems: &mut Problems,
        warnings: &mut Vec<String>,
    ) {
        for legacy in &self.legacy {
            let config = legacy
                .config
                .as_ref()
                .and_then(|config| config.meta.as_deref());
            let place = Place::top("metrics");
            let meta = overlay(
                legacy.meta.as_deref(),
                config,
                &place.at(&legacy.name),
                problems,
            );
            let draft = shared.legacy(legacy, meta, problems);
            fields.metric(&legacy.name, draft);
        }
        let metrics = own.map("metrics", problems);
        fields.metrics(shared, metrics, None, own.place.at("metrics"), problems);
        let catalog = self.catalog.and_then(|catalog| {
            catalog.columns(
                self.settings.dialect,
                node.database.as_deref().unwrap_or("DEFAULT"),
                node.schema.as_deref().unwrap_or_default(),
                node.alias.as_deref().unwrap_or(&node.name),
            )
        });
        let place = Place::top("columns");
        let mut all = Vec::new();
        for (index, (key, column)) in node.columns.iter().flatten().enumerate() {
            let name = column.name.as_deref().unwrap_or(key);
            let native = catalog.and_then(|columns| columns.get(name));
            let place = place.at(name);
            let place = place.at("meta");
            let meta = column_meta(column, &place, problems);
            let source = Source {
                dialect: self.settings.dialect,
                start_of_week: self.settings.start_of_week,
                index,
                column: name,
                description: column.description.as_deref(),
                native: native.or_else(|| column.data_type.as_deref().map(native_type)),
                quoted: column.quote == Some(true)
                    || native.is_some() && keeps_case(self.settings.dialect, name),
                place,
            };
            let found = source.dimensions(&meta, problems, warnings);
            let own = Section { map: &meta, place };
            let metrics = own.map("metrics", problems);
            match found.own(name) {
                Some(base) => {
                    fields.metrics(shared, metrics, Some(base), place.at("metrics"), problems);
                }
                None => {
                    let names = metrics.into_iter().flat_map(Mapping::keys);
                    fields.broken.extend(names.cloned());
                }
            }
            fields.broken.extend(found.broken);
            all.extend(found.all);
        }
        fields.dimensions(all, warnings);
        fields.no_namesakes(problems);
        for (index, draft) in fields.metrics.values_mut().enumerate() {
            draft.metric.index = Some(json!(index));
        }
    }
}

/// Whether a name that the warehouse's catalog knows means another one without quotes.
fn keeps_case(dialect: Dialect, name: &str) -> bool {
    matches!(dialect, Dialect::Postgres | Dialect::Redshift) && name.chars().any(char::is_uppercase)
}

/// The fields of a model.
#[derive(Default)]
pub(super) struct Fields {
    pub dimensions: IndexMap<String, Dimension>,
    pub metrics: IndexMap<String, Draft>,
    /// Names of fields that are not what they should be.
    pub broken: BTreeSet<String>,
}

impl Fields {
    fn metrics(
        &mut self,
        shared: &Model<'_>,
        metrics: Option<&Mapping>,
        dimension: Option<&Dimension>,
        place: Place<'_>,
        problems: &mut Problems,
    ) {
        for (name, value) in metrics.into_iter().flatten() {
            let place = place.at(name);
            let draft = match value {
                Meta::Mapping(map) => {
                    shared.metric(name, &Section { map, place }, dimension, problems)
                }
                _ => {
                    problems.parse(format!("{place} has to be a mapping"));
                    None
                }
            };
            self.metric(name, draft);
        }
    }

    fn metric(&mut self, name: &str, draft: Option<Draft>) {
        match draft {
            Some(draft) => {
                self.metrics.insert(name.to_owned(), draft);
            }
            None => {
                self.broken.insert(name.to_owned());
            }
        }
    }

    /// Takes the dimensions of all columns. A column stays what it is when an interval of another one has its name.
    fn dimensions(&mut self, all: Vec<(String, Dimension)>, warnings: &mut Vec<String>) {
        let written = all.iter().filter(|(_, one)| one.time_interval.is_none());
        let written: HashSet<String> = match all.iter().any(|(_, one)| one.time_interval.is_some())
        {
            true => written.map(|(key, _)| key.clone()).collect(),
            false => HashSet::new(),
        };
        self.dimensions.reserve(all.len());
        for (key, dimension) in all {
            if dimension.time_interval.is_some() {
                if written.contains(&key) {
                    warnings.push(format!(
                        "The interval \"{key}\" is left out, since a column has that name"
                    ));
                } else {
                    self.dimensions.entry(key).or_insert(dimension);
                }
                continue;
            }
            match self.dimensions.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(dimension);
                }
                Entry::Occupied(mut place) => {
                    warnings.push(format!(
                        "Two dimensions are called \"{}\"; the last counts",
                        place.key()
                    ));
                    place.insert(dimension);
                }
            }
        }
    }

    fn no_namesakes(&mut self, problems: &mut Problems) {
        let same: Vec<String> = self
            .metrics
            .keys()
            .filter(|name| self.dimensions.contains_key(*name))
            .cloned()
            .collect();
        if !same.is_empty() {
            problems.parse(format!(
                "A metric and a dimension have the same name: {}",
                same.join(", ")
            ));
        }
        for name in same {
            self.metrics.shift_remove(&name);
            self.broken.insert(name);
        }
    }
}

fn column_meta(column: &Column, place: &Place<'_>, problems: &mut Problems) -> Mapping {
    let config = column
        .config
        .as_ref()
        .and_then(|config| config.meta.as_deref());
    overlay(column.meta.as_deref(), config, place, problems)
}

//! A model → what explores are made of: a table whose SQL still has references in it, joins, and further explores.
//!
//! A field that is not what it should be is left out, and its model yields an error. Explores that only join the model do without
//! the field. What cannot be left out (a table's name, who may see it, which rows) makes the model one that nothing can join.

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::{Value, json};

use super::dimension::Source;
use super::friendly::friendly;
use super::manifest::{Column, LegacyMetric, Node};
use super::meta::{Place, Problems, Section, overlay};
use super::metric::{Draft, Model, spotlight};
use super::settings::{Catalog, ProjectSettings, native_type};
use super::value::{Mapping, Meta};
use crate::dialect::Dialect;
use crate::explore::{Dimension, JoinType, OrderFieldsBy, Relationship, Spotlight, Table};

/// A model that was read.
#[derive(Debug)]
pub(super) struct Built {
    pub label: String,
    pub group_label: Option<String>,
    pub tags: Vec<String>,
    pub spotlight: Spotlight,
    pub warehouse: Option<String>,
    pub databricks_compute: Option<String>,
    pub yml_path: Option<String>,
    pub sql_path: Option<String>,
    /// Without its fields; none if the model cannot be joined.
    pub table: Option<Table>,
    pub dimensions: IndexMap<String, Dimension>,
    pub metrics: IndexMap<String, Draft>,
    /// Names of fields that were left out.
    pub broken: BTreeSet<String>,
    /// Whether a dimension is called otherwise than it is listed, or a field has a point in its name.
    pub renamed: bool,
    pub filters: Vec<ModelFilter>,
    pub joins: Vec<JoinMeta>,
    pub explores: Vec<ExploreMeta>,
    pub problems: Problems,
    pub warnings: Vec<String>,
}

/// A required or default filter.
#[derive(Debug, Clone)]
pub(super) struct ModelFilter {
    pub table: Option<String>,
    pub field: String,
    pub value: Value,
    pub required: bool,
}

/// A join as a model has it.
#[derive(Debug, Clone)]
pub(super) struct JoinMeta {
    pub model: String,
    pub sql_on: String,
    pub alias: Option<String>,
    pub label: Option<String>,
    pub join_type: Option<JoinType>,
    pub hidden: Option<bool>,
    pub fields: Option<Vec<String>>,
    pub always: Option<bool>,
    pub relationship: Option<Relationship>,
}

/// A further explore of a model.
#[derive(Debug, Clone)]
pub(super) struct ExploreMeta {
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    pub group_label: Option<String>,
    pub joins: Vec<JoinMeta>,
}

/// What a model is built for.
pub(super) struct Context<'a> {
    pub settings: &'a ProjectSettings,
    pub catalog: Option<&'a Catalog>,
    pub legacy: Vec<&'a LegacyMetric>,
}

impl Context<'_> {
    /// Reads a model.
    pub(super) fn build(&self, node: &Node) -> Built {
        let mut problems = Problems::default();
        let mut warnings = Vec::new();
        let config = node.config.as_ref();
        let meta = overlay(
            node.meta.as_deref(),
            config.and_then(|config| config.meta.as_deref()),
            &Place::top("meta"),
            &mut problems,
        );
        let own = Section {
            map: &meta,
            place: Place::top("meta"),
        };
        let (visibility, categories) = spotlight(&own, &self.settings.spotlight, &mut problems);
        let shared = Model {
            name: &node.name,
            spotlight: &self.settings.spotlight,
            visibility: visibility.as_deref(),
            categories: &categories,
        };
        let label = own
            .filled("label", &mut problems)
            .unwrap_or_else(|| friendly(&node.name));
        let group_label = own.filled("group_label", &mut problems);
        let table = self.table(node, &own, &label, group_label.as_deref(), &mut problems);
        let mut fields = Fields::default();
        self.fields(
            node,
            &own,
            &shared,
            &mut fields,
            &mut problems,
            &mut warnings,
        );
        let has_fields = !fields.dimensions.is_empty() || !fields.broken.is_empty();
        if !has_fields {
            problems.compile(format!("The model \"{}\" has no dimensions", node.name));
        }
        let joins = joins(&own, &mut problems);
        Built {
            spotlight: Spotlight {
                visibility: visibility
                    .clone()
                    .or_else(|| Some(self.settings.spotlight.default_visibility.clone())),
                categories: Some(categories.clone()),
            },
            explores: explores(&own, &mut problems),
            filters: model_filters(&own, &mut problems),
            tags: tags(node),
            warehouse: config.and_then(|config| config.snowflake_warehouse.clone()),
            databricks_compute: config.and_then(|config| config.databricks_compute.clone()),
            yml_path: node.patch_path.as_deref().map(|path| {
                path.split_once("://")
                    .map_or(path, |(_, path)| path)
                    .to_owned()
            }),
            sql_path: node.path.clone(),
            table: table.filter(|_| has_fields),
            renamed: fields.metrics.keys().any(|key| key.contains('.'))
                || fields
                    .dimensions
                    .iter()
                    .any(|(key, dimension)| *key != dimension.name || key.contains('.')),
            dimensions: fields.dimensions,
            metrics: fields.metrics,
            broken: fields.broken,
            label,
            group_label,
            joins,
            problems,
            warnings,
        }
    }

    /// The table without its fields; none if something is wrong that a join cannot do without.
    fn table(
        &self,
        node: &Node,
        own: &Section<'_>,
        label: &str,
        group_label: Option<&str>,
        problems: &mut Problems,
    ) -> Option<Table> {
        let before = problems.count();
        let database = match (&node.database, self.settings.dialect) {
            (Some(database), _) => database.clone(),
            (None, Dialect::Databricks) => "DEFAULT".to_owned(),
            (None, Dialect::Clickhouse) => node.schema.clone().unwrap_or_default(),
            (None, _) => {
                problems.parse(format!("The model \"{}\" has no database", node.name));
                String::new()
            }
        };
        let sql_table = own
            .filled("sql_from", problems)
            .or_else(|| node.relation_name.clone())
            .unwrap_or_else(|| {
                problems.parse(format!(
                    "The model \"{}\" has neither a relation nor a `sql_from`",
                    node.name
                ));
                String::new()
            });
        let sql_where = own
            .filled("sql_filter", problems)
            .or_else(|| own.filled("sql_where", problems));
        let required_attributes = own.required_attributes(problems);
        let security = problems.count() == before;
        let description = node.description.clone().filter(|text| !text.is_empty());
        let order = [
            ("label", OrderFieldsBy::Label),
            ("index", OrderFieldsBy::Index),
        ];
        let table = Table {
            name: node.name.clone(),
            label: label.to_owned(),
            original_name: None,
            database,
            schema: node.schema.clone().unwrap_or_default(),
            sql_table,
            description: description.or_else(|| Some(format!("{} table", node.name))),
            order_fields_by: own
                .word("order_fields_by", &order, problems)
                .or(Some(OrderFieldsBy::Label)),
            group_label: group_label.map(str::to_owned),
            primary_key: own.texts("primary_key", problems),
            sql_where: None,
            uncompiled_sql_where: sql_where,
            required_filters: Vec::new(),
            hidden: None,
            required_attributes,
            group_details: Some(group_details(own, problems)),
            default_time_dimension: own.mapping("default_time_dimension", problems),
            dimensions: IndexMap::new(),
            metrics: IndexMap::new(),
            lineage_graph: None,
        };
        security.then_some(table)
    }

    fn fields(
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

#[derive(Default)]
struct Fields {
    dimensions: IndexMap<String, Dimension>,
    metrics: IndexMap<String, Draft>,
    broken: BTreeSet<String>,
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

pub(super) fn tags(node: &Node) -> Vec<String> {
    let own = node.config.as_ref().and_then(|config| config.tags.as_ref());
    let own = own
        .map(|tags| tags.to_vec())
        .filter(|tags| !tags.is_empty());
    own.or_else(|| node.tags.as_ref().map(|tags| tags.to_vec()))
        .unwrap_or_default()
}

fn group_details(own: &Section<'_>, problems: &mut Problems) -> IndexMap<String, Value> {
    let groups = own.map("group_details", problems);
    let place = own.place.at("group_details");
    let mut details = IndexMap::new();
    for (key, value) in groups.into_iter().flatten() {
        let Meta::Mapping(map) = value else {
            problems.parse(format!("{place}.{key} has to be a mapping"));
            continue;
        };
        let kept = ["label", "description"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), map.get(name)?.to_json())));
        details.insert(key.clone(), Value::Object(kept.collect()));
    }
    details
}

/// The entries of `joins`.
fn joins(own: &Section<'_>, problems: &mut Problems) -> Vec<JoinMeta> {
    let list = own.list("joins", problems).unwrap_or_default();
    let place = own.place.at("joins");
    let mut joins = Vec::with_capacity(list.len());
    for (at, value) in list.iter().enumerate() {
        let at = at.to_string();
        let place = place.at(&at);
        match value {
            Meta::Mapping(map) => joins.extend(join(&Section { map, place }, problems)),
            _ => problems.parse(format!("{place} has to be a mapping")),
        }
    }
    joins
}

fn join(own: &Section<'_>, problems: &mut Problems) -> Option<JoinMeta> {
    let types = [
        ("inner", JoinType::Inner),
        ("left", JoinType::Left),
        ("right", JoinType::Right),
        ("full", JoinType::Full),
    ];
    let relationships = [
        ("one-to-many", Relationship::OneToMany),
        ("many-to-one", Relationship::ManyToOne),
        ("one-to-one", Relationship::OneToOne),
    ];
    let mut needed = |key: &str| {
        let text = own.filled(key, problems);
        if text.is_none() {
            problems.parse(format!("{}.{key} is missing", own.place));
        }
        text
    };
    let (model, sql_on) = (needed("join"), needed("sql_on"));
    Some(JoinMeta {
        model: model?,
        sql_on: sql_on?,
        alias: own.filled("alias", problems),
        label: own.filled("label", problems),
        join_type: own.word("type", &types, problems),
        hidden: own.flag("hidden"),
        fields: own.texts("fields", problems),
        always: own.flag("always"),
        relationship: own.word("relationship", &relationships, problems),
    })
}

/// The entries of `explores`.
fn explores(own: &Section<'_>, problems: &mut Problems) -> Vec<ExploreMeta> {
    let map = own.map("explores", problems);
    let place = own.place.at("explores");
    let mut explores = Vec::new();
    for (name, value) in map.into_iter().flatten() {
        let place = place.at(name);
        let Meta::Mapping(map) = value else {
            problems.parse(format!("{place} has to be a mapping"));
            continue;
        };
        let section = Section { map, place };
        explores.push(ExploreMeta {
            name: name.clone(),
            label: section.filled("label", problems),
            description: section.filled("description", problems),
            group_label: section.filled("group_label", problems),
            joins: joins(&section, problems),
        });
    }
    explores
}

/// `required_filters`, then `default_filters`; of two on the same field the first counts.
fn model_filters(own: &Section<'_>, problems: &mut Problems) -> Vec<ModelFilter> {
    let mut filters: Vec<ModelFilter> = Vec::new();
    for (key, default) in [("required_filters", true), ("default_filters", false)] {
        for entry in own.list(key, problems).unwrap_or_default() {
            let Meta::Mapping(map) = entry else {
                problems.parse(format!("{}.{key}: an entry has to be a mapping", own.place));
                continue;
            };
            let alone = map.len() == 1;
            let is_setting = |name: &str, value: &Meta| {
                !alone && name == "required" && matches!(value, Meta::Bool(_))
            };
            let mut fields = map.iter().filter(|(name, value)| !is_setting(name, value));
            let (Some((reference, value)), None) = (fields.next(), fields.next()) else {
                continue;
            };
            let (table, field) = match reference.split_once('.') {
                Some((table, field)) => (Some(table.to_owned()), field),
                None => (None, reference.as_str()),
            };
            if filters
                .iter()
                .any(|one| one.field == field && one.table == table)
            {
                continue;
            }
            let setting =
                (!alone).then(|| map.get("required").map(|value| *value == Meta::Bool(true)));
            filters.push(ModelFilter {
                table,
                field: field.to_owned(),
                value: value.to_json(),
                required: setting.flatten().unwrap_or(default),
            });
        }
    }
    filters
}

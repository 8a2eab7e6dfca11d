//! A model → what explores are made of: a table whose SQL still has references in it, joins, and further explores.
//!
//! A field that is not what it should be is left out, and its model yields an error. Explores that only join the model do without
//! the field. What cannot be left out (a table's name, who may see it, which rows) makes the model one that nothing can join.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use super::catalog::Catalog;
use super::fields::Fields;
use super::friendly::friendly;
use super::joins::{ExploreMeta, JoinMeta, ModelFilter, explores, joins, model_filters};
use super::manifest::{LegacyMetric, Node};
use super::meta::{Place, Problems, Section, overlay};
use super::metric::{Draft, Model, spotlight};
use super::settings::ProjectSettings;
use super::value::Meta;
use crate::dialect::Dialect;
use crate::explore::{Dimension, OrderFieldsBy, RequiredAttributes, Spotlight, Table};

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
    /// Who may see the table, also where there is none.
    pub required_attributes: Option<RequiredAttributes>,
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
        let (table, is_sound) =
            self.table(node, &own, &label, group_label.as_deref(), &mut problems);
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
            required_attributes: table.required_attributes.clone(),
            table: (is_sound && has_fields).then_some(table),
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

    /// The table without its fields, and whether nothing is wrong that a join cannot do without.
    fn table(
        &self,
        node: &Node,
        own: &Section<'_>,
        label: &str,
        group_label: Option<&str>,
        problems: &mut Problems,
    ) -> (Table, bool) {
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
        (table, security)
    }
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

//! What a model says of joins, of further explores, and of filters.

use serde_json::Value;

use super::meta::{Problems, Section};
use super::value::Meta;
use crate::explore::{JoinType, Relationship};

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

/// The entries of `joins`.
pub(super) fn joins(own: &Section<'_>, problems: &mut Problems) -> Vec<JoinMeta> {
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
pub(super) fn explores(own: &Section<'_>, problems: &mut Problems) -> Vec<ExploreMeta> {
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
pub(super) fn model_filters(own: &Section<'_>, problems: &mut Problems) -> Vec<ModelFilter> {
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

//! What the catalogue shows of explores: what can be asked of them, and where their tables are.

mod read;

use semantic::explore::{
    Dimension, DimensionType, InlineError, InlineErrorType, Metric, MetricType, RequiredAttributes,
    Spotlight, Table,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    explore_set::Entry,
    id::{CatalogItemId, ProjectId, TagId},
    search::Words,
    tag::Tag,
};

pub use read::{Place, Places, add_places, all_fields, has_metrics, own_fields};

/// The kinds of what is in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CatalogType {
    Table,
    Field,
}

/// What a field says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CatalogTypeField)]
pub enum IsField {
    Field,
}

/// What a table says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CatalogTypeTable)]
pub enum IsTable {
    Table,
}

/// The kinds of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CatalogFieldType {
    Dimension,
    Metric,
}

/// A picture that people gave to something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum CatalogItemIcon {
    Emoji { unicode: String },
    Custom { url: String },
}

/// A tag, as things have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CatalogCategory)]
pub struct Category {
    pub tag_uuid: TagId,
    pub name: String,
    pub color: String,
    #[schema(required)]
    pub yaml_reference: Option<String>,
}

impl From<&Tag> for Category {
    fn from(tag: &Tag) -> Self {
        Self {
            tag_uuid: tag.id,
            name: tag.name.clone(),
            color: tag.color.clone(),
            yaml_reference: tag.yaml_reference.clone(),
        }
    }
}

/// A dimension or a metric.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogField {
    /// Empty in a list that is not a search.
    pub catalog_search_uuid: String,
    pub name: String,
    pub label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    #[serde(rename = "type")]
    pub kind: IsField,
    pub field_type: CatalogFieldType,
    #[schema(value_type = String)]
    pub basic_type: DimensionType,
    pub table_name: String,
    pub table_label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub table_group_label: Option<String>,
    pub tags: Vec<String>,
    pub categories: Vec<Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<std::collections::HashMap<String, semantic::explore::OneOrMany>>)]
    pub required_attributes: Option<RequiredAttributes>,
    /// Charts whose latest version asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chart_usage: Option<u64>,
    #[schema(required)]
    pub icon: Option<CatalogItemIcon>,
    /// What the project's file puts it under.
    #[serde(skip)]
    spotlight: Option<Spotlight>,
}

/// An explore.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogTable {
    /// Empty in a list that is not a search.
    pub catalog_search_uuid: String,
    pub name: String,
    pub label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub group_label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    #[serde(rename = "type")]
    pub kind: IsTable,
    /// Why it cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub errors: Option<Vec<InlineError>>,
    pub tags: Vec<String>,
    pub categories: Vec<Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<std::collections::HashMap<String, semantic::explore::OneOrMany>>)]
    pub required_attributes: Option<RequiredAttributes>,
    #[schema(required)]
    pub icon: Option<CatalogItemIcon>,
}

/// A field or a table.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum CatalogItem {
    Field(CatalogField),
    Table(CatalogTable),
}

/// As much of a summary as is shown of a table.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Summary {
    group_label: Option<String>,
    description: Option<String>,
    errors: Option<Vec<InlineError>>,
}

impl CatalogTable {
    /// Of what is known of an explore without its body.
    pub fn of(entry: &Entry) -> Self {
        let summary: Summary = serde_json::from_str(entry.summary.get()).unwrap_or_default();
        Self {
            catalog_search_uuid: String::new(),
            name: entry.name.clone(),
            label: entry.label.clone(),
            group_label: summary.group_label,
            description: summary.description,
            kind: IsTable::Table,
            errors: summary.errors,
            tags: entry.tags.clone(),
            categories: Vec::new(),
            required_attributes: entry.required.clone(),
            icon: None,
        }
    }

    /// With the id that it has in a search.
    pub fn found(mut self, project: ProjectId) -> Self {
        let id = CatalogItemId::of(project, &["table", &self.name]);
        self.catalog_search_uuid = id.to_string();
        self
    }

    /// Whether it cannot be asked only because its model has no columns.
    pub fn is_empty(&self) -> bool {
        let empty = |error: &InlineError| error.error_type == InlineErrorType::NoDimensionsFound;
        let errors = self.errors.as_ref();
        errors.is_some_and(|errors| !errors.is_empty() && errors.iter().all(empty))
    }

    /// How well it matches.
    pub fn rank(&self, words: &Words) -> Option<f64> {
        let names = format!("{} {}", self.name, self.label);
        words.rank(&names, self.description.as_deref())
    }
}

impl CatalogField {
    /// The id that it has in queries.
    pub fn field_id(&self) -> String {
        format!("{}_{}", self.table_name, self.name)
    }

    /// With the id that it has in a search, the tags that the project's file puts it under, and how many charts ask for it.
    pub fn found(mut self, project: ProjectId, tags: &[Tag], charts: u64) -> Self {
        let kind = match self.field_type {
            CatalogFieldType::Dimension => "dimension",
            CatalogFieldType::Metric => "metric",
        };
        let id = CatalogItemId::of(project, &[kind, &self.table_name, &self.name]);
        self.catalog_search_uuid = id.to_string();
        let under = self.spotlight.as_ref();
        let under = under.and_then(|spotlight| spotlight.categories.as_deref());
        let under = under.unwrap_or_default();
        let has = |tag: &&Tag| {
            let reference = tag.yaml_reference.as_ref();
            reference.is_some_and(|reference| under.contains(reference))
        };
        self.categories = tags.iter().filter(has).map(Category::from).collect();
        self.chart_usage = Some(charts);
        self
    }

    /// Whether it belongs into the list of metrics.
    pub fn is_shown(&self) -> bool {
        let spotlight = self.spotlight.as_ref();
        let visibility = spotlight.and_then(|spotlight| spotlight.visibility.as_deref());
        self.field_type == CatalogFieldType::Metric && visibility.is_none_or(|one| one == "show")
    }

    /// How well it matches.
    pub fn rank(&self, words: &Words) -> Option<f64> {
        let names = format!("{} {}", self.name, self.label);
        words.rank(&names, self.description.as_deref())
    }

    fn dimension(table: &Table, one: &Dimension) -> Self {
        Self {
            description: one.description.clone(),
            tags: one.tags.clone().unwrap_or_default(),
            required_attributes: one.required_attributes.clone(),
            ..Self::of(
                table,
                (CatalogFieldType::Dimension, one.dimension_type),
                (one.name.as_str(), one.label.as_str()),
            )
        }
    }

    fn metric(table: &Table, one: &Metric) -> Self {
        let basic = match one.metric_type {
            MetricType::String => DimensionType::String,
            MetricType::Date => DimensionType::Date,
            MetricType::Timestamp => DimensionType::Timestamp,
            MetricType::Boolean => DimensionType::Boolean,
            _ => DimensionType::Number,
        };
        Self {
            description: one.description.clone(),
            tags: one.tags.clone().unwrap_or_default(),
            required_attributes: one.required_attributes.clone(),
            spotlight: one.spotlight.clone(),
            ..Self::of(
                table,
                (CatalogFieldType::Metric, basic),
                (one.name.as_str(), one.label.as_str()),
            )
        }
    }

    fn of(
        table: &Table,
        (field_type, basic_type): (CatalogFieldType, DimensionType),
        (name, label): (&str, &str),
    ) -> Self {
        Self {
            catalog_search_uuid: String::new(),
            name: name.to_owned(),
            label: label.to_owned(),
            description: None,
            kind: IsField::Field,
            field_type,
            basic_type,
            table_name: table.name.clone(),
            table_label: table.label.clone(),
            table_group_label: table.group_label.clone(),
            tags: Vec::new(),
            categories: Vec::new(),
            required_attributes: None,
            chart_usage: None,
            icon: None,
            spotlight: None,
        }
    }
}

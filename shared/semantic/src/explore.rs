//! The explore, in the shape in which clients deploy it: a base table, its joins, and every field with its SQL compiled.
//!
//! Reading is lenient: what older and newer clients leave out or add is no error, and what the compiler does not need stays a
//! plain JSON value. Writing gives the same shape.

mod error;
mod field;
mod table;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};

use crate::dialect::Dialect;

pub use error::{ExploreError, InlineError, InlineErrorType, PartialTable};
pub use field::{Dimension, DimensionType, Metric, MetricType};
pub use table::{FieldFilter, FieldTarget, OrderFieldsBy, Table};

/// The values that user attributes must have, by attribute: one, or any of several.
pub type RequiredAttributes = IndexMap<String, OneOrMany>;

/// What a deploy consists of: an explore, or what kept it from becoming one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ExploreOrError {
    /// It has `errors`.
    Error(Box<ExploreError>),
    /// It can be queried.
    Explore(Box<Explore>),
}

impl ExploreOrError {
    /// The name, unique in a project.
    pub fn name(&self) -> &str {
        match self {
            Self::Explore(explore) => &explore.name,
            Self::Error(error) => &error.name,
        }
    }

    /// Adds its JSON to a buffer. Of the crate itself, so that it is compiled for speed whoever calls it.
    ///
    /// # Errors
    /// None that is known: it has no maps with other keys than text.
    pub fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(out, self)
    }
}

/// What can be queried: one base table and its joins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Explore))]
#[serde(rename_all = "camelCase")]
pub struct Explore {
    /// Unique in a project.
    pub name: String,
    /// What people read.
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub label: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub tags: Vec<String>,
    /// The heading in a list of explores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub group_label: Option<String>,
    /// A key of `tables`.
    pub base_table: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub joined_tables: Vec<Join>,
    /// The base table and every joined one, by alias.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Table>))]
    pub tables: IndexMap<String, Table>,
    pub target_database: Dialect,
    /// The virtual warehouse to run in (Snowflake).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub warehouse: Option<String>,
    /// The named compute to run on (Databricks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub databricks_compute: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub yml_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub sql_path: Option<String>,
    /// Absent means default.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub explore_type: Option<ExploreType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub spotlight: Option<Spotlight>,
}

impl Explore {
    /// Reads an explore. Of the crate itself, so that it is compiled for speed whoever calls it.
    ///
    /// # Errors
    /// What of it is not as it has to be.
    pub fn from_json(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

/// Whether an explore was deployed, or made of a SQL query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ExploreType {
    Virtual,
    Default,
}

/// How a metric or an explore appears in the list of metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spotlight {
    /// `show` or `hide`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, nullable = false))]
    pub visibility: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub categories: Option<Vec<String>>,
}

/// A join of an explore.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CompiledExploreJoin))]
#[serde(rename_all = "camelCase")]
pub struct Join {
    /// A key of the explore's tables: the alias, where there is one.
    pub table: String,
    /// The condition with its references.
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub sql_on: String,
    /// Absent means left.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub join_type: Option<JoinType>,
    /// The condition as SQL; placeholders of user attributes are still in it.
    pub compiled_sql_on: String,
    /// The tables that the condition names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub tables_references: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub hidden: Option<bool>,
    /// Joined also where nothing of it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub always: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub relationship: Option<Relationship>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DbtModelJoinType))]
#[serde(rename_all = "lowercase")]
pub enum JoinType {
    Inner,
    Left,
    Right,
    Full,
}

/// How many rows of the joined table one row of the others meets, and the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = JoinRelationship))]
#[serde(rename_all = "kebab-case")]
pub enum Relationship {
    OneToMany,
    ManyToOne,
    OneToOne,
}

/// One string or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// What is null is as good as absent.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

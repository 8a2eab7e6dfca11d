//! The explore, in the shape in which clients deploy it: a base table, its joins, and every field with its SQL compiled.
//!
//! Reading is lenient: what older and newer clients leave out or add is no error, and what the compiler does not need stays a
//! plain JSON value. Writing gives the same shape.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::dialect::Dialect;
use crate::interval::TimeInterval;
use crate::query::Operator;

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

/// A model that could not become an explore, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExploreError {
    pub name: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub group_label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub tags: Option<Vec<String>>,
    /// A key of `tables`; absent means its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub base_table: Option<String>,
    /// The tables that it would have had, where whoever compiled it says who may see them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::HashMap<String, PartialTable>>))]
    pub tables: Option<IndexMap<String, PartialTable>>,
    pub errors: Vec<InlineError>,
}

impl ExploreError {
    /// What its base table requires of a user; where that is not among its tables, what one of the others does.
    pub fn required_attributes(&self) -> Option<&RequiredAttributes> {
        let tables = self.tables.as_ref()?;
        let base = self.base_table.as_ref().unwrap_or(&self.name);
        match tables.get(base) {
            Some(base) => base.required_attributes.as_ref(),
            None => tables
                .values()
                .find_map(|table| table.required_attributes.as_ref()),
        }
    }
}

/// As much of a table as says who may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PartialTable {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::HashMap<String, OneOrMany>>))]
    pub required_attributes: Option<RequiredAttributes>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InlineError {
    #[serde(rename = "type")]
    pub error_type: InlineErrorType,
    pub message: String,
}

/// The kinds of reasons that clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InlineErrorType {
    MetadataParseError,
    NoDimensionsFound,
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

/// A dbt model as one explore sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CompiledTable))]
#[serde(rename_all = "camelCase")]
pub struct Table {
    /// The alias, where there is one.
    pub name: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub label: String,
    /// The model, where it is joined under an alias or not the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub original_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub database: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub schema: String,
    /// What stands after FROM; placeholders of user attributes may be in it.
    pub sql_table: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub order_fields_by: Option<OrderFieldsBy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub group_label: Option<String>,
    /// Columns, not dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub primary_key: Option<Vec<String>>,
    /// Row-level security as SQL; placeholders of user attributes are still in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub sql_where: Option<String>,
    /// The same with its references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub uncompiled_sql_where: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub required_filters: Vec<FieldFilter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub hidden: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::HashMap<String, OneOrMany>>))]
    pub required_attributes: Option<RequiredAttributes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::HashMap<String, Value>>))]
    pub group_details: Option<IndexMap<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub default_time_dimension: Option<Value>,
    /// By name; for a renamed dimension by its column.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required, value_type = std::collections::HashMap<String, Dimension>))]
    pub dimensions: IndexMap<String, Dimension>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required, value_type = std::collections::HashMap<String, Metric>))]
    pub metrics: IndexMap<String, Metric>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, nullable = false, value_type = Option<std::collections::HashMap<String, Value>>))]
    pub lineage_graph: Option<IndexMap<String, Value>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = OrderFieldsByStrategy))]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderFieldsBy {
    Label,
    Index,
}

/// What rows are grouped by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CompiledDimension))]
#[serde(rename_all = "camelCase")]
pub struct Dimension {
    /// Always `dimension`.
    #[serde(default = "dimension")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub field_type: String,
    #[serde(rename = "type")]
    pub dimension_type: DimensionType,
    pub name: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub label: String,
    /// The alias of the table.
    pub table: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub table_label: String,
    /// With its references.
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub sql: String,
    /// Without them.
    pub compiled_sql: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub time_interval: Option<TimeInterval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub time_interval_base_dimension_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub hidden: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub format: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub round: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub compact: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::HashMap<String, OneOrMany>>))]
    pub required_attributes: Option<RequiredAttributes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub colors: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub urls: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub is_additional_dimension: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub groups: Vec<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub is_interval_base: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub index: Option<Value>,
    /// The tables that its SQL names; absent means its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub tables_references: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::HashMap<String, std::collections::HashMap<String, OneOrMany>>>))]
    pub tables_required_attributes: Option<IndexMap<String, RequiredAttributes>>,
}

/// The types of dimensions, and of the expressions that custom dimensions and table calculations are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DimensionType {
    String,
    Number,
    Timestamp,
    Date,
    Boolean,
}

/// What rows are aggregated to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CompiledMetric))]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// Always `metric`.
    #[serde(default = "metric")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub field_type: String,
    #[serde(rename = "type")]
    pub metric_type: MetricType,
    pub name: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub label: String,
    /// The alias of the table.
    pub table: String,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub table_label: String,
    /// What is aggregated, with its references.
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub sql: String,
    /// The aggregation as SQL.
    pub compiled_sql: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub hidden: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub round: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub compact: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub format: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub groups: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub show_underlying_values: Option<Vec<String>>,
    /// Rows that do not fit are left out of the aggregation.
    #[serde(default, deserialize_with = "lenient")]
    pub filters: Vec<FieldFilter>,
    /// 0 to 100; absent means 50.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::number::plain_if_any"
    )]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub percentile: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub dimension_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::HashMap<String, OneOrMany>>))]
    pub required_attributes: Option<RequiredAttributes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub urls: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub default_time_dimension: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub spotlight: Option<Spotlight>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub format_options: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub index: Option<Value>,
    /// The tables that its SQL names; absent means its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub tables_references: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::HashMap<String, std::collections::HashMap<String, OneOrMany>>>))]
    pub tables_required_attributes: Option<IndexMap<String, RequiredAttributes>>,
}

/// The types of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MetricType {
    Percentile,
    Average,
    Count,
    CountDistinct,
    Sum,
    Min,
    Max,
    Number,
    Median,
    String,
    Date,
    Timestamp,
    Boolean,
}

impl MetricType {
    /// Whether it aggregates a column; the others are expressions over aggregates.
    pub fn is_aggregate(self) -> bool {
        !matches!(
            self,
            Self::Number | Self::String | Self::Date | Self::Timestamp | Self::Boolean
        )
    }
}

/// A filter of a metric or a model, before it meets a query: the field is a reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MetricFilterRule))]
#[serde(rename_all = "camelCase")]
pub struct FieldFilter {
    #[serde(default, deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub id: String,
    pub target: FieldTarget,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub operator: Operator,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub values: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<Value>))]
    pub settings: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub disabled: Option<bool>,
    /// Of a model's filter: whether it holds where a query does not filter the same field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub required: Option<bool>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// The field that a filter of a metric or a model looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MetricFilterTarget))]
#[serde(rename_all = "camelCase")]
pub struct FieldTarget {
    /// `field` or `table.field`. Some clients stored it as `fieldId`.
    #[serde(alias = "fieldId")]
    pub field_ref: String,
    /// Of a model's filter on a joined table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub table_name: Option<String>,
}

impl FieldTarget {
    /// The table, if it names one, and the field.
    pub(crate) fn parts(&self) -> (Option<&str>, &str) {
        match self.field_ref.split_once('.') {
            Some((table, field)) => (Some(table), field),
            None => (self.table_name.as_deref(), &self.field_ref),
        }
    }
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

fn dimension() -> String {
    "dimension".to_owned()
}

fn metric() -> String {
    "metric".to_owned()
}

/// What is null is as good as absent.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

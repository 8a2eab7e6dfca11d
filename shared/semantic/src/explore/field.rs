//! The fields of a table: dimensions and metrics.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[cfg(feature = "openapi")]
use super::OneOrMany;
use super::{FieldFilter, RequiredAttributes, Spotlight, lenient};
use crate::interval::TimeInterval;

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

fn dimension() -> String {
    "dimension".to_owned()
}

fn metric() -> String {
    "metric".to_owned()
}

//! The tables of an explore, and the filters that models bring.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[cfg(feature = "openapi")]
use super::OneOrMany;
use super::{Dimension, Metric, RequiredAttributes, lenient};
use crate::query::Operator;

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
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
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

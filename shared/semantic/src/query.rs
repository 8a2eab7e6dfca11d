//! The metric query, in the wire's own shape.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::explore::{DimensionType, FieldFilter, MetricType};
use crate::interval::TimeInterval;

/// Which fields of an explore, filtered and sorted how.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct MetricQuery {
    pub explore_name: String,
    /// Field ids, and ids of custom dimensions.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub dimensions: Vec<String>,
    /// Field ids, and ids of ad-hoc metrics.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub metrics: Vec<String>,
    #[cfg_attr(feature = "openapi", schema(required))]
    pub filters: Filters,
    #[cfg_attr(feature = "openapi", schema(required))]
    pub sorts: Vec<Sort>,
    /// Rows at most.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(serialize_with = "crate::number::plain")]
    pub limit: f64,
    #[cfg_attr(feature = "openapi", schema(required))]
    pub table_calculations: Vec<TableCalculation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_metrics: Option<Vec<AdditionalMetric>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_dimensions: Option<Vec<CustomDimension>>,
    /// The zone in which relative dates are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_zoom: Option<DateZoom>,
    /// Formats by field id; SQL does not depend on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<std::collections::HashMap<String, Value>>))]
    pub metric_overrides: Option<IndexMap<String, Value>>,
    /// Formats of dimensions by field id, which newer clients keep with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<std::collections::HashMap<String, Value>>))]
    pub dimension_overrides: Option<IndexMap<String, Value>>,
    /// The dimensions by which newer clients turn its rows themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pivot_dimensions: Option<Vec<String>>,
    /// Echoed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Of a total or a subtotal: what decides on the rows of the query that it belongs to, by ids: dimensions in their order, then metrics
    /// of filters. Joins that these need choose among the rows here too; of these dates one is zoomed. Never on the wire.
    #[serde(skip)]
    pub also_joins: Vec<String>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

impl MetricQuery {
    /// Gives ids to filters and groups that came without: by their place, so that the same query has the same ids.
    pub fn give_ids(&mut self) {
        let filters = &mut self.filters;
        let roots = [
            ("dimensions", &mut filters.dimensions),
            ("metrics", &mut filters.metrics),
            ("tableCalculations", &mut filters.table_calculations),
        ];
        for (name, root) in roots {
            if let Some(root) = root {
                give_id(root, name.to_owned());
            }
        }
    }
}

fn give_id(item: &mut FilterItem, id: String) {
    let below = item.and.iter_mut().chain(&mut item.or).flatten();
    for (number, one) in below.enumerate() {
        give_id(one, format!("{id}.{number}"));
    }
    item.id.get_or_insert(Value::String(id));
}

/// Filters by what they look at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Filters {
    /// Before rows are aggregated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<FilterItem>,
    /// After.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<FilterItem>,
    /// Last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_calculations: Option<FilterItem>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// A group (`and` or `or`) or a rule (`target` and `operator`): which of them is settled while resolving, so that a malformed
/// one is an error with a place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FilterGroupItem))]
#[serde(rename_all = "camelCase", default)]
pub struct FilterItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub and: Option<Vec<FilterItem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub or: Option<Vec<FilterItem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<FilterTarget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    /// Kept by clients for later; as good as absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// What else clients keep with a rule: a label, whether it takes one value.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// The field that a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FieldTarget))]
#[serde(rename_all = "camelCase")]
pub struct FilterTarget {
    pub field_id: String,
    /// What else clients keep with it: its table and name.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// What a rule asks of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FilterOperator))]
#[serde(rename_all = "camelCase")]
pub enum Operator {
    IsNull,
    NotNull,
    Equals,
    NotEquals,
    StartsWith,
    EndsWith,
    Include,
    DoesNotInclude,
    LessThan,
    LessThanOrEqual,
    GreaterThan,
    GreaterThanOrEqual,
    InThePast,
    NotInThePast,
    InTheNext,
    NotInTheNext,
    InTheCurrent,
    NotInTheCurrent,
    InBetween,
    NotInBetween,
}

impl Operator {
    /// As on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::IsNull => "isNull",
            Self::NotNull => "notNull",
            Self::Equals => "equals",
            Self::NotEquals => "notEquals",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Include => "include",
            Self::DoesNotInclude => "doesNotInclude",
            Self::LessThan => "lessThan",
            Self::LessThanOrEqual => "lessThanOrEqual",
            Self::GreaterThan => "greaterThan",
            Self::GreaterThanOrEqual => "greaterThanOrEqual",
            Self::InThePast => "inThePast",
            Self::NotInThePast => "notInThePast",
            Self::InTheNext => "inTheNext",
            Self::NotInTheNext => "notInTheNext",
            Self::InTheCurrent => "inTheCurrent",
            Self::NotInTheCurrent => "notInTheCurrent",
            Self::InBetween => "inBetween",
            Self::NotInBetween => "notInBetween",
        }
    }
}

/// One column of the order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SortField))]
#[serde(rename_all = "camelCase")]
pub struct Sort {
    pub field_id: String,
    #[serde(default)]
    pub descending: bool,
    /// Absent means as the database does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls_first: Option<bool>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// A column computed from the result's other columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TableCalculation {
    /// The id of the column.
    pub name: String,
    #[serde(default)]
    pub display_name: String,
    /// With references `${table.field}` to selected fields.
    pub sql: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Value>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub calculation_type: Option<DimensionType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Value>,
    /// What newer clients made the SQL from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Value>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// A metric that only this query knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AdditionalMetric {
    pub table: String,
    pub name: String,
    #[serde(rename = "type")]
    pub metric_type: MetricType,
    pub sql: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<Vec<FieldFilter>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_dimension_name: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::number::plain_if_any"
    )]
    pub percentile: Option<f64>,
    /// What else clients keep with it: formats, a uuid, whether it is hidden.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// A dimension that only this query knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum CustomDimension {
    /// Ranges of another dimension.
    Bin(BinDimension),
    /// An expression.
    Sql(SqlDimension),
}

impl CustomDimension {
    /// The id by which queries name it.
    pub fn id(&self) -> &str {
        match self {
            Self::Bin(bin) => &bin.id,
            Self::Sql(sql) => &sql.id,
        }
    }
}

/// Ranges of another dimension, as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CustomBinDimension))]
#[serde(rename_all = "camelCase")]
pub struct BinDimension {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub table: String,
    /// The field id of the other dimension.
    pub dimension_id: String,
    pub bin_type: BinType,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::number::plain_if_any"
    )]
    pub bin_number: Option<f64>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::number::plain_if_any"
    )]
    pub bin_width: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_range: Option<Vec<BinRange>>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BinType {
    FixedNumber,
    FixedWidth,
    CustomRange,
}

/// From (inclusive) to (exclusive).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BinRange {
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::number::plain_if_any"
    )]
    pub from: Option<f64>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::number::plain_if_any"
    )]
    pub to: Option<f64>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// An expression over dimensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CustomSqlDimension))]
#[serde(rename_all = "camelCase")]
pub struct SqlDimension {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub table: String,
    pub sql: String,
    pub dimension_type: DimensionType,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

/// A coarser grain for one date of the query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DateZoom {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// Absent means the first date of the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_axis_field_id: Option<String>,
    /// What else clients keep with it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Value>))]
    pub rest: IndexMap<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DateGranularity))]
pub enum Granularity {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Granularity {
    /// What a date is cut to by it.
    pub fn interval(self) -> TimeInterval {
        match self {
            Self::Day => TimeInterval::Day,
            Self::Week => TimeInterval::Week,
            Self::Month => TimeInterval::Month,
            Self::Quarter => TimeInterval::Quarter,
            Self::Year => TimeInterval::Year,
        }
    }
}

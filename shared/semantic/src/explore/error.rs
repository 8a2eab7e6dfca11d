//! What is left of a model that could not become an explore.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use super::OneOrMany;
use super::{RequiredAttributes, lenient};

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

//! How the metrics list of a project is shown (reference 23 §4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Error, Result};

/// A column of the metrics list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SpotlightTableColumns)]
pub enum SpotlightColumn {
    Label,
    TableLabel,
    Description,
    Categories,
    ChartUsage,
}

/// Where a column stands, and whether it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SpotlightColumnConfig)]
pub struct ColumnConfig {
    pub column: SpotlightColumn,
    pub is_visible: bool,
}

/// How the metrics list of a project is shown: its columns in their order. Columns that are not named are the client's to
/// place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SpotlightTableConfigUpdate)]
pub struct SpotlightConfig {
    pub column_config: Vec<ColumnConfig>,
}

impl SpotlightConfig {
    /// The same, if every column stands there once at most.
    ///
    /// # Errors
    /// `Invalid` when one stands there twice.
    pub fn checked(self) -> Result<Self> {
        let mut known = BTreeSet::new();
        if self
            .column_config
            .iter()
            .all(|one| known.insert(one.column))
        {
            Ok(self)
        } else {
            Err(Error::invalid("Every column stands in the list once"))
        }
    }
}

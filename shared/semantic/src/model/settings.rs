//! What explores are compiled for, besides the manifest.

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::Deserialize;

use crate::dialect::{Dialect, StartOfWeek};

/// What explores are compiled for.
#[derive(Debug, Clone)]
pub struct ProjectSettings {
    pub dialect: Dialect,
    pub start_of_week: StartOfWeek,
    pub spotlight: SpotlightSettings,
    /// What relative dates in the filters of metrics count from. Queries render them again.
    pub now: DateTime<Utc>,
}

/// What a project's `lightdash.config.yml` says about the list of metrics.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SpotlightSettings {
    /// `show` or `hide`.
    pub default_visibility: String,
    /// By the name that models use.
    pub categories: IndexMap<String, Category>,
}

impl Default for SpotlightSettings {
    fn default() -> Self {
        Self {
            default_visibility: "show".to_owned(),
            categories: IndexMap::new(),
        }
    }
}

/// A category of metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Category {
    pub label: String,
    pub color: Option<String>,
}

//! What the rows of a dashboard's charts are exported with: written down when somebody begins, read by the worker.

use app::domain::{content::DashboardFilters, id::ContentId};
use semantic::query::Granularity;
use serde::{Deserialize, Serialize};

/// Which dashboard, as it was when the export was begun, and what is laid over its charts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DashboardCsv {
    pub dashboard: ContentId,
    /// The number of its version.
    pub version: u32,
    pub filters: DashboardFilters,
    /// The zoom of its dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
}

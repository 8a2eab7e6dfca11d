//! Questions to a warehouse that are kept: what was asked, how it goes, and where its rows are.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        id::{JobId, OrganizationId, ProjectId, QueryId, UserId},
        packed::Packed,
    },
};

/// How long a query and its rows can be read: a working day, and the next morning.
pub const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a query may run in the worker, from when its turn comes; less than one try of a job may take.
pub const LONGEST: Duration = Duration::from_secs(230);
/// How long a query may run while its caller waits: an HTTP API gives up after 30 seconds.
pub const WAITED: Duration = Duration::from_secs(25);
/// How long a query is tried at once, where that costs nothing, before the worker gets it: a short query does not pay for the
/// queue.
pub const AT_ONCE: Duration = Duration::from_millis(800);
/// Bytes of what was asked, packed; an item has at most 400 KB.
pub const LARGEST: usize = 300 * 1024;

/// What comes of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// Rows that are read page by page.
    Rows,
    /// Rows of the SQL runner, read as a whole.
    SqlRunner,
    /// A CSV file.
    Csv,
}

/// How a query goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueryStatus {
    Pending,
    Ready,
    Error,
    Cancelled,
}

/// Where the rows of a query are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The file: one JSON array per row, then where every so-manieth row begins.
    pub file: String,
    /// Bytes of the rows in it.
    #[serde(default)]
    pub bytes: u64,
    /// The columns, by name and type, as the warehouse crate writes them.
    pub columns: serde_json::Value,
    pub rows: u64,
    /// Whether there would have been more rows than are kept.
    #[serde(default)]
    pub truncated: bool,
    /// What the columns are where rows were turned, as clients read it.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub pivot: serde_json::Value,
    /// How long the warehouse took.
    pub milliseconds: u64,
    /// When the warehouse was asked; earlier than the query when its rows were found.
    pub asked_at: Timestamp,
    /// When the file goes.
    pub expires_at: Timestamp,
}

/// Why a query failed, for the person who asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character: Option<u32>,
}

/// A query that was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Query {
    pub id: QueryId,
    pub project: ProjectId,
    pub organization: OrganizationId,
    /// Who asked: nobody else reads it.
    pub user: UserId,
    pub purpose: Purpose,
    pub status: QueryStatus,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// What was asked.
    pub asked: Packed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Whether the rows were there before.
    #[serde(default)]
    pub cached: bool,
    /// How many rows the first page had that was read: the others have as many where nobody says how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u64>,
    /// The job that answers it, where it was not answered at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
}

/// The tables of a warehouse as one login sees them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    /// As the warehouse crate writes them.
    pub tables: Packed,
    pub expires_at: Timestamp,
}

/// Rows that answer every query of one key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CachedRows {
    pub outcome: Outcome,
    pub expires_at: Timestamp,
}

//! Where SQL runs. An adapter is a module and a Cargo feature; what comes out of each is the same [`RowStream`].
//!
//! The embedded engine is Apache DataFusion inside the process, over files of a folder or of S3, or tables in memory; it reads
//! PostgreSQL's dialect and means by it what PostgreSQL means.

#[cfg(feature = "athena")]
pub mod athena;
#[cfg(feature = "bigquery")]
pub mod bigquery;
#[cfg(feature = "clickhouse")]
pub mod clickhouse;
#[cfg(any(feature = "athena", feature = "bigquery", feature = "snowflake"))]
mod cloud;
pub mod connect;
#[cfg(feature = "databricks")]
pub mod databricks;
#[cfg(any(
    feature = "athena",
    feature = "bigquery",
    feature = "clickhouse",
    feature = "databricks",
    feature = "postgres",
    feature = "snowflake",
    feature = "trino"
))]
mod document;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "postgres")]
pub mod postgres;
mod raw;
#[cfg(any(feature = "clickhouse", feature = "databricks", feature = "trino"))]
mod reads;
#[cfg(any(feature = "clickhouse", feature = "databricks", feature = "trino"))]
mod remote;
mod rows;
#[cfg(feature = "snowflake")]
pub mod snowflake;
#[cfg(feature = "trino")]
pub mod trino;
#[cfg(any(feature = "clickhouse", feature = "databricks", feature = "trino"))]
mod values;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use connect::{Credentials, EMBEDDED, Embedded, Hosts, Turn, Turns, Warehouses};
pub use error::{Error, Result};
pub use raw::Raw;
pub use rows::{Column, Row, RowStream, Rows, Type};

/// How many bytes of an answer, or of one row, are held at once.
#[cfg(any(
    feature = "bigquery",
    feature = "clickhouse",
    feature = "databricks",
    feature = "postgres",
    feature = "snowflake",
    feature = "trino"
))]
pub(crate) const MOST: usize = 64 * 1024 * 1024;

/// A statement, and what the warehouse is to know of it.
#[derive(Clone, Debug)]
pub struct Statement {
    /// One statement that reads.
    pub sql: String,
    /// Who asked for what (reference names: `project_uuid`, `query_context`, …); attached as the warehouse can.
    pub tags: Vec<(&'static str, String)>,
    /// Afterwards it is given up.
    pub time: Duration,
}

impl Statement {
    /// A statement without tags that may take this long.
    pub fn new(sql: impl Into<String>, time: Duration) -> Self {
        Self {
            sql: sql.into(),
            tags: Vec::new(),
            time,
        }
    }
}

/// A table of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Table {
    pub database: String,
    pub schema: String,
    pub name: String,
    /// The column that its partitions are by, where the warehouse asks for a filter on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
}

/// How a table is partitioned (BigQuery).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Partition {
    pub field: String,
    /// Ranges of numbers instead of dates.
    pub by_range: bool,
}

/// A connection to a warehouse. Values may be kept and used again: what they hold open is closed with them.
#[async_trait]
pub trait Warehouse: Send + Sync {
    /// Starts a statement; answers when its columns are known. Dropping the future or the stream cancels it there.
    async fn stream(&self, statement: &Statement) -> Result<RowStream>;

    /// The tables and views that the connection's catalogue lists.
    async fn tables(&self) -> Result<Vec<Table>>;

    /// A table's columns in order; none, if there is no such table. Without a database or schema it is the connection's.
    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>>;

    /// Whether it answers.
    async fn test(&self) -> Result<()> {
        let statement = Statement::new("SELECT 1", Duration::from_secs(10));
        self.stream(&statement).await?.collect().await.map(|_| ())
    }
}

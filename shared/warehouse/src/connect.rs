//! From stored credentials to a connection.

mod credentials;
mod hosts;

use std::sync::Arc;

pub use credentials::*;
pub use hosts::Hosts;

use crate::{Error, Result, Warehouse};

/// The host of projects whose warehouse is the engine inside the process.
pub const EMBEDDED: &str = "embedded";

/// What connects: the engine inside the process, if there is one, and which hosts may be talked to.
#[derive(Clone, Default)]
pub struct Warehouses {
    embedded: Option<Arc<dyn Warehouse>>,
    hosts: Hosts,
}

impl Warehouses {
    /// Without an embedded engine.
    pub fn new(hosts: Hosts) -> Self {
        Self {
            embedded: None,
            hosts,
        }
    }

    /// With an engine for projects whose host is [`EMBEDDED`].
    #[must_use]
    pub fn with_embedded(mut self, engine: Arc<dyn Warehouse>) -> Self {
        self.embedded = Some(engine);
        self
    }

    /// The warehouse of these credentials. Nothing is sent before it is asked something.
    ///
    /// # Errors
    /// `Unavailable` when this build has no adapter for it, `Connection` when the credentials cannot be used.
    pub fn connect(&self, credentials: &Credentials) -> Result<Arc<dyn Warehouse>> {
        match credentials {
            Credentials::Postgres(one) if one.host == EMBEDDED => {
                let engine = self.embedded.clone();
                engine.ok_or(Error::Unavailable("The embedded engine"))
            }
            #[cfg(feature = "postgres")]
            Credentials::Postgres(one) => {
                Ok(Arc::new(crate::postgres::Postgres::new(one, &self.hosts)?))
            }
            #[cfg(not(feature = "postgres"))]
            Credentials::Postgres(_) => Err(Error::Unavailable("PostgreSQL")),
            #[cfg(feature = "postgres")]
            Credentials::Redshift(one) => Ok(Arc::new(crate::postgres::Postgres::redshift(
                one,
                &self.hosts,
            )?)),
            #[cfg(not(feature = "postgres"))]
            Credentials::Redshift(_) => Err(Error::Unavailable("Amazon Redshift")),
            #[cfg(feature = "bigquery")]
            Credentials::Bigquery(one) => {
                Ok(Arc::new(crate::bigquery::Bigquery::new(one, &self.hosts)?))
            }
            #[cfg(not(feature = "bigquery"))]
            Credentials::Bigquery(_) => Err(Error::Unavailable("Google BigQuery")),
            #[cfg(feature = "snowflake")]
            Credentials::Snowflake(one) => Ok(Arc::new(crate::snowflake::Snowflake::new(
                one,
                &self.hosts,
            )?)),
            #[cfg(not(feature = "snowflake"))]
            Credentials::Snowflake(_) => Err(Error::Unavailable("Snowflake")),
            #[cfg(feature = "databricks")]
            Credentials::Databricks(one) => Ok(Arc::new(crate::databricks::Databricks::new(
                one,
                &self.hosts,
            )?)),
            #[cfg(not(feature = "databricks"))]
            Credentials::Databricks(_) => Err(Error::Unavailable("Databricks")),
            #[cfg(feature = "trino")]
            Credentials::Trino(one) => Ok(Arc::new(crate::trino::Trino::new(one, &self.hosts)?)),
            #[cfg(not(feature = "trino"))]
            Credentials::Trino(_) => Err(Error::Unavailable("Trino")),
            #[cfg(feature = "clickhouse")]
            Credentials::Clickhouse(one) => Ok(Arc::new(crate::clickhouse::Clickhouse::new(
                one,
                &self.hosts,
            )?)),
            #[cfg(not(feature = "clickhouse"))]
            Credentials::Clickhouse(_) => Err(Error::Unavailable("ClickHouse")),
            #[cfg(feature = "athena")]
            Credentials::Athena(one) => Ok(Arc::new(crate::athena::Athena::new(one, &self.hosts)?)),
            #[cfg(not(feature = "athena"))]
            Credentials::Athena(_) => Err(Error::Unavailable("Amazon Athena")),
        }
    }
}

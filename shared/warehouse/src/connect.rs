//! From stored credentials to a connection.

mod credentials;
mod host_keys;
mod hosts;
mod turns;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

pub use credentials::*;
pub use host_keys::HostKeys;
pub use hosts::Hosts;
pub use turns::{Turn, Turns};

use crate::{Error, Result, Warehouse};

/// The host of projects whose warehouse is the engine inside the process.
pub const EMBEDDED: &str = "embedded";

/// Connections that are kept for the next query, at most; then all are let go.
const KEPT: usize = 64;

/// The engines inside the process: one for each project, with that project's tables and no others.
pub type Embedded = Arc<dyn Fn(&str) -> Result<Arc<dyn Warehouse>> + Send + Sync>;

/// What connects: the engines inside the process, if there is one, and which hosts may be talked to.
#[derive(Clone, Default)]
pub struct Warehouses {
    embedded: Option<Embedded>,
    hosts: Hosts,
    kept: Arc<Mutex<HashMap<String, Arc<dyn Warehouse>>>>,
    /// Whose query runs next in this process.
    pub turns: Turns,
}

impl Warehouses {
    /// Without an embedded engine.
    pub fn new(hosts: Hosts) -> Self {
        Self {
            hosts,
            ..Self::default()
        }
    }

    /// With engines for projects whose host is [`EMBEDDED`].
    #[must_use]
    pub fn with_embedded(mut self, engines: Embedded) -> Self {
        self.embedded = Some(engines);
        self
    }

    /// The connection that was made under an identity before, or a new one of these credentials. An identity says whose
    /// credentials they are and changes with them.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn kept(
        &self,
        identity: &str,
        project: &str,
        credentials: &Credentials,
    ) -> Result<Arc<dyn Warehouse>> {
        if let Some(kept) = self.find(identity) {
            return Ok(kept);
        }
        let made = self.connect(project, credentials)?;
        // The engine of a project looks for new tables each time it is asked for.
        if !credentials.embedded() {
            let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() >= KEPT {
                all.clear();
            }
            all.insert(identity.to_owned(), made.clone());
        }
        Ok(made)
    }

    /// The connection that was made under an identity before.
    pub fn find(&self, identity: &str) -> Option<Arc<dyn Warehouse>> {
        let all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(identity).cloned()
    }

    /// The warehouse of a project's credentials. Nothing is sent before it is asked something.
    ///
    /// # Errors
    /// `Unavailable` when this build has no adapter for it, `Connection` when the credentials cannot be used.
    pub fn connect(&self, project: &str, credentials: &Credentials) -> Result<Arc<dyn Warehouse>> {
        match credentials {
            Credentials::Postgres(one) if one.host == EMBEDDED => {
                let engines = self.embedded.as_ref();
                engines.ok_or(Error::Unavailable("The embedded engine"))?(project)
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

//! Google BigQuery over its REST API, version 2: <https://cloud.google.com/bigquery/docs/reference/rest>.

mod api;
mod catalogue;
mod fault;
mod job;
mod token;
mod value;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    Column, Hosts, Result, RowStream, Statement, Table, Warehouse, cloud::Deadline,
    connect::BigqueryCredentials, http,
};
use api::Api;
use token::Tokens;

const GOOGLE: &str = "https://bigquery.googleapis.com";
/// How long the catalogue may take.
const CATALOGUE: Duration = Duration::from_secs(60);
/// How often something that passes by is tried again, unless the connection says (at most [`MOST_RETRIES`] times).
const RETRIES: u32 = 3;
const MOST_RETRIES: u32 = 10;

/// A project of Google BigQuery. Times are in UTC; `TIME`, `INTERVAL`, `RANGE`, geography and bytes (base64) are text.
pub struct Bigquery {
    api: Arc<Api>,
    settings: Settings,
    /// Where tables are looked for.
    data: [String; 2],
}

/// How jobs run.
struct Settings {
    /// The one that pays.
    project: String,
    priority: &'static str,
    location: Option<String>,
    most_bytes: Option<u64>,
    time: Option<Duration>,
}

impl Bigquery {
    /// The project of these credentials. Nothing is sent yet.
    ///
    /// # Errors
    /// `Connection` when the credentials cannot be used.
    pub fn new(credentials: &BigqueryCredentials, hosts: &Hosts) -> Result<Self> {
        Self::at(GOOGLE, credentials, hosts)
    }

    /// The same at another endpoint, for emulators and private endpoints of Google.
    ///
    /// # Errors
    /// `Connection` when the credentials cannot be used, or the endpoint may not be talked to.
    pub fn at(endpoint: &str, credentials: &BigqueryCredentials, hosts: &Hosts) -> Result<Self> {
        let client = http::client(*hosts)?;
        let api = Api {
            client: client.clone(),
            base: http::address(*hosts, endpoint)?,
            tokens: Tokens::new(credentials, *hosts, client)?,
            retries: credentials.retries.unwrap_or(RETRIES).min(MOST_RETRIES),
        };
        Ok(Self {
            api: Arc::new(api),
            settings: Settings::of(credentials),
            data: [credentials.project.clone(), credentials.dataset.clone()],
        })
    }
}

impl Settings {
    fn of(credentials: &BigqueryCredentials) -> Self {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let pays = given(&credentials.execution_project);
        let seconds = credentials.timeout_seconds.filter(|seconds| *seconds > 0);
        Self {
            project: pays.unwrap_or_else(|| credentials.project.clone()),
            priority: match credentials.priority.as_deref() {
                Some("batch") => "BATCH",
                _ => "INTERACTIVE",
            },
            location: given(&credentials.location),
            most_bytes: credentials.maximum_bytes_billed.filter(|most| *most > 0),
            time: seconds.map(|seconds| Duration::from_secs(seconds.into())),
        }
    }
}

#[async_trait]
impl Warehouse for Bigquery {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        job::run(&self.api, &self.settings, statement).await
    }

    async fn tables(&self) -> Result<Vec<Table>> {
        let [project, _] = &self.data;
        let tables = catalogue::tables(&self.api, project);
        Deadline::after(CATALOGUE).within(tables).await
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        let [project, set] = &self.data;
        let path = [database.unwrap_or(project), schema.unwrap_or(set), table];
        let fields = catalogue::fields(&self.api, path);
        Deadline::after(CATALOGUE).within(fields).await
    }
}

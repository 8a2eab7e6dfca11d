//! Amazon Athena: <https://docs.aws.amazon.com/athena/latest/APIReference>.

mod catalogue;
mod fault;
mod run;
mod value;

use std::time::Duration;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, timeout::TimeoutConfig};
use aws_sdk_athena::{
    Client,
    config::{Builder, Credentials},
};
use tokio::sync::OnceCell;

use crate::{
    Column, Error, Hosts, Result, RowStream, Statement, Table, Warehouse,
    cloud::Deadline,
    connect::{AthenaCredentials, Secret},
};

/// One request, with its retries.
const REQUEST: Duration = Duration::from_secs(30);
/// How long the catalogue may take.
const CATALOGUE: Duration = Duration::from_secs(60);

/// A catalogue of Amazon Athena. Times are in UTC; arrays, maps and rows are text as Athena writes it, which is no JSON.
pub struct Athena {
    credentials: AthenaCredentials,
    endpoint: Option<String>,
    client: OnceCell<Client>,
}

impl Athena {
    /// The catalogue of these credentials. Nothing is sent yet.
    ///
    /// # Errors
    /// `Connection` when there are no keys and the environment's may not be used, or no such region.
    pub fn new(credentials: &AthenaCredentials, hosts: &Hosts) -> Result<Self> {
        let region = &credentials.region;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if region.is_empty() || !region.chars().all(plain) {
            let message = format!("\"{region}\" is not a region of AWS");
            return Err(Error::Connection(message));
        }
        let keys = keys(credentials);
        // Keys of the environment are the operator's, who alone decides whom they serve.
        if keys.is_none() && *hosts != Hosts::Any {
            return Err(Error::Connection(
                "Amazon Athena needs an access key id and a secret access key".to_owned(),
            ));
        }
        Ok(Self {
            credentials: credentials.clone(),
            endpoint: None,
            client: OnceCell::new(),
        })
    }

    /// The same at another endpoint, for emulators and private endpoints of AWS.
    ///
    /// # Errors
    /// As [`Athena::new`].
    pub fn at(endpoint: &str, credentials: &AthenaCredentials, hosts: &Hosts) -> Result<Self> {
        let mut athena = Self::new(credentials, hosts)?;
        athena.endpoint = Some(endpoint.to_owned());
        Ok(athena)
    }

    async fn client(&self) -> &Client {
        let connect = || async {
            let region = Region::new(self.credentials.region.clone());
            let builder = match keys(&self.credentials) {
                Some(keys) => Builder::new()
                    .behavior_version(BehaviorVersion::latest())
                    .region(region)
                    .credentials_provider(keys),
                None => {
                    let environment = aws_config::defaults(BehaviorVersion::latest());
                    Builder::from(&environment.region(region).load().await)
                }
            };
            let limits = TimeoutConfig::builder().operation_timeout(REQUEST).build();
            let mut builder = builder.timeout_config(limits);
            builder.set_endpoint_url(self.endpoint.clone());
            Client::from_conf(builder.build())
        };
        self.client.get_or_init(connect).await
    }
}

fn keys(credentials: &AthenaCredentials) -> Option<Credentials> {
    let given = |secret: &Option<Secret>| {
        let secret = secret.as_ref().map(Secret::reveal);
        secret
            .filter(|secret| !secret.is_empty())
            .map(str::to_owned)
    };
    let id = given(&credentials.access_key_id)?;
    let secret = given(&credentials.secret_access_key)?;
    Some(Credentials::new(id, secret, None, None, "connection"))
}

#[async_trait]
impl Warehouse for Athena {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        let deadline = Deadline::after(statement.time);
        let client = async { Ok(self.client().await.clone()) };
        let client = deadline.within(client).await?;
        run::run(client, &self.credentials, statement, deadline).await
    }

    async fn tables(&self) -> Result<Vec<Table>> {
        let tables = async {
            let client = self.client().await;
            catalogue::tables(client, &self.credentials).await
        };
        Deadline::after(CATALOGUE).within(tables).await
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        let catalog = database.unwrap_or(&self.credentials.database);
        let schema = schema.unwrap_or(&self.credentials.schema);
        let fields = async {
            let client = self.client().await;
            catalogue::fields(client, catalog, schema, table).await
        };
        Deadline::after(CATALOGUE).within(fields).await
    }
}

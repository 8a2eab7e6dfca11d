//! Credentials in the wire's own shape, as they are sealed with a project.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use super::HostKeys;

/// Something that is never printed.
#[derive(Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// What it is, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// How to get into a warehouse. Fields that no adapter uses are passed over.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Credentials {
    Postgres(PostgresCredentials),
    Redshift(RedshiftCredentials),
    Bigquery(BigqueryCredentials),
    Snowflake(SnowflakeCredentials),
    Databricks(DatabricksCredentials),
    Trino(TrinoCredentials),
    Clickhouse(ClickhouseCredentials),
    Athena(AthenaCredentials),
}

/// An SSH server on the way.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tunnel {
    pub use_ssh_tunnel: Option<bool>,
    pub ssh_tunnel_host: Option<String>,
    pub ssh_tunnel_port: Option<u16>,
    pub ssh_tunnel_user: Option<String>,
    pub ssh_tunnel_private_key: Option<Secret>,
    pub ssh_tunnel_public_key: Option<String>,
    /// Which host keys pass; without, every one does.
    #[serde(skip)]
    pub host_keys: Option<HostKeys>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostgresCredentials {
    pub host: String,
    pub port: u16,
    pub user: Secret,
    pub password: Secret,
    pub dbname: String,
    pub schema: String,
    pub role: Option<String>,
    pub search_path: Option<String>,
    pub keepalives_idle: Option<u32>,
    pub timeout_seconds: Option<u32>,
    pub sslmode: Option<String>,
    pub sslcert: Option<Secret>,
    pub sslkey: Option<Secret>,
    pub sslrootcert: Option<Secret>,
    #[serde(flatten)]
    pub tunnel: Tunnel,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedshiftCredentials {
    pub host: String,
    pub port: u16,
    pub user: Secret,
    pub password: Secret,
    pub dbname: String,
    pub schema: String,
    pub keepalives_idle: Option<u32>,
    pub timeout_seconds: Option<u32>,
    pub sslmode: Option<String>,
    #[serde(flatten)]
    pub tunnel: Tunnel,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BigqueryCredentials {
    pub project: String,
    pub dataset: String,
    pub timeout_seconds: Option<u32>,
    /// `interactive` or `batch`.
    pub priority: Option<String>,
    pub retries: Option<u32>,
    pub location: Option<String>,
    pub maximum_bytes_billed: Option<u64>,
    pub execution_project: Option<String>,
    /// `private_key` (the default), `sso` or `adc`.
    pub authentication_type: Option<String>,
    pub keyfile_contents: BTreeMap<String, Secret>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnowflakeCredentials {
    pub account: String,
    pub user: Secret,
    pub database: String,
    pub warehouse: String,
    pub schema: String,
    pub role: Option<String>,
    pub query_tag: Option<String>,
    pub access_url: Option<String>,
    /// 0 is Monday.
    pub start_of_week: Option<u8>,
    /// `password`, `private_key` or `sso`.
    pub authentication_type: Option<String>,
    pub password: Option<Secret>,
    pub private_key: Option<Secret>,
    pub private_key_pass: Option<Secret>,
    pub token: Option<Secret>,
    /// Whether this warehouse counts, whatever an explore asks for.
    #[serde(rename = "override")]
    pub overrides: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabricksCredentials {
    /// What Databricks calls a schema.
    pub database: String,
    pub server_host_name: String,
    pub http_path: String,
    pub catalog: Option<String>,
    #[serde(default)]
    pub compute: Option<Vec<Compute>>,
    pub personal_access_token: Secret,
}

/// A cluster or SQL warehouse of Databricks by its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compute {
    pub name: String,
    pub http_path: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct TrinoCredentials {
    pub host: String,
    pub port: u16,
    pub user: Secret,
    pub password: Secret,
    /// What Trino calls a catalogue.
    pub dbname: String,
    pub schema: String,
    /// `http` or `https`.
    pub http_scheme: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ClickhouseCredentials {
    pub host: String,
    pub port: u16,
    pub user: Secret,
    pub password: Secret,
    pub schema: String,
    /// `false` for plain HTTP.
    pub secure: Option<bool>,
    #[serde(rename = "timeoutSeconds")]
    pub timeout_seconds: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AthenaCredentials {
    pub region: String,
    /// What Athena calls a catalogue; usually `AwsDataCatalog`.
    pub database: String,
    pub schema: String,
    /// Where results go: `s3://bucket/prefix/`.
    pub s3_staging_dir: String,
    pub work_group: Option<String>,
    /// Without keys those of the environment count, where the operator allows it.
    pub access_key_id: Option<Secret>,
    pub secret_access_key: Option<Secret>,
}

impl Credentials {
    /// Whether the warehouse is the engine inside the process.
    pub fn embedded(&self) -> bool {
        matches!(self, Self::Postgres(one) if one.host == super::EMBEDDED)
    }

    /// The connection with what lets the host key of its SSH server pass, if it goes through one.
    #[must_use]
    pub fn with_host_keys(mut self, keys: HostKeys) -> Self {
        match &mut self {
            Self::Postgres(one) => one.tunnel.host_keys = Some(keys),
            Self::Redshift(one) => one.tunnel.host_keys = Some(keys),
            _ => {}
        }
        self
    }

    /// The connection with what an explore asks for: another warehouse of Snowflake, another compute of Databricks.
    /// An unknown name changes nothing (reference: the default path).
    #[must_use]
    pub fn for_explore(mut self, warehouse: Option<&str>, compute: Option<&str>) -> Self {
        match &mut self {
            Self::Snowflake(one) if one.overrides != Some(true) => {
                if let Some(warehouse) = warehouse {
                    warehouse.clone_into(&mut one.warehouse);
                }
            }
            Self::Databricks(one) => {
                let all = one.compute.iter().flatten();
                let named = all.filter(|one| Some(one.name.as_str()) == compute);
                if let Some(path) = named.map(|one| one.http_path.clone()).next() {
                    one.http_path = path;
                }
            }
            _ => {}
        }
        self
    }
}

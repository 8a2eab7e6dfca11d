//! The forms of each connection, field by field: the wire's names, and which of them are sent only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::{
    secret::Secret,
    warehouse_credentials::{BigqueryAuthentication, SnowflakeAuthentication},
};

/// The day that a week begins with: 0 is Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u8", into = "u8")]
#[schema(value_type = u8, minimum = 0, maximum = 6)]
pub struct WeekDay(u8);

impl TryFrom<u8> for WeekDay {
    type Error = &'static str;

    fn try_from(day: u8) -> Result<Self, Self::Error> {
        (day < 7)
            .then_some(Self(day))
            .ok_or("a day of the week is 0 to 6")
    }
}

impl From<WeekDay> for u8 {
    fn from(day: WeekDay) -> Self {
        day.0
    }
}

/// How urgent BigQuery is to take a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BigqueryPriority)]
pub enum BigqueryPriority {
    Interactive,
    Batch,
}

/// A cluster or SQL warehouse of Databricks by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DatabricksCompute)]
pub struct Compute {
    pub name: String,
    pub http_path: String,
}

/// How GitHub is to know us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GithubAuthorizationMethod)]
pub enum GithubAuthorization {
    PersonalAccessToken,
    InstallationId,
}

/// A variable of the environment that dbt runs in, as it is sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = CreateDbtProjectEnvironmentVariable)]
pub struct NewVariable {
    pub key: String,
    #[serde(serialize_with = "revealed")]
    #[schema(write_only)]
    pub value: Secret,
}

/// A variable of the environment that dbt runs in, as it is shown: its value is often a secret, so it is always empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DbtProjectEnvironmentVariable)]
pub struct Variable {
    pub key: String,
    pub value: String,
}

/// What is sealed with its secrets in the clear.
trait Reveal {
    fn reveal(&self) -> Value;
}

impl Reveal for Secret {
    fn reveal(&self) -> Value {
        json!(Secret::reveal(self))
    }
}

impl<T: Reveal> Reveal for Option<T> {
    fn reveal(&self) -> Value {
        self.as_ref().map_or(Value::Null, Reveal::reveal)
    }
}

impl Reveal for BTreeMap<String, Secret> {
    fn reveal(&self) -> Value {
        let fields = self
            .iter()
            .map(|(name, secret)| (name.clone(), Reveal::reveal(secret)));
        Value::Object(fields.collect())
    }
}

impl Reveal for Vec<NewVariable> {
    fn reveal(&self) -> Value {
        json!(self)
    }
}

fn revealed<T: Reveal, S: Serializer>(secret: &T, serializer: S) -> Result<S::Ok, S::Error> {
    secret.reveal().serialize(serializer)
}

/// Declares a connection's two forms: what is always there and what may be missing, both shown, and what is sent only.
/// The second form is serialised to be sealed, and for nothing else: the enums over it have no `Serialize`.
macro_rules! connection {
    ($(
        $(#[$about:meta])*
        $shown:ident as $shown_name:ident, $sent:ident as $sent_name:ident {
            shown { $($(#[$must_is:meta])* $must:ident: $must_type:ty,)* }
            maybe { $($(#[$may_is:meta])* $may:ident: $may_type:ty,)* }
            sent { $($(#[$secret_is:meta])* $secret:ident: $secret_type:ty,)* }
        }
    )+) => {$(
        #[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
        $(#[$about])*
        #[schema(as = $shown_name)]
        pub struct $shown {
            $($(#[$must_is])* pub $must: $must_type,)*
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[schema(nullable = false)]
                $(#[$may_is])*
                pub $may: Option<$may_type>,
            )*
        }

        #[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
        $(#[$about])*
        #[schema(as = $sent_name)]
        pub struct $sent {
            #[serde(flatten)]
            pub(super) shown: $shown,
            $(
                #[serde(serialize_with = "revealed")]
                $(#[$secret_is])*
                pub(super) $secret: $secret_type,
            )*
        }
    )+};
}

connection! {
    /// PostgreSQL, maybe through an SSH tunnel.
    #[serde(rename_all = "camelCase")]
    Postgres as PostgresCredentials, NewPostgres as CreatePostgresCredentials {
        shown { host: String, port: u16, dbname: String, schema: String, }
        maybe {
            require_user_credentials: bool, threads: u32, keepalives_idle: u32, search_path: String, role: String,
            start_of_week: WeekDay, timeout_seconds: u32, sslmode: String,
            #[serde(rename = "sslcertFileName")] sslcert_file_name: String,
            #[serde(rename = "sslkeyFileName")] sslkey_file_name: String,
            #[serde(rename = "sslrootcertFileName")] sslrootcert_file_name: String,
            use_ssh_tunnel: bool, ssh_tunnel_host: String, ssh_tunnel_port: u16, ssh_tunnel_user: String, ssh_tunnel_public_key: String,
        }
        sent {
            #[schema(write_only)] user: Secret,
            #[schema(write_only)] password: Secret,
            #[schema(write_only)] sslcert: Option<Secret>,
            #[schema(write_only)] sslkey: Option<Secret>,
            #[schema(write_only)] sslrootcert: Option<Secret>,
            #[schema(write_only, nullable = false)] ssh_tunnel_private_key: Option<Secret>,
        }
    }
    /// Amazon Redshift, maybe through an SSH tunnel.
    #[serde(rename_all = "camelCase")]
    Redshift as RedshiftCredentials, NewRedshift as CreateRedshiftCredentials {
        shown { host: String, port: u16, dbname: String, schema: String, }
        maybe {
            require_user_credentials: bool, threads: u32, keepalives_idle: u32, sslmode: String,
            #[serde(rename = "ra3Node")] ra3_node: bool,
            start_of_week: WeekDay, timeout_seconds: u32,
            use_ssh_tunnel: bool, ssh_tunnel_host: String, ssh_tunnel_port: u16, ssh_tunnel_user: String, ssh_tunnel_public_key: String,
        }
        sent {
            #[schema(write_only)] user: Secret,
            #[schema(write_only)] password: Secret,
            #[schema(write_only, nullable = false)] ssh_tunnel_private_key: Option<Secret>,
        }
    }
    /// Google BigQuery.
    #[serde(rename_all = "camelCase")]
    Bigquery as BigqueryCredentials, NewBigquery as CreateBigqueryCredentials {
        shown { project: String, dataset: String, }
        maybe {
            threads: u32, timeout_seconds: u32, priority: BigqueryPriority, authentication_type: BigqueryAuthentication,
            require_user_credentials: bool, retries: u32, location: String, maximum_bytes_billed: u64, start_of_week: WeekDay,
            execution_project: String,
        }
        sent {
            #[doc = "The service account's key file, field by field."]
            #[schema(write_only)] keyfile_contents: BTreeMap<String, Secret>,
        }
    }
    /// Snowflake.
    #[serde(rename_all = "camelCase")]
    Snowflake as SnowflakeCredentials, NewSnowflake as CreateSnowflakeCredentials {
        shown { account: String, database: String, warehouse: String, schema: String, }
        maybe {
            require_user_credentials: bool, authentication_type: SnowflakeAuthentication, role: String, threads: u32,
            client_session_keep_alive: bool, query_tag: String, access_url: String, start_of_week: WeekDay,
            quoted_identifiers_ignore_case: bool,
            #[serde(rename = "override")] overrides: bool,
        }
        sent {
            #[schema(write_only)] user: Secret,
            #[schema(write_only, nullable = false)] password: Option<Secret>,
            #[schema(write_only, nullable = false)] private_key: Option<Secret>,
            #[schema(write_only, nullable = false)] private_key_pass: Option<Secret>,
            #[schema(write_only, nullable = false)] token: Option<Secret>,
        }
    }
    /// Databricks.
    #[serde(rename_all = "camelCase")]
    Databricks as DatabricksCredentials, NewDatabricks as CreateDatabricksCredentials {
        shown { database: String, server_host_name: String, http_path: String, }
        maybe { catalog: String, require_user_credentials: bool, start_of_week: WeekDay, compute: Vec<Compute>, }
        sent { #[schema(write_only)] personal_access_token: Secret, }
    }
    /// Trino.
    #[serde(rename_all = "camelCase")]
    Trino as TrinoCredentials, NewTrino as CreateTrinoCredentials {
        shown { host: String, port: u16, dbname: String, schema: String, #[serde(rename = "http_scheme")] http_scheme: String, }
        maybe { require_user_credentials: bool, start_of_week: WeekDay, }
        sent {
            #[schema(write_only)] user: Secret,
            #[schema(write_only)] password: Secret,
        }
    }
    /// A dbt project on the server's own disk.
    LocalDbt as DbtLocalProjectConfig, NewLocalDbt as CreateDbtLocalProjectConfig {
        shown {}
        maybe { profiles_dir: String, project_dir: String, target: String, selector: String, environment: Vec<Variable>, }
        sent { #[schema(nullable = false)] environment: Option<Vec<NewVariable>>, }
    }
    /// A dbt project in dbt Cloud.
    CloudDbt as DbtCloudIDEProjectConfig, NewCloudDbt as CreateDbtCloudIDEProjectConfig {
        shown { environment_id: String, }
        maybe { discovery_api_endpoint: String, tags: Vec<String>, }
        sent { #[schema(write_only)] api_key: Secret, }
    }
    /// A dbt project on GitHub.
    GithubDbt as DbtGithubProjectConfig, NewGithubDbt as CreateDbtGithubProjectConfig {
        shown { authorization_method: GithubAuthorization, repository: String, branch: String, project_sub_path: String, }
        maybe {
            installation_id: String, host_domain: String, target: String, selector: String, environment: Vec<Variable>,
        }
        sent {
            #[schema(write_only, nullable = false)] personal_access_token: Option<Secret>,
            #[schema(nullable = false)] environment: Option<Vec<NewVariable>>,
        }
    }
    /// A dbt project on Bitbucket.
    BitbucketDbt as DbtBitBucketProjectConfig, NewBitbucketDbt as CreateDbtBitBucketProjectConfig {
        shown { username: String, repository: String, branch: String, project_sub_path: String, }
        maybe { host_domain: String, target: String, selector: String, environment: Vec<Variable>, }
        sent {
            #[schema(write_only)] personal_access_token: Secret,
            #[schema(nullable = false)] environment: Option<Vec<NewVariable>>,
        }
    }
    /// A dbt project on GitLab.
    GitlabDbt as DbtGitlabProjectConfig, NewGitlabDbt as CreateDbtGitlabProjectConfig {
        shown { repository: String, branch: String, project_sub_path: String, }
        maybe { host_domain: String, target: String, selector: String, environment: Vec<Variable>, }
        sent {
            #[schema(write_only)] personal_access_token: Secret,
            #[schema(nullable = false)] environment: Option<Vec<NewVariable>>,
        }
    }
    /// A dbt project on Azure DevOps.
    AzureDbt as DbtAzureDevOpsProjectConfig, NewAzureDbt as CreateDbtAzureDevOpsProjectConfig {
        shown { organization: String, project: String, repository: String, branch: String, project_sub_path: String, }
        maybe { target: String, selector: String, environment: Vec<Variable>, }
        sent {
            #[schema(write_only)] personal_access_token: Secret,
            #[schema(nullable = false)] environment: Option<Vec<NewVariable>>,
        }
    }
    /// A dbt project that is compiled elsewhere and uploaded.
    UploadedDbt as DbtNoneProjectConfig, NewUploadedDbt as CreateDbtNoneProjectConfig {
        shown {}
        maybe {
            #[serde(rename = "hideRefreshButton")] hide_refresh_button: bool,
            target: String, selector: String, environment: Vec<Variable>,
        }
        sent { #[schema(nullable = false)] environment: Option<Vec<NewVariable>>, }
    }
}

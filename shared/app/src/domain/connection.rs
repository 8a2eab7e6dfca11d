//! A project's connections: to its warehouse, and to where its dbt project is kept. Each has a form that is sent, with
//! its secrets, and one that is shown. The first is sealed as a whole; the second holds nothing secret.

mod forms;
mod snowflake;
mod update;

use serde::{Deserialize, Serialize, ser::Error as _};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    Error, Result,
    domain::{
        project::WarehouseType,
        secret::{SealedBytes, Secret},
        warehouse_credentials::{BigqueryAuthentication, SnowflakeAuthentication},
    },
};

pub use forms::*;

/// Certificates and key files have a few KB each; a connection may have several.
const LARGEST: usize = 64 * 1024;

/// A connection as it is stored: what may be shown beside what is sealed for its project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Connection<T> {
    pub sealed: SealedBytes,
    pub shown: T,
}

/// Declares the two enums over the forms of a connection.
macro_rules! either {
    ($(#[$about:meta])* $shown:ident as $shown_name:ident, $sent:ident as $sent_name:ident {
        $($variant:ident($shown_form:ident, $sent_form:ident),)+
    }) => {
        #[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
        $(#[$about])*
        #[doc = " As it is shown."]
        #[serde(tag = "type")]
        #[schema(as = $shown_name)]
        pub enum $shown {
            $($variant($shown_form),)+
        }

        #[derive(Debug, Clone, Deserialize, ToSchema)]
        $(#[$about])*
        #[doc = " As it is sent, with its secrets."]
        #[serde(tag = "type")]
        #[schema(as = $sent_name)]
        pub enum $sent {
            $($variant($sent_form),)+
        }

        impl $sent {
            /// What may be shown of it.
            pub fn shown(&self) -> $shown {
                match self {
                    $(Self::$variant(sent) => $shown::$variant(sent.shown()),)+
                }
            }

            /// The whole connection, secrets included, as it is sealed: the wire's own shape.
            ///
            /// # Errors
            /// `Invalid` when it is larger than any connection is.
            pub fn to_seal(&self) -> Result<Vec<u8>> {
                let sent = match self {
                    $(Self::$variant(sent) => serde_json::to_value(sent),)+
                };
                whole(serde_json::to_value(self.shown()), sent)
            }
        }
    };
}

either! {
    /// A project's connection to its warehouse.
    #[serde(rename_all = "lowercase")]
    Warehouse as WarehouseCredentials, NewWarehouse as CreateWarehouseCredentials {
        Redshift(Redshift, NewRedshift),
        Bigquery(Bigquery, NewBigquery),
        Postgres(Postgres, NewPostgres),
        Snowflake(Snowflake, NewSnowflake),
        Databricks(Databricks, NewDatabricks),
        Trino(Trino, NewTrino),
    }
}

either! {
    /// Where a project's dbt project is kept.
    #[serde(rename_all = "snake_case")]
    Dbt as DbtProjectConfig, NewDbt as CreateDbtProjectConfig {
        Dbt(LocalDbt, NewLocalDbt),
        DbtCloudIde(CloudDbt, NewCloudDbt),
        Github(GithubDbt, NewGithubDbt),
        Bitbucket(BitbucketDbt, NewBitbucketDbt),
        Gitlab(GitlabDbt, NewGitlabDbt),
        AzureDevops(AzureDbt, NewAzureDbt),
        None(UploadedDbt, NewUploadedDbt),
    }
}

impl NewWarehouse {
    /// The public key of an SSH tunnel whose private key was not sent.
    pub fn tunnel_without_key(&self) -> Option<&str> {
        let (on, public, private) = match self {
            Self::Postgres(one) => (
                one.shown.use_ssh_tunnel,
                &one.shown.ssh_tunnel_public_key,
                &one.ssh_tunnel_private_key,
            ),
            Self::Redshift(one) => (
                one.shown.use_ssh_tunnel,
                &one.shown.ssh_tunnel_public_key,
                &one.ssh_tunnel_private_key,
            ),
            Self::Bigquery(_) | Self::Snowflake(_) | Self::Databricks(_) | Self::Trino(_) => {
                return None;
            }
        };
        let public = public.as_deref().filter(|_| on == Some(true));
        public.filter(|_| private.is_none())
    }

    /// The same with the private key of its SSH tunnel.
    #[must_use]
    pub fn with_tunnel_key(mut self, key: Secret) -> Self {
        match &mut self {
            Self::Postgres(one) => one.ssh_tunnel_private_key = Some(key),
            Self::Redshift(one) => one.ssh_tunnel_private_key = Some(key),
            Self::Bigquery(_) | Self::Snowflake(_) | Self::Databricks(_) | Self::Trino(_) => {}
        }
        self
    }
}

type Written = serde_json::Result<Value>;

/// What is shown, with what is sent only over it.
fn whole(shown: Written, sent: Written) -> Result<Vec<u8>> {
    let fields = |written: Written| match written {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(serde_json::Error::custom("no object")),
        Err(error) => Err(error),
    };
    let merged = fields(shown).and_then(|mut all: Map<_, _>| {
        all.extend(fields(sent)?);
        serde_json::to_vec(&all)
    });
    let bytes = merged.map_err(|_| Error::Internal(anyhow::anyhow!("writing a connection")))?;
    if bytes.len() > LARGEST {
        return Err(Error::invalid("A connection has at most 64 KB"));
    }
    Ok(bytes)
}

/// Forms that are shown as they were sent.
macro_rules! shown_as_sent {
    ($($sent:ident => $shown:ident),+ $(,)?) => {$(
        impl $sent {
            fn shown(&self) -> $shown {
                self.shown.clone()
            }
        }
    )+};
}

shown_as_sent!(
    NewPostgres => Postgres,
    NewRedshift => Redshift,
    NewDatabricks => Databricks,
    NewTrino => Trino,
    NewCloudDbt => CloudDbt,
);

/// Forms with an environment, of which the names are shown.
macro_rules! shown_with_names {
    ($($sent:ident => $shown:ident),+ $(,)?) => {$(
        impl $sent {
            fn shown(&self) -> $shown {
                let name = |one: &NewVariable| Variable { key: one.key.clone(), value: String::new() };
                $shown {
                    environment: self.environment.as_ref().map(|all| all.iter().map(name).collect()),
                    ..self.shown.clone()
                }
            }
        }
    )+};
}

shown_with_names!(
    NewLocalDbt => LocalDbt,
    NewGithubDbt => GithubDbt,
    NewBitbucketDbt => BitbucketDbt,
    NewGitlabDbt => GitlabDbt,
    NewAzureDbt => AzureDbt,
    NewUploadedDbt => UploadedDbt,
);

impl NewBigquery {
    fn shown(&self) -> Bigquery {
        let kind = self.shown.authentication_type;
        Bigquery {
            authentication_type: kind.or(Some(BigqueryAuthentication::PrivateKey)),
            ..self.shown.clone()
        }
    }
}

impl NewSnowflake {
    fn shown(&self) -> Snowflake {
        let by_key = self.private_key.is_some();
        let usual = if by_key {
            SnowflakeAuthentication::PrivateKey
        } else {
            SnowflakeAuthentication::Password
        };
        Snowflake {
            authentication_type: self.shown.authentication_type.or(Some(usual)),
            ..self.shown.clone()
        }
    }
}

impl Warehouse {
    /// Which kind of warehouse it is.
    pub fn kind(&self) -> WarehouseType {
        match self {
            Self::Redshift(_) => WarehouseType::Redshift,
            Self::Bigquery(_) => WarehouseType::Bigquery,
            Self::Postgres(_) => WarehouseType::Postgres,
            Self::Snowflake(_) => WarehouseType::Snowflake,
            Self::Databricks(_) => WarehouseType::Databricks,
            Self::Trino(_) => WarehouseType::Trino,
        }
    }

    /// Whether everybody queries with a login of their own.
    pub fn requires_user_credentials(&self) -> bool {
        let required = match self {
            Self::Redshift(one) => one.require_user_credentials,
            Self::Bigquery(one) => one.require_user_credentials,
            Self::Postgres(one) => one.require_user_credentials,
            Self::Snowflake(one) => one.require_user_credentials,
            Self::Databricks(one) => one.require_user_credentials,
            Self::Trino(one) => one.require_user_credentials,
        };
        required.unwrap_or(false)
    }
}

impl Default for Dbt {
    /// Of a project that nothing is known of: it is compiled elsewhere.
    fn default() -> Self {
        Self::None(UploadedDbt {
            hide_refresh_button: None,
            target: None,
            selector: None,
            environment: None,
        })
    }
}

impl Dbt {
    /// Without the id under which we are installed at GitHub, which only those need who may change the connection.
    #[must_use]
    pub fn without_installation(mut self) -> Self {
        if let Self::Github(github) = &mut self {
            github.installation_id = None;
        }
        self
    }
}

#[cfg(test)]
mod tests;

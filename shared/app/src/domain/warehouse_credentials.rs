//! A user's own warehouse logins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{id::CredentialsId, project::WarehouseType, secret::Secret, user::LONGEST_NAME},
};

/// A service account's key file has about 2 KB; this leaves room for long certificates.
const LARGEST: usize = 32 * 1024;

/// A login as its owner sends it, by the type of the warehouse.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
// The document does not follow `rename_all_fields`, so each field has its name.
pub enum WarehouseLogin {
    Postgres {
        user: String,
        #[schema(write_only)]
        password: Secret,
    },
    Redshift {
        user: String,
        #[schema(write_only)]
        password: Secret,
    },
    Trino {
        user: String,
        #[schema(write_only)]
        password: Secret,
    },
    Clickhouse {
        user: String,
        #[schema(write_only)]
        password: Secret,
    },
    Snowflake {
        user: String,
        #[schema(write_only, nullable = false)]
        password: Option<Secret>,
        #[schema(nullable = false)]
        #[serde(rename = "authenticationType")]
        authentication_type: Option<SnowflakeAuthentication>,
        #[schema(write_only, nullable = false)]
        token: Option<Secret>,
    },
    Bigquery {
        /// The service account's key file, field by field.
        #[schema(write_only)]
        #[serde(rename = "keyfileContents")]
        keyfile_contents: BTreeMap<String, Secret>,
        #[schema(nullable = false)]
        #[serde(rename = "authenticationType")]
        authentication_type: Option<BigqueryAuthentication>,
    },
    Databricks {
        #[schema(write_only)]
        #[serde(rename = "personalAccessToken")]
        personal_access_token: Secret,
    },
    Athena {
        #[schema(write_only)]
        #[serde(rename = "accessKeyId")]
        access_key_id: Secret,
        #[schema(write_only)]
        #[serde(rename = "secretAccessKey")]
        secret_access_key: Secret,
    },
}

/// How Snowflake is to know the user.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SnowflakeAuthentication {
    Password,
    PrivateKey,
    Sso,
}

/// How BigQuery is to know the user.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BigqueryAuthentication {
    Sso,
    PrivateKey,
    Adc,
}

/// What may be shown of a login: its type, and the user name where there is one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ShownLogin {
    Postgres { user: String },
    Redshift { user: String },
    Trino { user: String },
    Clickhouse { user: String },
    Snowflake { user: String },
    Bigquery {},
    Databricks {},
    Athena {},
}

impl ShownLogin {
    /// Whether it is a login for such a warehouse.
    pub fn is_for(&self, warehouse: WarehouseType) -> bool {
        match self {
            Self::Postgres { .. } => warehouse == WarehouseType::Postgres,
            Self::Redshift { .. } => warehouse == WarehouseType::Redshift,
            Self::Trino { .. } => warehouse == WarehouseType::Trino,
            Self::Snowflake { .. } => warehouse == WarehouseType::Snowflake,
            Self::Bigquery {} => warehouse == WarehouseType::Bigquery,
            Self::Databricks {} => warehouse == WarehouseType::Databricks,
            // No project has such a warehouse yet.
            Self::Clickhouse { .. } | Self::Athena {} => false,
        }
    }
}

/// Which login queries of a project go under: the preferred one while it is there and for the warehouse, else the oldest
/// for the warehouse. `own` is in the order of their age.
pub fn chosen_for(
    warehouse: WarehouseType,
    preferred: Option<CredentialsId>,
    own: Vec<WarehouseCredentials>,
) -> Option<WarehouseCredentials> {
    let mut fitting: Vec<_> = own
        .into_iter()
        .filter(|one| one.shown.is_for(warehouse))
        .collect();
    let at = fitting
        .iter()
        .position(|one| Some(one.id) == preferred)
        .unwrap_or(0);
    (at < fitting.len()).then(|| fitting.swap_remove(at))
}

impl WarehouseLogin {
    /// What may be shown of it.
    pub fn shown(&self) -> ShownLogin {
        let named = |user: &String| user.clone();
        match self {
            Self::Postgres { user, .. } => ShownLogin::Postgres { user: named(user) },
            Self::Redshift { user, .. } => ShownLogin::Redshift { user: named(user) },
            Self::Trino { user, .. } => ShownLogin::Trino { user: named(user) },
            Self::Clickhouse { user, .. } => ShownLogin::Clickhouse { user: named(user) },
            Self::Snowflake { user, .. } => ShownLogin::Snowflake { user: named(user) },
            Self::Bigquery { .. } => ShownLogin::Bigquery {},
            Self::Databricks { .. } => ShownLogin::Databricks {},
            Self::Athena { .. } => ShownLogin::Athena {},
        }
    }

    /// The whole login, secrets included, as it is sealed: the wire's own shape.
    ///
    /// # Errors
    /// `Invalid` when it is larger than any login is.
    pub fn to_seal(&self) -> Result<Vec<u8>> {
        let bytes = self.to_json().to_string().into_bytes();
        if bytes.len() > LARGEST {
            return Err(Error::invalid("A warehouse login has at most 32 KB"));
        }
        Ok(bytes)
    }

    fn to_json(&self) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        match self {
            Self::Postgres { user, password }
            | Self::Redshift { user, password }
            | Self::Trino { user, password }
            | Self::Clickhouse { user, password } => {
                put("user", json!(user));
                put("password", json!(password.reveal()));
            }
            Self::Snowflake {
                user,
                password,
                authentication_type,
                token,
            } => {
                put("user", json!(user));
                put("password", json!(password.as_ref().map(Secret::reveal)));
                put("authenticationType", json!(authentication_type));
                put("token", json!(token.as_ref().map(Secret::reveal)));
            }
            Self::Bigquery {
                keyfile_contents,
                authentication_type,
            } => {
                let keyfile: BTreeMap<_, _> = keyfile_contents
                    .iter()
                    .map(|(key, value)| (key, value.reveal()))
                    .collect();
                put("keyfileContents", json!(keyfile));
                put("authenticationType", json!(authentication_type));
            }
            Self::Databricks {
                personal_access_token,
            } => {
                put("personalAccessToken", json!(personal_access_token.reveal()));
            }
            Self::Athena {
                access_key_id,
                secret_access_key,
            } => {
                put("accessKeyId", json!(access_key_id.reveal()));
                put("secretAccessKey", json!(secret_access_key.reveal()));
            }
        }
        Value::Object(fields)
    }
}

/// A login as it is stored: what may be shown beside what is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WarehouseCredentials {
    pub id: CredentialsId,
    pub name: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub shown: ShownLogin,
    /// The whole login, sealed for its owner.
    pub sealed: crate::domain::secret::SealedBytes,
}

/// A name for a login: trimmed, 1 to 255 characters, no control characters. Names need not be unique.
///
/// # Errors
/// `Invalid` when it is not.
pub fn credentials_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            "A name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}

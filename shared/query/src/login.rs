//! Whose login a query goes under, and the connection that it goes over.

use std::sync::Arc;

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::ProjectKind,
        connection::{Connection, Warehouse as Shown},
        id::{OrganizationId, ProjectId, UserId},
        project::WarehouseType,
        secret::sha256_hex,
        warehouse_credentials::chosen_for,
    },
};
use semantic::{Dialect, Explore};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use warehouse::{Credentials, Warehouse, connect::HostKeys};

/// Who asks, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    pub project: ProjectId,
    pub organization: OrganizationId,
    pub user: UserId,
}

impl From<&InProject> for Asker {
    fn from(project: &InProject) -> Self {
        Self {
            project: project.id(),
            organization: project.organization(),
            user: project.user.id,
        }
    }
}

/// What an explore asks of the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overrides {
    /// Another warehouse of Snowflake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// Another compute of Databricks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<String>,
}

impl Overrides {
    /// Those of an explore.
    pub fn of(explore: &Explore) -> Self {
        Self {
            warehouse: explore.warehouse.clone(),
            compute: explore.databricks_compute.clone(),
        }
    }
}

/// What says who comes, of every kind of connection.
const LOGIN: [&str; 12] = [
    "accessKeyId",
    "authenticationType",
    "keyfileContents",
    "password",
    "personalAccessToken",
    "privateKey",
    "privateKeyPass",
    "refreshToken",
    "secretAccessKey",
    "sessionToken",
    "token",
    "user",
];

/// A way into a project's warehouse.
pub struct Login {
    pub warehouse: Arc<dyn Warehouse>,
    /// Changes with the credentials, and with whose they are. Rows that one login saw are not for another.
    pub identity: String,
    /// Whether a statement may be begun, given up and begun again.
    pub tries_free: bool,
}

impl Login {
    /// The asker's way into the project's warehouse: the project's own login, or theirs where the project asks for it.
    ///
    /// # Errors
    /// `NotFound` when the project has no warehouse, or they have no login for it; `Warehouse` when there is no adapter.
    pub async fn of(app: &App, asker: Asker, overrides: &Overrides) -> Result<Self> {
        let (stored, _) = app.store.connections(asker.project).await?;
        let stored = stored.ok_or(Error::NotFound(Kind::Credentials))?;
        let own = if stored.shown.requires_user_credentials() {
            Some(own_login(app, asker, &stored).await?)
        } else {
            None
        };
        let identity = identity(&stored, own.as_ref(), overrides);
        let tries_free = stored.shown.kind().tries_free();
        if let Some(warehouse) = app.warehouses.find(&identity) {
            return Ok(Self {
                warehouse,
                identity,
                tries_free,
            });
        }
        let project = asker.project.to_string();
        let context = [("project", project.as_str())];
        let mut fields = opened(app.seal.open(&stored.sealed, &context).await?)?;
        if let Some(own) = own {
            let user = asker.user.to_string();
            let bytes = app.seal.open(&own.sealed, &[("user", &user)]).await?;
            fields = with_login(fields, opened(bytes)?);
        }
        let credentials: Credentials =
            serde_json::from_value(Value::Object(fields)).map_err(unreadable)?;
        let credentials =
            credentials.for_explore(overrides.warehouse.as_deref(), overrides.compute.as_deref());
        let credentials = credentials.with_host_keys(host_keys(app, asker.project, &stored));
        let tables = if credentials.embedded() {
            tables_of(app, asker.project).await?.to_string()
        } else {
            project
        };
        let warehouse = app.warehouses.kept(&identity, &tables, &credentials)?;
        Ok(Self {
            warehouse,
            identity,
            tries_free,
        })
    }
}

/// Lets the host key of a connection's SSH server pass that it had when it was first met. A connection that is saved again is
/// another one.
fn host_keys(app: &App, project: ProjectId, stored: &Connection<Shown>) -> HostKeys {
    let (store, connection) = (app.store.clone(), sha256_hex(&stored.sealed.ciphertext));
    HostKeys::new(move |fingerprint| {
        let (store, connection) = (store.clone(), connection.clone());
        async move {
            let refused = match store.has_host_key(project, &connection, &fingerprint).await {
                Ok(true) => return Ok(()),
                Ok(false) => format!(
                    "the SSH server has another host key than before, {fingerprint}: somebody may be posing as it. If the server has a new one, save the project's connection again"
                ),
                Err(error) => {
                    tracing::warn!(cause = error.cause(), "A host key is not compared.");
                    "the host key of the SSH server cannot be compared with the one before; try again".to_owned()
                }
            };
            Err(warehouse::Error::Tunnel(refused))
        }
    })
}

/// The project whose tables one with an embedded engine has: a preview looks at those of the project that it is of.
async fn tables_of(app: &App, project: ProjectId) -> Result<ProjectId> {
    let found = app.store.project(project).await?;
    let preview = found.filter(|project| project.kind_of == ProjectKind::Preview);
    Ok(preview
        .and_then(|preview| preview.upstream)
        .unwrap_or(project))
}

/// The SQL that a project's warehouse speaks.
///
/// # Errors
/// `NotFound` when the project has no warehouse.
pub async fn dialect(app: &App, project: ProjectId) -> Result<Dialect> {
    let (stored, _) = app.store.connections(project).await?;
    let stored = stored.ok_or(Error::NotFound(Kind::Credentials))?;
    Ok(match stored.shown.kind() {
        WarehouseType::Postgres => Dialect::Postgres,
        WarehouseType::Redshift => Dialect::Redshift,
        WarehouseType::Bigquery => Dialect::Bigquery,
        WarehouseType::Snowflake => Dialect::Snowflake,
        WarehouseType::Databricks => Dialect::Databricks,
        WarehouseType::Trino => Dialect::Trino,
    })
}

async fn own_login(
    app: &App,
    asker: Asker,
    stored: &Connection<Shown>,
) -> Result<app::domain::warehouse_credentials::WarehouseCredentials> {
    let preferred = app.store.preferred_credentials(asker.user, asker.project);
    let all = app.store.warehouse_credentials(asker.user);
    let (preferred, all) = tokio::join!(preferred, all);
    let chosen = chosen_for(stored.shown.kind(), preferred?, all?);
    chosen.ok_or(Error::NotFound(Kind::Credentials))
}

fn identity(
    stored: &Connection<Shown>,
    own: Option<&app::domain::warehouse_credentials::WarehouseCredentials>,
    overrides: &Overrides,
) -> String {
    let own = own.map(|own| own.sealed.ciphertext.as_str());
    let parts = [
        Some(stored.sealed.ciphertext.as_str()),
        own,
        overrides.warehouse.as_deref(),
        overrides.compute.as_deref(),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        // The length keeps one part from running into the next.
        let part = part.unwrap_or_default();
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// A connection with another login: nothing of its own login stays beside that.
fn with_login(mut fields: Map<String, Value>, own: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|name, _| !LOGIN.contains(&name.as_str()));
    fields.extend(own);
    fields
}

fn opened(bytes: Vec<u8>) -> Result<Map<String, Value>> {
    let fields: Map<String, Value> = serde_json::from_slice(&bytes).map_err(unreadable)?;
    // What was left empty is as good as absent, and a login has no empty fields that could cover the project's.
    Ok(fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect())
}

/// The reason would quote what is secret.
fn unreadable(_: serde_json::Error) -> Error {
    Error::Warehouse(warehouse::Error::Connection(
        "the stored credentials of this project are incomplete: save its connection again"
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_login_of_ones_own_leaves_nothing_of_the_projects() {
        let project = fields(&json!({
            "type": "snowflake", "account": "a", "database": "d", "user": "SERVICE", "password": "secret", "privateKey": "key",
            "authenticationType": "private_key", "token": "t",
        }));
        let own = fields(&json!({ "type": "snowflake", "user": "ana" }));
        let expected =
            json!({ "type": "snowflake", "account": "a", "database": "d", "user": "ana" });
        assert_eq!(Value::Object(with_login(project, own)), expected);
    }
}

//! The sealed connections of projects.

use crate::{
    App, Error, Kind, Result,
    domain::{
        connection::{Connection, NewWarehouse, Warehouse},
        id::{OrganizationId, ProjectId},
        secret::SealedBytes,
    },
};

/// Seals a connection for its project.
///
/// # Errors
/// `Unavailable` when the key does not answer.
pub async fn seal(app: &App, project: ProjectId, bytes: &[u8]) -> Result<SealedBytes> {
    let context = project.to_string();
    app.seal.seal(bytes, &[("project", &context)]).await
}

/// Opens what was sealed for a project.
///
/// # Errors
/// `Unavailable` when the key does not answer.
pub async fn open(app: &App, project: ProjectId, sealed: &SealedBytes) -> Result<Vec<u8>> {
    let context = project.to_string();
    app.seal.open(sealed, &[("project", &context)]).await
}

/// The warehouse of one project, for another one: its secrets stay on the server.
///
/// # Errors
/// `NotExists` when it has none; `Unavailable` when the key does not answer.
pub async fn resealed(app: &App, from: ProjectId, to: ProjectId) -> Result<Connection<Warehouse>> {
    let (warehouse, _) = app.store.connections(from).await?;
    let warehouse = warehouse.ok_or(Error::NotExists(Kind::Credentials))?;
    let bytes = open(app, from, &warehouse.sealed).await?;
    Ok(Connection {
        sealed: seal(app, to, &bytes).await?,
        ..warehouse
    })
}

/// An SSH tunnel is known by its public key; the private key is one of the organisation's own.
///
/// # Errors
/// `Invalid` when the organisation has no such key pair.
pub async fn with_tunnel_key(
    app: &App,
    organization: OrganizationId,
    sent: NewWarehouse,
) -> Result<NewWarehouse> {
    let Some(public) = sent.tunnel_without_key() else {
        return Ok(sent);
    };
    let now = app.clock.now();
    let found = app.store.ssh_key_of(organization, public, now).await?;
    let unknown = "The organization has no SSH key pair with this public key, or it has expired";
    let key = found.ok_or_else(|| Error::invalid(unknown))?;
    let context = organization.to_string();
    let context = [("organization", context.as_str())];
    let private = app.seal.open(&key.sealed, &context).await?;
    app.store.note_ssh_key_use(&key, now).await?;
    let private = String::from_utf8_lossy(&private).into_owned();
    Ok(sent.with_tunnel_key(private.into()))
}

//! The caller's own warehouse logins: sealed when they arrive, never shown again.

use app::{
    App, CurrentUser, Done, DoneOk, Error, IdempotencyKey, Json, Kind, Ok, Path, Reply, Result,
    Timestamp,
    domain::{
        id::{CredentialsId, UserId},
        secret::SealedBytes,
        warehouse_credentials::{WarehouseCredentials, WarehouseLogin, credentials_name},
    },
    store::made_once,
    view::UserWarehouseCredentials,
};
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, ToSchema)]
pub(crate) struct UpsertUserWarehouseCredentials {
    name: String,
    credentials: WarehouseLogin,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct CredentialsPath {
    uuid: String,
}

/// Seals a login for its owner.
async fn seal(app: &App, user: UserId, login: &WarehouseLogin) -> Result<SealedBytes> {
    app.seal
        .seal(&login.to_seal()?, &[("user", &user.to_string())])
        .await
}

/// Lists the caller's own logins, oldest first.
#[utoipa::path(get, path = "/api/v1/user/warehouseCredentials", operation_id = "getWarehouseCredentials", tag = "My Account",
               responses((status = 200, body = Ok<Vec<UserWarehouseCredentials>>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_warehouse_credentials(
    State(app): State<App>,
    user: CurrentUser,
) -> Result<Reply<Vec<UserWarehouseCredentials>>> {
    let stored = app.store.warehouse_credentials(user.id).await?;

    Ok(Reply(
        stored
            .into_iter()
            .map(|one| UserWarehouseCredentials::new(user.id, one))
            .collect(),
    ))
}

/// Stores a login of the caller's.
#[utoipa::path(post, path = "/api/v1/user/warehouseCredentials", operation_id = "createWarehouseCredentials", tag = "My Account",
               request_body = UpsertUserWarehouseCredentials, responses((status = 200, body = Ok<UserWarehouseCredentials>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_warehouse_credentials(
    State(app): State<App>,
    user: CurrentUser,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<UpsertUserWarehouseCredentials>,
) -> Result<Reply<UserWarehouseCredentials>> {
    let now = app.clock.now();
    let name = credentials_name(&body.name)?;
    if let Some(earlier) = before(&app, user.id, key.as_deref(), now).await? {
        return Ok(Reply(UserWarehouseCredentials::new(user.id, earlier)));
    }

    let made = WarehouseCredentials {
        id: CredentialsId::new(&app.random),
        name,
        created_at: now,
        updated_at: now,
        shown: body.credentials.shown(),
        sealed: seal(&app, user.id, &body.credentials).await?,
    };
    let done = app
        .store
        .create_warehouse_credentials(user.id, &made, key.as_deref(), now)
        .await;
    let earlier = before(&app, user.id, key.as_deref(), now);
    let made = made_once(done.map(|()| made), earlier).await?;
    Ok(Reply(UserWarehouseCredentials::new(user.id, made)))
}

/// What an earlier request with the same idempotency key stored.
async fn before(
    app: &App,
    user: UserId,
    key: Option<&str>,
    now: Timestamp,
) -> Result<Option<WarehouseCredentials>> {
    let made = app
        .store
        .made_before(user, ("credentials", key), now)
        .await?;
    match made.as_deref().and_then(CredentialsId::parse) {
        Some(id) => app.store.warehouse_credentials_of(user, id).await,
        None => Ok(None),
    }
}

/// Replaces one of the caller's own logins, name and secrets both.
#[utoipa::path(patch, path = "/api/v1/user/warehouseCredentials/{uuid}", operation_id = "updateWarehouseCredentials", tag = "My Account",
               params(CredentialsPath), request_body = UpsertUserWarehouseCredentials, responses((status = 200, body = Ok<UserWarehouseCredentials>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn update_warehouse_credentials(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<CredentialsPath>,
    Json(body): Json<UpsertUserWarehouseCredentials>,
) -> Result<Reply<UserWarehouseCredentials>> {
    let unknown = Error::NotFound(Kind::Credentials);
    let Some(id) = CredentialsId::parse(&path.uuid) else {
        return Err(unknown);
    };
    let stored = app
        .store
        .warehouse_credentials_of(user.id, id)
        .await?
        .ok_or(unknown)?;

    let changed = WarehouseCredentials {
        name: credentials_name(&body.name)?,
        updated_at: app.clock.now(),
        shown: body.credentials.shown(),
        sealed: seal(&app, user.id, &body.credentials).await?,
        ..stored
    };
    app.store
        .update_warehouse_credentials(user.id, &changed)
        .await?;
    Ok(Reply(UserWarehouseCredentials::new(user.id, changed)))
}

/// Deletes one of the caller's own logins; one that is not there, or not theirs, is fine and stays.
#[utoipa::path(delete, path = "/api/v1/user/warehouseCredentials/{uuid}", operation_id = "deleteWarehouseCredentials", tag = "My Account",
               params(CredentialsPath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn delete_warehouse_credentials(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<CredentialsPath>,
) -> Result<Done> {
    if let Some(id) = CredentialsId::parse(&path.uuid) {
        app.store.delete_warehouse_credentials(user.id, id).await?;
    }

    Ok(Done)
}

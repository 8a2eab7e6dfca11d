//! Logins at single sign-on providers.

use std::collections::BTreeMap;

use app::{App, Done, DoneOk, Error, Json, Kind, Ok, Reply, Result, SessionUser, Timestamp};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every type of provider has its key in the answer, also without a login there.
const ISSUER_TYPES: [&str; 7] = [
    "google",
    "okta",
    "oneLogin",
    "azuread",
    "oidc",
    "snowflake",
    "slack",
];

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityView {
    issuer: String,
    issuer_type: String,
    email: String,
    created_at: Timestamp,
}

/// Lists the caller's logins by the type of the provider.
#[utoipa::path(get, path = "/api/v1/user/identities", operation_id = "GetIdentities", tag = "My Account",
               responses((status = 200, body = Ok<BTreeMap<String, Vec<IdentityView>>>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_identities(
    user: SessionUser,
) -> Reply<BTreeMap<String, Vec<IdentityView>>> {
    let mut by_type: BTreeMap<_, _> = ISSUER_TYPES
        .iter()
        .map(|name| ((*name).to_owned(), Vec::new()))
        .collect();
    for identity in &user.identities {
        by_type
            .entry(identity.issuer_type.clone())
            .or_default()
            .push(IdentityView {
                issuer: identity.issuer.clone(),
                issuer_type: identity.issuer_type.clone(),
                email: identity.email.clone(),
                created_at: identity.created_at,
            });
    }
    Reply(by_type)
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct DeleteIdentity {
    issuer: String,
    email: String,
}

/// Removes one of the caller's logins, unless it is their last way to sign in.
#[utoipa::path(delete, path = "/api/v1/user/identity", operation_id = "DeleteIdentity", tag = "My Account",
               request_body = DeleteIdentity, responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn delete_identity(
    State(app): State<App>,
    user: SessionUser,
    Json(body): Json<DeleteIdentity>,
) -> Result<Done> {
    let own = user
        .identities
        .iter()
        .find(|one| one.issuer == body.issuer && one.email == body.email);
    let own = own.ok_or(Error::NotFound(Kind::Identity))?;
    if user.identities.len() + usize::from(user.has_password) <= 1 {
        return Err(Error::invalid("This is your last way to sign in"));
    }

    app.store
        .remove_identity(&user, own, app.clock.now())
        .await?;
    Ok(Done)
}

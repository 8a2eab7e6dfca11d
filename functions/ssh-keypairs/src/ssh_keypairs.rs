//! New key pairs.

use app::{
    App, Created, Error, IdempotencyKey, Kind, Ok, Result, SessionUser,
    auth::NOT_ALLOWED,
    domain::{
        access::{Action, Subject},
        limit::Limit,
        ssh_key::{KEPT, SshKey, fingerprint},
    },
    store::made_once,
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Pair;

/// The public half of a pair; the other one is never shown.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SshKeyPair)]
pub(crate) struct SshKeyPairView {
    public_key: String,
}

/// Makes a key pair for the caller's organisation, and answers its public key.
#[utoipa::path(post, path = "/api/v1/ssh/key-pairs", operation_id = "createSshKeyPair", tag = "SSH Keypairs",
               responses((status = 201, body = Ok<SshKeyPairView>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_ssh_key_pair(
    State(app): State<App>,
    user: SessionUser,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Created<SshKeyPairView>> {
    let abilities = app.abilities(&user).await?;
    let may = |action| abilities.may_any(action, Subject::Project);
    if !may(Action::Update) && !may(Action::Create) {
        return Err(NOT_ALLOWED);
    }
    let (by, key, now) = (user.user.id, key.as_deref(), app.clock.now());
    if let Some(public_key) = app.store.ssh_key_made_before(by, key, now).await? {
        return Ok(Created(SshKeyPairView { public_key }));
    }
    let organization = abilities.organization;
    let subject = organization.to_string();
    let limits = &app.config.limits;
    let counter = limits.counter(Limit::SshKeyOrganization, &subject, now);
    app.store.count([&counter], now).await?;

    let pair = Pair::new(&app.random.bytes(), now)?;
    let (private, owner) = (pair.private_key.reveal(), [("organization", &*subject)]);
    let sealed = app.seal.seal(private.as_bytes(), &owner).await?;
    let stored = SshKey {
        organization,
        fingerprint: fingerprint(&pair.public_key).ok_or(Error::NotFound(Kind::SshKey))?,
        public_key: pair.public_key,
        sealed,
        created_at: now,
        expires_at: now + KEPT,
    };
    let done = app.store.create_ssh_key(&stored, by, key).await;
    let earlier = app.store.ssh_key_made_before(by, key, now);
    let public_key = made_once(done.map(|()| stored.public_key), earlier).await?;
    Ok(Created(SshKeyPairView { public_key }))
}

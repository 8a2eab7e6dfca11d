//! A user's own warehouse logins.

use serde::{Deserialize, Serialize};

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{CredentialsId, UserId},
        warehouse_credentials::WarehouseCredentials,
    },
    error::Kind,
};

/// How long a repeated request finds what the first one created.
const IDEMPOTENCY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    credentials: CredentialsId,
    expires_at: Timestamp,
}

impl super::Ends for Claim {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Store {
    /// The user's own logins, oldest first.
    pub async fn warehouse_credentials(&self, user: UserId) -> Result<Vec<WarehouseCredentials>> {
        let mut found: Vec<WarehouseCredentials> = self
            .all(&keys::login_partition(user), keys::CREDENTIALS)
            .await?;
        found.sort_by_key(|credentials| (credentials.created_at, credentials.id));
        Ok(found)
    }

    /// One of the user's own logins.
    pub async fn warehouse_credentials_of(
        &self,
        user: UserId,
        id: CredentialsId,
    ) -> Result<Option<WarehouseCredentials>> {
        self.get(&keys::credentials(user, id)).await
    }

    /// What an earlier request with this idempotency key created.
    pub async fn created_before(
        &self,
        user: UserId,
        client_key: &str,
        now: Timestamp,
    ) -> Result<Option<CredentialsId>> {
        let claim = self
            .get::<Claim>(&keys::idempotency(user, client_key))
            .await?;
        Ok(super::live(claim, now).map(|claim| claim.credentials))
    }

    /// Stores a new login, and the claim of its idempotency key.
    ///
    /// # Errors
    /// `Changed` when the account is being deleted, or when a request with the same key was first.
    pub async fn create_warehouse_credentials(
        &self,
        user: UserId,
        made: &WarehouseCredentials,
        client_key: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let put = Write::put(
            keys::credentials(user, made.id),
            "warehouse credentials",
            made,
        );
        let mut writes = vec![
            Self::user_stays(user, now),
            put.when_absent().or(Error::Exists(Kind::Credentials)),
        ];
        if let Some(client_key) = client_key {
            let claim = Claim {
                credentials: made.id,
                expires_at: now + IDEMPOTENCY,
            };
            let claim_write = Write::put(
                keys::idempotency(user, client_key),
                "idempotency claim",
                &claim,
            );
            let claim_write = claim_write
                .expires(claim.expires_at)
                .when_missing_or_before("expiresAt", now);
            writes.push(claim_write.or(Error::Changed(Kind::Credentials)));
        }
        self.apply(writes).await
    }

    /// Replaces a login.
    ///
    /// # Errors
    /// `NotFound` when it is gone.
    pub async fn update_warehouse_credentials(
        &self,
        user: UserId,
        changed: &WarehouseCredentials,
    ) -> Result<()> {
        let put = Write::put(
            keys::credentials(user, changed.id),
            "warehouse credentials",
            changed,
        );
        self.apply([put.when_present().or(Error::NotFound(Kind::Credentials))])
            .await
    }

    /// Deletes a login; one that is not there is fine.
    pub async fn delete_warehouse_credentials(
        &self,
        user: UserId,
        id: CredentialsId,
    ) -> Result<()> {
        self.apply([Write::delete(keys::credentials(user, id))])
            .await
    }
}

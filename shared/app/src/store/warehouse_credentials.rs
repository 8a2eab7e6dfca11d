//! A user's own warehouse logins.

use serde::{Deserialize, Serialize};

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{CredentialsId, ProjectId, UserId},
        warehouse_credentials::WarehouseCredentials,
    },
    error::Kind,
};

/// Which login somebody prefers for a project. The login may be gone since.
#[derive(Serialize, Deserialize)]
struct Preference {
    credentials: CredentialsId,
}

/// That somebody prefers a login for a project: the key says it all.
#[derive(Serialize, Deserialize)]
struct Preferrer {}

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
            Self::user_stays(user),
            put.when_absent().or(Error::Exists(Kind::Credentials)),
        ];
        if let Some(client_key) = client_key {
            let claim =
                Self::claim_write(user, ("credentials", client_key), &made.id.to_string(), now);
            writes.push(claim.or(Error::Changed(Kind::Credentials)));
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

    /// Which of their own logins a user prefers for a project; it may be gone since.
    pub async fn preferred_credentials(
        &self,
        user: UserId,
        project: ProjectId,
    ) -> Result<Option<CredentialsId>> {
        let found: Option<Preference> = self.get(&keys::preference(user, project)).await?;
        Ok(found.map(|preference| preference.credentials))
    }

    /// Prefers one of the user's own logins for a project, on both sides of the mirror.
    ///
    /// # Errors
    /// `NotFound` when they have no such login; `NotExists` when the project is gone; `Changed` when the account is being
    /// deleted.
    pub async fn prefer_credentials(
        &self,
        user: UserId,
        project: ProjectId,
        credentials: CredentialsId,
    ) -> Result<()> {
        self.apply([
            Write::check(keys::credentials(user, credentials))
                .when_present()
                .or(Error::NotFound(Kind::Credentials)),
            Self::user_stays(user),
            Self::project_stays(project),
            Write::put(
                keys::preference(user, project),
                "preference",
                &Preference { credentials },
            ),
            Write::put(keys::preferrer(project, user), "preferrer", &Preferrer {}),
        ])
        .await
    }
}

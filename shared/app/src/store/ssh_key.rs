//! SSH key pairs.

use serde::{Deserialize, Serialize};

use super::{Ends, Store, keys, live, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{OrganizationId, ProjectId, UserId},
        ssh_key::{SshKey, fingerprint},
    },
    error::Kind,
};

/// What claims on key pairs are kept under.
const CREATED: &str = "ssh key";

impl Ends for SshKey {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// The host key that an SSH server had when it was first met.
#[derive(Serialize, Deserialize)]
struct HostKey {
    fingerprint: String,
}

impl Store {
    /// Stores a new key pair, and the claim of its maker's idempotency key.
    ///
    /// # Errors
    /// `NotFound` when the organisation is being deleted; `Changed` when a request with the same key was first.
    pub async fn create_ssh_key(
        &self,
        key: &SshKey,
        user: UserId,
        client_key: Option<&str>,
    ) -> Result<()> {
        let put = Write::put(
            keys::ssh_key(key.organization, &key.fingerprint),
            "ssh key",
            key,
        );
        let mut writes = vec![
            Self::organization_stays(key.organization),
            put.expires(key.expires_at)
                .when_absent()
                .or(Error::Exists(Kind::SshKey)),
        ];
        if let Some(client_key) = client_key {
            let client_key = (CREATED, client_key);
            let claim = Self::claim_write(user, client_key, &key.public_key, key.created_at);
            writes.push(claim.or(Error::Changed(Kind::SshKey)));
        }
        self.apply(writes).await
    }

    /// The key pair of an organisation by its public key; none once it has ended, or when the text is no public key.
    pub async fn ssh_key_of(
        &self,
        organization: OrganizationId,
        public_key: &str,
        now: Timestamp,
    ) -> Result<Option<SshKey>> {
        let Some(fingerprint) = fingerprint(public_key) else {
            return Ok(None);
        };
        let found = self.get(&keys::ssh_key(organization, &fingerprint)).await?;
        Ok(live(found, now))
    }

    /// Notes that a key pair is in use: it is kept longer. At most one write a day.
    ///
    /// # Errors
    /// `NotFound` when it has ended.
    pub async fn note_ssh_key_use(&self, key: &SshKey, now: Timestamp) -> Result<()> {
        let Some(until) = key.kept_until(now) else {
            return Ok(());
        };
        let update = Write::update(keys::ssh_key(key.organization, &key.fingerprint))
            .set("expiresAt", until)
            .expires(until)
            .when_present()
            .when_after("expiresAt", now);
        self.apply([update.or(Error::NotFound(Kind::SshKey))]).await
    }

    /// Whether the SSH server of a connection has the host key that it had when the connection first went through it; the first
    /// one is remembered.
    pub async fn has_host_key(
        &self,
        project: ProjectId,
        connection: &str,
        fingerprint: &str,
    ) -> Result<bool> {
        let place = keys::host_key(project, connection);
        let is_known = |known: HostKey| known.fingerprint == fingerprint;
        if let Some(known) = self.get(&place).await? {
            return Ok(is_known(known));
        }
        let first = HostKey {
            fingerprint: fingerprint.to_owned(),
        };
        let put = Write::put(keys::host_key(project, connection), "host key", &first);
        let put = put.when_absent().or(Error::Changed(Kind::SshKey));
        match self.apply([put]).await {
            Ok(()) => Ok(true),
            // Another query was there first.
            Err(Error::Changed(_)) => Ok(self.get(&place).await?.is_some_and(is_known)),
            Err(error) => Err(error),
        }
    }

    /// The public key of the pair that an earlier request with this key made.
    pub async fn ssh_key_made_before(
        &self,
        user: UserId,
        client_key: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>> {
        self.made_before(user, (CREATED, client_key), now).await
    }
}

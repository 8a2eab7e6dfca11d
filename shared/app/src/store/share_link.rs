//! Share links.

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{OrganizationId, UserId},
        share_link::ShareLink,
    },
    error::Kind,
};

/// What claims on share links are kept under.
const CREATED: &str = "share link";

impl Store {
    /// Stores a new link, and the claim of its idempotency key.
    ///
    /// # Errors
    /// `NotFound` when the organisation is being deleted; `Changed` when a request with the same key was first.
    pub async fn create_share_link(
        &self,
        link: &ShareLink,
        client_key: Option<&str>,
    ) -> Result<()> {
        let put = Write::put(keys::share_link(&link.code), "share link", link)
            .indexed(keys::late_share_link(link.organization, &link.code));
        let mut writes = vec![
            Self::organization_stays(link.organization),
            put.when_absent().or(Error::Exists(Kind::ShareLink)),
        ];
        if let Some(client_key) = client_key {
            let client_key = (CREATED, client_key);
            let claim = Self::claim_write(link.created_by, client_key, &link.code, link.created_at);
            writes.push(claim.or(Error::Changed(Kind::ShareLink)));
        }
        self.apply(writes).await
    }

    /// A link of an organisation.
    pub async fn share_link(
        &self,
        organization: OrganizationId,
        code: &str,
    ) -> Result<Option<ShareLink>> {
        let found: Option<ShareLink> = self.get(&keys::share_link(code)).await?;
        Ok(found.filter(|link| link.organization == organization))
    }

    /// The code of the link that an earlier request with this key made.
    pub async fn share_link_made_before(
        &self,
        user: UserId,
        client_key: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>> {
        self.made_before(user, (CREATED, client_key), now).await
    }
}

//! Invitations.

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    domain::{
        id::{OrganizationId, UserId},
        invitation::Invitation,
    },
    error::Kind,
};

impl Store {
    /// Takes back the open invitation of a user, if there is one.
    ///
    /// # Errors
    /// `Changed` when another one was sent meanwhile.
    pub async fn delete_invitation(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<()> {
        let key = keys::invitation(organization, user);
        let Some(open) = self.get::<Invitation>(&key).await? else {
            return Ok(());
        };
        let own = Write::delete(key)
            .when_equal("codeHash", &open.code_hash)
            .or(Error::Changed(Kind::Invitation));
        self.apply([own, Write::delete(keys::invitation_link(&open.code_hash))])
            .await
    }
}

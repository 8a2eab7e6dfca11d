//! Removing what hangs on an organisation, which is everybody and everything in it.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, CHUNK, Finished, KEYS, Until, gone_is_fine};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{GroupId, OrganizationId, ProjectId, UserId},
        organization::Organization,
        user::User,
    },
    error::Kind,
    store::{Store, keys, write::Write},
};

impl Store {
    pub(super) async fn walk_organization(
        &self,
        id: OrganizationId,
        until: Until,
    ) -> Result<Finished> {
        let Some(organization) = self.get::<Organization>(&keys::organization(id)).await? else {
            return Ok(true);
        };
        let pk = keys::organization_partition(id);
        let now = organization.deleted_at.unwrap_or(organization.created_at);
        loop {
            // By their keys: a row that cannot be read must not keep an organisation from going.
            let members = self.keys_under(&pk, keys::MEMBERS, CHUNK as i32).await?;
            if members.is_empty() {
                break;
            }
            let finished: Vec<Finished> = stream::iter(members)
                .map(|row| self.drop_user(id, row, now, until))
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            if until.is_over() || finished.contains(&false) {
                return Ok(false);
            }
        }
        for key in self.keys_under(&pk, keys::PROJECTS, KEYS).await? {
            let Some(project) = key
                .sk
                .strip_prefix(keys::PROJECTS)
                .and_then(ProjectId::parse)
            else {
                continue;
            };
            self.mark(keys::project(project), now).await?;
            if !self.walk_project(project, until).await? {
                return Ok(false);
            }
            self.delete_all(&[keys::project(project), key]).await?;
        }
        for key in self.keys_under(&pk, keys::GROUPS, KEYS).await? {
            let Some(group) = key.sk.strip_prefix(keys::GROUPS).and_then(GroupId::parse) else {
                continue;
            };
            self.mark(keys::group(group), now).await?;
            if !self.walk_group(group, until).await? {
                return Ok(false);
            }
            self.delete_all(&[keys::group(group), key]).await?;
        }
        let more = self.keys_under(&pk, keys::PROJECTS, 1).await?.len()
            + self.keys_under(&pk, keys::GROUPS, 1).await?.len();
        if more > 0 {
            return Ok(false);
        }
        for invitation in self.keys_under(&pk, keys::INVITATIONS, KEYS).await? {
            let user = invitation.sk.strip_prefix(keys::INVITATIONS);
            if let Some(user) = user.and_then(UserId::parse) {
                self.delete_invitation(id, user).await?;
            }
        }
        if let Some(domains) = self.allowed_domains(id).await? {
            let rows: Vec<_> = domains
                .email_domains
                .iter()
                .map(|name| keys::domain(name, id))
                .collect();
            self.delete_all(&rows).await?;
        }
        let (shares, _) = keys::late_share_link(id, "");
        loop {
            let links = self.late_keys(&shares, KEYS).await?;
            if links.is_empty() {
                break;
            }
            self.delete_all(&links).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
        self.clear(&pk, "", Some(&keys::organization(id)), until)
            .await
    }

    /// A member of a deleted organisation goes with it.
    async fn drop_user(
        &self,
        organization: OrganizationId,
        row: keys::Key,
        now: Timestamp,
        until: Until,
    ) -> Result<Finished> {
        let id = row.sk.rsplit('#').next().and_then(UserId::parse);
        let user = match id {
            Some(id) => self.get::<User>(&keys::user(id)).await?,
            None => None,
        };
        let Some(user) = user.filter(|user| user.organization == Some(organization)) else {
            self.delete_all(&[row]).await?;
            return Ok(true);
        };
        if user.deleted_at.is_none() {
            match self.apply(Self::user_gone_writes(&user, now)).await {
                // It is found again by its row, as it is then.
                Err(Error::Changed(_)) => return Ok(true),
                other => other?,
            }
        }
        // The row stays until the last: by it the account is found again.
        if !self.walk_user(user.id, until).await? {
            return Ok(false);
        }
        self.delete_all(&[keys::user(user.id), row]).await?;
        Ok(true)
    }

    /// Marks a head as deleted, unless it is marked or gone.
    async fn mark(&self, key: keys::Key, now: Timestamp) -> Result<()> {
        let mark = Write::update(key)
            .set("deletedAt", now)
            .when_live()
            .or(Error::NotFound(Kind::Organization));
        gone_is_fine(self.apply([mark]).await)
    }
}

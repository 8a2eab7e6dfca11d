//! Removing what hangs on a group.

use std::collections::BTreeSet;

use futures_util::{TryStreamExt, stream};

use super::{AT_ONCE, CHUNK, Finished, KEYS, SpaceGrant, Until, gone_is_fine};
use crate::{
    Error, Result,
    domain::{
        group::Group,
        id::{GroupId, UserId},
        user::User,
    },
    error::Kind,
    store::{Store, keys, mirror::GroupMember, project::Grant, write::Write},
};

impl Store {
    pub(super) async fn walk_group(&self, id: GroupId, until: Until) -> Result<Finished> {
        let Some(group) = self.get::<Group>(&keys::group(id)).await? else {
            return Ok(true);
        };
        let (pk, organization) = (keys::group_partition(id), group.organization);
        // Rights first: who is in it matters no more then.
        for grant in self.all::<Grant>(&pk, keys::PROJECTS).await? {
            gone_is_fine(
                self.apply(Self::revokes_group(grant.project, organization, id))
                    .await,
            )?;
            self.delete_all(&[
                keys::project_group(grant.project, id),
                keys::group_project(id, grant.project),
            ])
            .await?;
        }
        for grant in self.all::<SpaceGrant>(&pk, keys::SPACES).await? {
            let (project, space) = (grant.project, grant.space);
            let entry = Write::update(keys::space(project, space))
                .remove_entry("groups", id)
                .when_present();
            gone_is_fine(self.apply([entry.or(Error::NotFound(Kind::Space))]).await)?;
            self.delete_all(&[keys::group_space(id, project, space)])
                .await?;
        }
        self.drop_attributes_of(organization, "groups", &id.to_string())
            .await?;
        loop {
            let members: Vec<GroupMember> = self.page(&pk, keys::MEMBERS, 0, KEYS as usize).await?;
            if members.is_empty() {
                break;
            }
            stream::iter(members.into_iter().map(Ok))
                .try_for_each_concurrent(AT_ONCE, |member| self.drop_member(&group, member.user))
                .await?;
            if until.is_over() {
                return Ok(false);
            }
        }
        let authors = [group.created_by, group.updated_by].into_iter().flatten();
        let owned: BTreeSet<_> = authors
            .map(|author| keys::owned_group(author, id))
            .collect();
        self.delete_all(&owned.into_iter().collect::<Vec<_>>())
            .await?;
        Ok(true)
    }

    /// A member of a deleted group has it in two places, of which one may have moved with their address.
    async fn drop_member(&self, group: &Group, id: UserId) -> Result<()> {
        for _ in 0..CHUNK {
            let Some(user) = self.get::<User>(&keys::user(id)).await? else {
                break;
            };
            let [row, profile, listed, _] = Self::leaves_group(group.id, group.organization, &user);
            let listed = user.deleted_at.is_none().then_some(listed);
            match self.apply([row, profile].into_iter().chain(listed)).await {
                Err(Error::Changed(_)) => {}
                Err(Error::NotFound(_)) => break,
                other => return other,
            }
        }
        self.delete_all(&[keys::group_member(group.id, id)]).await
    }
}

//! Removing what hangs on an account.

use super::{Finished, Place, SpaceGrant, Until, gone_is_fine};
use crate::{
    Error, Result,
    domain::{
        group::Group,
        id::{GroupId, OrganizationId, ProjectId, UserId},
        project::Project,
        user::User,
    },
    error::Kind,
    store::{Store, keys, project::Grant, write::Write},
};

impl Store {
    pub(super) async fn walk_user(&self, id: UserId, until: Until) -> Result<Finished> {
        let Some(user) = self.get::<User>(&keys::user(id)).await? else {
            return Ok(true);
        };
        if let Some(organization) = user.organization {
            for group in &user.groups {
                self.drop_from_group(*group, organization, &user).await?;
                if until.is_over() {
                    return Ok(false);
                }
            }
            self.drop_grants(organization, id).await?;
            self.drop_attributes_of(organization, "users", &id.to_string())
                .await?;
            // Somebody else at the same work may have been quicker.
            gone_is_fine(self.delete_invitation(organization, id).await)?;
        }
        self.disown(id).await?;
        self.delete_logins(id).await?;
        let logins = keys::login_partition(id);
        let preferrer = |project: &str| Some(keys::preferrer(ProjectId::parse(project)?, id));
        let dropped = self.drop_pointed_at(&logins, keys::PREFERENCES, preferrer, until);
        if !dropped.await? {
            return Ok(false);
        }
        for pk in [keys::login_partition(id), keys::inbox_partition(id)] {
            if !self.clear(&pk, "", None, until).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn drop_from_group(
        &self,
        group: GroupId,
        organization: OrganizationId,
        user: &User,
    ) -> Result<()> {
        // The row of the member list went with the account, so three of the four are left.
        let [row, profile, _, count] = Self::leaves_group(group, organization, user);
        match self.apply([row, count]).await {
            Err(Error::NotFound(_) | Error::Changed(_)) => {}
            other => other?,
        }
        self.apply([Write::delete(keys::group_member(group, user.id)), profile])
            .await
    }

    /// Every role that somebody was given in projects and spaces.
    async fn drop_grants(&self, organization: OrganizationId, user: UserId) -> Result<()> {
        let pk = keys::grants_partition(user);
        for grant in self.all::<Grant>(&pk, keys::PROJECTS).await? {
            gone_is_fine(
                self.apply(Self::revokes_user(grant.project, organization, user))
                    .await,
            )?;
            self.delete_all(&[
                keys::project_member(grant.project, user),
                keys::granted_project(user, grant.project),
            ])
            .await?;
        }
        for grant in self.all::<SpaceGrant>(&pk, keys::SPACES).await? {
            let (project, space) = (grant.project, grant.space);
            let entry = Write::update(keys::space(project, space))
                .remove_entry("users", user)
                .when_present();
            gone_is_fine(self.apply([entry.or(Error::NotFound(Kind::Space))]).await)?;
            self.delete_all(&[keys::granted_space(user, project, space)])
                .await?;
        }
        Ok(())
    }

    /// Nothing names somebody as its author any more.
    async fn disown(&self, user: UserId) -> Result<()> {
        let pk = keys::owned_partition(user);
        for Place { sk } in self.all::<Place>(&pk, "").await? {
            let project = sk.strip_prefix(keys::PROJECTS).and_then(ProjectId::parse);
            let group = sk.strip_prefix(keys::GROUPS).and_then(GroupId::parse);
            if let Some(project) = project
                && let Some(found) = self.get::<Project>(&keys::project(project)).await?
            {
                let row = keys::project_row(found.organization, project);
                self.clear_reference([keys::project(project), row], "createdBy", user)
                    .await?;
            }
            if let Some(group) = group
                && let Some(found) = self.get::<Group>(&keys::group(group)).await?
            {
                for name in ["createdBy", "updatedBy"] {
                    let row = keys::group_row(found.organization, group);
                    self.clear_reference([keys::group(group), row], name, user)
                        .await?;
                }
            }
            let key = keys::Key { pk: pk.clone(), sk };
            self.delete_all(&[key]).await?;
        }
        Ok(())
    }
}

//! The roles of groups in projects.

use super::{
    super::{Store, keys, project::Grant, write::Write},
    Once,
};
use crate::{
    Error, Result,
    domain::{
        access::ProjectRole,
        id::{GroupId, ProjectId},
        project::Project,
    },
    error::Kind,
};

/// What claims on new roles are kept under.
const GRANTED: &str = "group access";

impl Store {
    /// Gives a group a role in a project, with the claim of an idempotency key.
    ///
    /// # Errors
    /// `Exists` when it has one; `NotExists` when the project, `NotFound` when the group is gone; `Changed` when a request
    /// with the same key was first.
    pub async fn grant_project_to_group_once(
        &self,
        project: &Project,
        group: GroupId,
        role: ProjectRole,
        once: Once<'_>,
    ) -> Result<()> {
        let checks = [Self::project_stays(project.id), Self::group_stays(group)];
        let grants = Self::grants_group(project.id, project.organization, group, role);
        let claim = once.claim(GRANTED, &format!("{group}#{}", project.id));
        self.apply(claim.into_iter().chain(checks).chain(grants))
            .await
    }

    /// The role that an earlier request with this key gave the group in the project, as it is now.
    pub async fn group_role_made_before(
        &self,
        project: ProjectId,
        group: GroupId,
        once: Once<'_>,
    ) -> Result<Option<ProjectRole>> {
        let made = self
            .made_before(once.user, (GRANTED, once.client_key), once.now)
            .await?;
        if made != Some(format!("{group}#{project}")) {
            return Ok(None);
        }
        let grant: Option<Grant> = self.get(&keys::project_group(project, group)).await?;
        Ok(grant.map(|grant| grant.role))
    }

    /// Gives a group another role in a project that it has one in.
    ///
    /// # Errors
    /// `NotFound` when it has none.
    pub async fn change_group_role(
        &self,
        project: ProjectId,
        group: GroupId,
        role: ProjectRole,
    ) -> Result<()> {
        let sides = [
            keys::project_group(project, group),
            keys::group_project(group, project),
        ];
        let writes = sides.map(|key| {
            let update = Write::update(key).set("role", role).when_present();
            update.or(Error::NotFound(Kind::ProjectAccess))
        });
        self.apply(writes).await
    }

    /// Takes a group's role in a project away; false when it had none.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn revoke_project_of_group(&self, project: &Project, group: GroupId) -> Result<bool> {
        let revokes = Self::revokes_group(project.id, project.organization, group);
        match self.apply(revokes).await {
            Err(Error::NotFound(Kind::ProjectAccess)) => Ok(false),
            done => done.map(|()| true),
        }
    }
}

//! Projects, and who has a role in them.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{Store, keys, page::read, write::Write};
use crate::{
    Error, Result,
    domain::{
        access::ProjectRole,
        id::{GroupId, ProjectId, UserId},
        project::{Project, ProjectSummary},
        user::User,
    },
    error::Kind,
};

/// A batch takes a hundred keys; whoever is in more groups has the project's list read instead.
const MOST_KEYS: usize = 98;
/// How many partitions are read at once.
const AT_ONCE: usize = 16;

/// The role of a person or a group in a project, as both sides of the mirror have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Grant {
    pub(super) project: ProjectId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<GroupId>,
    pub(super) role: ProjectRole,
}

/// That somebody is the author of something: the key says it all.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Owned {}

/// A project as somebody finds it: what they may do follows from it.
#[derive(Debug, Clone)]
pub struct ProjectAccess {
    pub project: Project,
    /// The caller's own role in it.
    pub direct: Option<ProjectRole>,
    /// The roles of the caller's groups in it.
    pub groups: Vec<(GroupId, ProjectRole)>,
}

/// What a new project is written with.
#[derive(Debug)]
pub struct NewProject<'a> {
    pub project: &'a Project,
    /// The creator, who has to be a member still.
    pub creator: UserId,
}

impl Store {
    /// A new project, on its organisation's list.
    ///
    /// # Errors
    /// `NotFound` when the organisation is being deleted; `Changed` when the creator is no member any more.
    pub async fn create_project(&self, new: NewProject<'_>) -> Result<()> {
        let NewProject { project, creator } = new;
        let (id, organization) = (project.id, project.organization);
        self.apply([
            Self::organization_stays(organization),
            Self::member_stays(organization, creator),
            Write::put(keys::project(id), "project", project)
                .when_absent()
                .or(Error::Exists(Kind::Project)),
            Write::put(
                keys::project_row(organization, id),
                "project row",
                &ProjectSummary::of(project),
            ),
            Self::counts_write(organization, "projects", 1),
            Write::put(keys::owned_project(creator, id), "owned", &Owned {}),
        ])
        .await
    }

    /// Gives a member a role of their own in a project.
    ///
    /// # Errors
    /// `Exists` when they have one; `NotExists` when the project is gone; `Changed` when they are no member any more.
    pub async fn grant_project_to_user(
        &self,
        project: &Project,
        user: UserId,
        role: ProjectRole,
    ) -> Result<()> {
        let checks = [
            Self::project_stays(project.id),
            Self::member_stays(project.organization, user),
        ];
        let grants = Self::grants_user(project.id, project.organization, user, role);
        self.apply(checks.into_iter().chain(grants)).await
    }

    /// Gives a group of the same organisation a role in a project.
    ///
    /// # Errors
    /// `Exists` when it has one; `NotExists` when the project, `NotFound` when the group is gone.
    pub async fn grant_project_to_group(
        &self,
        project: &Project,
        group: GroupId,
        role: ProjectRole,
    ) -> Result<()> {
        let checks = [Self::project_stays(project.id), Self::group_stays(group)];
        let grants = Self::grants_group(project.id, project.organization, group, role);
        self.apply(checks.into_iter().chain(grants)).await
    }

    /// A project's head; none once it was deleted.
    pub async fn project(&self, id: ProjectId) -> Result<Option<Project>> {
        let found: Option<Project> = self.get(&keys::project(id)).await?;
        Ok(found.filter(|project| project.deleted_at.is_none()))
    }

    /// A project and the caller's roles in it, in one consistent batch; its cost grows with the caller's own groups only.
    /// `None` for a project that is not there or is being deleted. Two requests for somebody in more than 98 groups.
    pub async fn project_access(
        &self,
        id: ProjectId,
        user: &User,
    ) -> Result<Option<ProjectAccess>> {
        let few = user.groups.len() <= MOST_KEYS;
        let mut wanted = vec![keys::project(id), keys::project_member(id, user.id)];
        if few {
            wanted.extend(
                user.groups
                    .iter()
                    .map(|group| keys::project_group(id, *group)),
            );
        }
        let mut items = self.get_many(&wanted).await?.into_iter();
        let project: Option<Project> = items.next().flatten().map(read).transpose()?;
        let Some(project) = project.filter(|project| project.deleted_at.is_none()) else {
            return Ok(None);
        };
        let direct: Option<Grant> = items.next().flatten().map(read).transpose()?;
        let grants: Vec<Grant> = if few {
            items.flatten().map(read).collect::<Result<_>>()?
        } else {
            self.all(&keys::project_partition(id), keys::ACCESSES)
                .await?
        };
        let own = |grant: Grant| Some((grant.group?, grant.role));
        Ok(Some(ProjectAccess {
            project,
            direct: direct.map(|grant| grant.role),
            groups: grants
                .into_iter()
                .filter_map(own)
                .filter(|(group, _)| user.groups.contains(group))
                .collect(),
        }))
    }

    /// Every role that somebody has in a project, of their own or by a group; a project may come several times. One
    /// request, and one for each of their groups.
    pub async fn project_roles(&self, user: &User) -> Result<Vec<(ProjectId, ProjectRole)>> {
        let partitions: BTreeSet<String> = std::iter::once(keys::grants_partition(user.id))
            .chain(
                user.groups
                    .iter()
                    .map(|group| keys::group_partition(*group)),
            )
            .collect();
        let grants: Vec<Vec<Grant>> = stream::iter(partitions)
            .map(|pk| async move { self.all(&pk, keys::PROJECTS).await })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(grants
            .into_iter()
            .flatten()
            .map(|grant| (grant.project, grant.role))
            .collect())
    }
}

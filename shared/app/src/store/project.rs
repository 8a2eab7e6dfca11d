//! Projects, and who has a role in them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{Store, keys, page::read, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::ProjectRole,
        compile_job::CompileJob,
        connection::{Connection, Dbt, Warehouse},
        group::Group,
        id::{GroupId, OrganizationId, ProjectId, UserId},
        job::{Job, Task},
        project::{MOST_PROJECTS, Project, ProjectSummary},
        space::Space,
        table_selection::TableSelection,
        user::User,
        work::Work,
    },
    error::Kind,
};

/// A batch takes a hundred keys; whoever is in more groups has the project's list read instead.
const MOST_KEYS: usize = 98;
/// How many partitions are read at once.
const AT_ONCE: usize = 16;
/// How many people are let into a preview in one transaction, which takes a hundred actions; each is three.
const COPIED: usize = 25;

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
    pub warehouse: Option<&'a Connection<Warehouse>>,
    pub dbt: Option<&'a Connection<Dbt>>,
    /// The client's idempotency key, if it sent one.
    pub key: Option<&'a str>,
    /// The space that it begins with.
    pub space: Option<&'a Space>,
    /// What it offers of its explores, if not everything.
    pub tables: Option<&'a TableSelection>,
    /// Lets into a preview who is let into its upstream.
    pub copying: Option<&'a Job>,
    /// The work that a preview begins with, and its job.
    pub work: Option<(&'a Work, &'a Job)>,
    /// What whoever makes it is told of its compilation.
    pub compilation: Option<&'a CompileJob>,
}

impl<'a> NewProject<'a> {
    /// A project without connections.
    pub fn bare(project: &'a Project, creator: UserId) -> Self {
        Self {
            project,
            creator,
            warehouse: None,
            dbt: None,
            key: None,
            space: None,
            tables: None,
            copying: None,
            work: None,
            compilation: None,
        }
    }
}

/// Who has a role already, or is gone, is not let in; and nobody into what is gone.
fn left_out(result: Result<()>) -> Result<()> {
    match result {
        Err(Error::Exists(_) | Error::Changed(_) | Error::NotFound(_) | Error::NotExists(_)) => {
            Ok(())
        }
        other => other,
    }
}

impl Store {
    /// A new project with its connections, on its organisation's list, in one transaction.
    ///
    /// # Errors
    /// `NotFound` when the organisation is being deleted; `Changed` when the creator is no member any more, or when a
    /// request with the same key was first; `NotExists` when the project that it is a preview of is gone; `Invalid` when
    /// the organisation has as many as it may.
    pub async fn create_project(&self, new: NewProject<'_>) -> Result<()> {
        let NewProject {
            project, creator, ..
        } = new;
        let (id, organization) = (project.id, project.organization);
        let mut writes = vec![
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
            // The organisation is there, so its counts are: what fails is the limit.
            Self::counts_write(organization, "projects", 1)
                .when_below("projects", MOST_PROJECTS)
                .or(Error::invalid(format!(
                    "An organization has at most {MOST_PROJECTS} projects"
                ))),
            Write::put(keys::owned_project(creator, id), "owned", &Owned {}),
        ];
        if let Some(upstream) = project.upstream {
            writes.push(Self::project_stays(upstream));
            writes.push(Write::put(
                keys::preview(upstream, id),
                "preview",
                &Owned {},
            ));
        }
        let warehouse = new.warehouse;
        writes.extend(
            warehouse.map(|one| Write::put(keys::warehouse(id), "warehouse connection", one)),
        );
        writes.extend(
            new.dbt
                .map(|one| Write::put(keys::dbt(id), "dbt connection", one)),
        );
        if let Some(key) = new.key {
            let made = id.to_string();
            let claim = Self::claim_write(creator, ("project", key), &made, project.created_at);
            writes.push(claim.or(Error::Changed(Kind::Project)));
        }
        writes.extend(
            new.tables
                .map(|one| Write::put(keys::table_selection(id), "table selection", one)),
        );
        writes.extend(new.space.into_iter().flat_map(Self::space_writes));
        writes.extend(new.copying.map(Self::job_write));
        let work = new.work.into_iter();
        writes.extend(work.flat_map(|(work, job)| Self::work_writes(work, job)));
        let compilation = new.compilation.into_iter();
        writes.extend(compilation.flat_map(|job| Self::compile_job_writes(job, ("refresh", None))));
        self.apply(writes).await
    }

    /// What an earlier request with the same idempotency key made, unless it was deleted since.
    pub async fn project_made_before(
        &self,
        user: UserId,
        key: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Project>> {
        let made = self.made_before(user, ("project", key), now).await?;
        match made.as_deref().and_then(ProjectId::parse) {
            Some(id) => self.project(id).await,
            None => Ok(None),
        }
    }

    /// A project's connections, in one batch.
    pub async fn connections(
        &self,
        project: ProjectId,
    ) -> Result<(Option<Connection<Warehouse>>, Option<Connection<Dbt>>)> {
        let wanted = [keys::warehouse(project), keys::dbt(project)];
        let mut items = self.get_many(&wanted).await?.into_iter();
        let warehouse = items.next().flatten().map(read).transpose()?;
        Ok((warehouse, items.next().flatten().map(read).transpose()?))
    }

    /// The rows of an organisation's list of projects, in no order; of these only, when some are named.
    pub async fn projects_of(
        &self,
        organization: OrganizationId,
        only: Option<BTreeSet<ProjectId>>,
    ) -> Result<Vec<ProjectSummary>> {
        let Some(only) = only else {
            let pk = keys::organization_partition(organization);
            return self.all(&pk, keys::PROJECTS).await;
        };
        let wanted: Vec<_> = only
            .into_iter()
            .map(|id| keys::project_row(organization, id))
            .collect();
        let items = self.get_many(&wanted).await?;
        items.into_iter().flatten().map(read).collect()
    }

    /// How many are in each of these groups.
    pub async fn group_sizes(
        &self,
        organization: OrganizationId,
        groups: &BTreeSet<GroupId>,
    ) -> Result<BTreeMap<GroupId, u64>> {
        let wanted: Vec<_> = groups
            .iter()
            .map(|group| keys::group_row(organization, *group))
            .collect();
        let items = self.get_many(&wanted).await?.into_iter().flatten();
        let sizes = items.map(|item| {
            let group: Group = read(item)?;
            Ok((group.id, group.members))
        });
        sizes.collect()
    }

    /// Gives a member a role of their own in a project.
    ///
    /// `mail` tells them.
    ///
    /// # Errors
    /// `Exists` when they have one; `NotExists` when the project is gone; `Changed` when they are no member any more.
    pub async fn grant_project_to_user(
        &self,
        project: &Project,
        user: UserId,
        role: ProjectRole,
        mail: Option<&Job>,
    ) -> Result<()> {
        let checks = [
            Self::project_stays(project.id),
            Self::member_stays(project.organization, user),
        ];
        let grants = Self::grants_user(project.id, project.organization, user, role);
        let mail = mail.map(Self::job_write);
        self.apply(checks.into_iter().chain(grants).chain(mail))
            .await
    }

    /// Changes the role that somebody has of their own in a project.
    ///
    /// # Errors
    /// `NotFound` when they have none.
    pub async fn change_project_role(
        &self,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
    ) -> Result<()> {
        let pair = [
            keys::project_member(project, user),
            keys::granted_project(user, project),
        ];
        let change = |key| Write::update(key).set("role", role).when_present();
        self.apply(pair.map(|key| change(key).or(Error::NotFound(Kind::ProjectAccess))))
            .await
    }

    /// Takes from somebody the role that they have of their own in a project; who has none is fine.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn revoke_project_from_user(&self, project: &Project, user: UserId) -> Result<()> {
        let revokes = Self::revokes_user(project.id, project.organization, user);
        match self.apply(revokes).await {
            Err(Error::NotFound(_)) => Ok(()),
            other => other,
        }
    }

    /// Who has a role of their own in a project.
    pub async fn project_members(&self, project: ProjectId) -> Result<Vec<(UserId, ProjectRole)>> {
        let pk = keys::project_partition(project);
        let grants: Vec<Grant> = self.all(&pk, keys::MEMBERS).await?;
        let own = |grant: Grant| Some((grant.user?, grant.role));
        Ok(grants.into_iter().filter_map(own).collect())
    }

    /// The role that somebody has of their own in a project.
    pub async fn project_member(
        &self,
        project: ProjectId,
        user: UserId,
    ) -> Result<Option<ProjectRole>> {
        let grant: Option<Grant> = self.get(&keys::project_member(project, user)).await?;
        Ok(grant.map(|grant| grant.role))
    }

    /// Which groups have a role in a project.
    pub async fn project_groups(&self, project: ProjectId) -> Result<Vec<(GroupId, ProjectRole)>> {
        let pk = keys::project_partition(project);
        let grants: Vec<Grant> = self.all(&pk, keys::ACCESSES).await?;
        let own = |grant: Grant| Some((grant.group?, grant.role));
        Ok(grants.into_iter().filter_map(own).collect())
    }

    /// Lets into a new preview who is let into its upstream, within the request, where a job says so. What fails is the
    /// worker's.
    pub async fn copy_access_soon(&self, job: Option<&Job>) {
        let Some(job) = job else { return };
        let Task::CopyAccess { from, to } = job.task else {
            return;
        };
        let copied = async {
            self.copy_access(from, to).await?;
            self.finish_job(job).await
        };
        if let Err(error) = copied.await {
            tracing::warn!(
                cause = error.cause(),
                "Access to a preview is copied in the background."
            );
        }
    }

    /// Gives everybody and every group with a role in one project the same role in another, who has none there. Those
    /// that are gone are left out. In chunks; may be repeated at any time.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn copy_access(&self, from: ProjectId, to: ProjectId) -> Result<()> {
        let Some(project) = self.project(to).await? else {
            return Ok(());
        };
        let there: BTreeSet<_> = self.project_members(to).await?.into_iter().collect();
        let mut people = self.project_members(from).await?;
        people.retain(|one| !there.contains(one));
        for chunk in people.chunks(COPIED) {
            match self.grant_project_to_all(&project, chunk).await {
                Err(Error::Exists(_) | Error::Changed(_)) => {
                    for (user, role) in chunk {
                        let granted = self.grant_project_to_user(&project, *user, *role, None);
                        left_out(granted.await)?;
                    }
                }
                other => left_out(other)?,
            }
        }
        for (group, role) in self.project_groups(from).await? {
            left_out(self.grant_project_to_group(&project, group, role).await)?;
        }
        Ok(())
    }

    /// Gives several members roles of their own in a project: all of them or none.
    async fn grant_project_to_all(
        &self,
        project: &Project,
        people: &[(UserId, ProjectRole)],
    ) -> Result<()> {
        let (id, organization) = (project.id, project.organization);
        let count = i64::try_from(people.len()).unwrap_or(i64::MAX);
        let mut writes = vec![
            Self::project_stays(id),
            Self::project_row_update(id, organization).add("members", count),
        ];
        for (user, role) in people {
            let [member, mirror, _] = Self::grants_user(id, organization, *user, *role);
            writes.extend([Self::member_stays(organization, *user), member, mirror]);
        }
        self.apply(writes).await
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

//! Deleting what other things hang on.
//!
//! One transaction marks the head deleted, frees what is unique, takes it off the lists, and writes a job. From then on
//! it is gone for everybody. What hung on it goes in steps that may be repeated after a crash at any line: first within
//! the request, as far as that comes, then by the worker, who walks a second time a minute later and removes the head.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{Store, keys, mirror::GroupMember, project::Grant, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        group::Group,
        id::{CompileJobId, GroupId, OrganizationId, ProjectId, SpaceId, UserId, WorkId},
        job::{Job, Task},
        organization::Organization,
        project::Project,
        user::User,
    },
    error::Kind,
};

/// Deletes go in chunks: a transaction takes a hundred actions.
const CHUNK: usize = 25;
/// How many keys are read before they are deleted.
const KEYS: i32 = 500;
/// How many members of a deleted organisation go at once.
const AT_ONCE: usize = 8;
/// What a request spends on removing, before it leaves the rest to the worker.
const WITHIN_REQUEST: Duration = Duration::from_secs(3);

/// Until when a walk may go on.
#[derive(Debug, Clone, Copy)]
pub struct Until(Instant);

impl Until {
    /// From now on this long.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    pub(super) fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

/// Whether a walk came to its end.
type Finished = bool;

/// Where something was let into a space, as the mirror has it.
#[derive(Deserialize)]
struct SpaceGrant {
    project: ProjectId,
    space: SpaceId,
}

/// An item that knows its own place.
#[derive(Deserialize)]
struct Place {
    sk: String,
}

/// What is gone already is as good as removed.
fn gone_is_fine(result: Result<()>) -> Result<()> {
    match result {
        Err(Error::NotFound(_) | Error::NotExists(_) | Error::Changed(_)) => Ok(()),
        other => other,
    }
}

impl Store {
    /// Deletes an account: from now on nobody signs in with it, and its address is free. `other` is an admin who stays,
    /// for the deletion of one.
    ///
    /// # Errors
    /// `Changed` when the account changed since it was read; `Forbidden` when that other admin is one no more.
    pub async fn delete_user(
        &self,
        user: &User,
        other: Option<UserId>,
        job: &Job,
        now: Timestamp,
    ) -> Result<()> {
        let mut writes = Self::user_gone_writes(user, now);
        if let Some(organization) = user.organization {
            let row = keys::member(organization, &user.email, user.id);
            writes.push(Write::delete(row));
            writes.push(Self::counts_write(organization, "members", -1));
            writes.extend(other.map(|admin| Self::admin_stays(organization, admin)));
        }
        writes.push(Self::job_write(job));
        self.apply(writes).await
    }

    /// The account's head marked, and what is unique about it freed. The row of the member list is the caller's.
    fn user_gone_writes(user: &User, now: Timestamp) -> Vec<Write> {
        let profile = Write::update(keys::user(user.id))
            .set("deletedAt", now)
            .add("loginEpoch", 1)
            .when_live()
            .when_equal("email", &user.email);
        let profile = match user.organization {
            Some(organization) => profile.when_equal("organization", organization),
            None => profile.when_missing("organization"),
        };
        let profile = match user.role {
            Some(role) => profile.when_equal("role", role),
            None => profile.when_missing("role"),
        };
        let mut writes = vec![
            profile.or(Error::Changed(Kind::User)),
            Write::delete(keys::email(&user.email)),
            Write::delete(keys::password(user.id)),
            Write::delete(keys::otp(user.id)),
        ];
        writes.extend(
            user.identities
                .iter()
                .map(|one| Write::delete(keys::identity(&one.issuer, &one.subject))),
        );
        if let Some(organization) = user.organization {
            writes.push(Write::delete(keys::admin(organization, user.id)));
        }
        writes
    }

    /// Deletes an organisation with everybody and everything in it. The admin who does it is gone at once; their row
    /// stays, so that the walk finds them like all the others.
    ///
    /// # Errors
    /// `NotFound` when it is gone already; `Changed` when the admin changed since they were read.
    pub async fn delete_organization(
        &self,
        organization: OrganizationId,
        admin: &User,
        job: &Job,
        now: Timestamp,
    ) -> Result<()> {
        let mut writes = vec![
            Write::update(keys::organization(organization))
                .set("deletedAt", now)
                .when_live()
                .or(Error::NotFound(Kind::Organization)),
            // The next one may be founded at once.
            Write::update(keys::instance()).add("organizations", -1),
            Self::job_write(job),
        ];
        writes.extend(Self::user_gone_writes(admin, now));
        self.apply(writes).await
    }

    /// Deletes a project with everything in it.
    ///
    /// # Errors
    /// `NotExists` when it is gone already.
    pub async fn delete_project(&self, project: &Project, job: &Job, now: Timestamp) -> Result<()> {
        self.apply([
            Write::update(keys::project(project.id))
                .set("deletedAt", now)
                .when_live()
                .or(Error::NotExists(Kind::Project)),
            Write::delete(keys::project_row(project.organization, project.id)),
            Self::counts_write(project.organization, "projects", -1),
            Self::job_write(job),
        ])
        .await
    }

    /// Deletes a group; its members stay.
    ///
    /// # Errors
    /// `NotFound` when it is gone already; `Changed` when it was renamed meanwhile.
    pub async fn delete_group(&self, group: &Group, job: &Job, now: Timestamp) -> Result<()> {
        self.apply([
            Write::update(keys::group(group.id))
                .set("deletedAt", now)
                .when_live()
                .when_equal("name", &group.name)
                .or(Error::Changed(Kind::Group)),
            Write::delete(keys::group_row(group.organization, group.id)),
            Write::delete(keys::group_name(group.organization, &group.name)),
            Self::job_write(job),
        ])
        .await
    }

    /// The write that counts something of an organisation; one that is being removed counts no more.
    pub(super) fn counts_write(organization: OrganizationId, what: &'static str, by: i64) -> Write {
        Write::update(keys::counts(organization))
            .add(what, by)
            .when_present()
            .or(Error::NotFound(Kind::Organization))
    }

    /// Removes what hung on something deleted, as far as a request has time for. What is left, or fails, is the worker's.
    pub async fn walk_soon(&self, task: &Task) {
        if let Err(error) = self.walk(task, Until::after(WITHIN_REQUEST)).await {
            tracing::warn!(
                cause = error.cause(),
                "A deletion goes on in the background."
            );
        }
    }

    /// Removes what hangs on something deleted; false when time was over first. May be repeated at any time.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn walk(&self, task: &Task, until: Until) -> Result<Finished> {
        // Boxed: a walk is a large future, and those who call it are many.
        match *task {
            Task::DeleteUser { user } => Box::pin(self.walk_user(user, until)).await,
            Task::DeleteOrganization { organization } => {
                Box::pin(self.walk_organization(organization, until)).await
            }
            Task::DeleteProject { project } => Box::pin(self.walk_project(project, until)).await,
            Task::DeleteGroup { group } => Box::pin(self.walk_group(group, until)).await,
            Task::CopyAccess { .. }
            | Task::RemoveContents { .. }
            | Task::RunQuery { .. }
            | Task::SweepExplores { .. }
            | Task::Work { .. }
            | Task::MailMention { .. }
            | Task::MailInvitation { .. }
            | Task::MailProjectAccess { .. } => Ok(true),
        }
    }

    /// Removes the head of something deleted, and the job with it.
    ///
    /// # Errors
    /// `Unavailable` when somebody else has the job.
    pub async fn finish_deletion(&self, job: &Job) -> Result<()> {
        let head = match job.task {
            Task::DeleteUser { user } => keys::user(user),
            Task::DeleteOrganization { organization } => keys::organization(organization),
            Task::DeleteProject { project } => keys::project(project),
            Task::DeleteGroup { group } => keys::group(group),
            Task::CopyAccess { .. }
            | Task::RemoveContents { .. }
            | Task::RunQuery { .. }
            | Task::SweepExplores { .. }
            | Task::Work { .. }
            | Task::MailMention { .. }
            | Task::MailInvitation { .. }
            | Task::MailProjectAccess { .. } => {
                return self.finish_job(job).await;
            }
        };
        self.apply([Write::delete(head), Self::job_done_write(job)])
            .await
    }

    async fn walk_user(&self, id: UserId, until: Until) -> Result<Finished> {
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

    /// The values that somebody or a group has of the organisation's attributes.
    async fn drop_attributes_of(
        &self,
        organization: OrganizationId,
        map: &'static str,
        id: &str,
    ) -> Result<()> {
        let pk = keys::organization_partition(organization);
        for Place { sk } in self.all::<Place>(&pk, keys::ATTRIBUTES).await? {
            let key = keys::Key { pk: pk.clone(), sk };
            let entry = Write::update(key).remove_entry(map, id).when_present();
            gone_is_fine(
                self.apply([entry.or(Error::NotFound(Kind::Attribute))])
                    .await,
            )?;
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

    /// Removes a field of a head and of its row, if it still names what is gone.
    async fn clear_reference(
        &self,
        keys: [keys::Key; 2],
        name: &'static str,
        gone: impl Serialize + Copy,
    ) -> Result<()> {
        for key in keys {
            let write = Write::update(key)
                .remove(name)
                .when_equal(name, gone)
                .or(Error::Changed(Kind::User));
            gone_is_fine(self.apply([write]).await)?;
        }
        Ok(())
    }

    async fn walk_group(&self, id: GroupId, until: Until) -> Result<Finished> {
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

    async fn walk_project(&self, id: ProjectId, until: Until) -> Result<Finished> {
        let Some(project) = self.get::<Project>(&keys::project(id)).await? else {
            return Ok(true);
        };
        let pk = keys::project_partition(id);
        for prefix in [keys::MEMBERS, keys::ACCESSES] {
            for chunk in self.all::<Grant>(&pk, prefix).await?.chunks(CHUNK) {
                let mirrors = chunk.iter().filter_map(|grant| {
                    let user = grant.user.map(|user| keys::granted_project(user, id));
                    user.or_else(|| grant.group.map(|group| keys::group_project(group, id)))
                });
                // The mirror first: what is left of the pair leads to it again.
                self.delete_all(&mirrors.collect::<Vec<_>>()).await?;
            }
        }
        if !self.drop_space_mirrors(id, until).await? {
            return Ok(false);
        }
        if !self.release_previews(id, until).await? {
            return Ok(false);
        }
        // Before the index that leads there.
        if !self.remove_contents_of(id, until).await? {
            return Ok(false);
        }
        let activity = keys::activity_partition(id);
        if !self.clear(&activity, "", None, until).await? {
            return Ok(false);
        }
        let explores = self.all_late_keys(&keys::late_explores(id)).await?;
        for chunk in explores.chunks(KEYS as usize) {
            self.delete_all(chunk).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
        let preference = |user: &str| Some(keys::preference(UserId::parse(user)?, id));
        let dropped = self.drop_pointed_at(&pk, keys::PREFERRERS, preference, until);
        if !dropped.await? {
            return Ok(false);
        }
        let compile_job = |job: &str| CompileJobId::parse(job).map(keys::compile_job);
        let dropped = self.drop_pointed_at(&pk, keys::COMPILATIONS, compile_job, until);
        if !dropped.await? {
            return Ok(false);
        }
        let work = |work: &str| WorkId::parse(work).map(keys::work);
        let dropped = self.drop_pointed_at(&pk, keys::WORKS, work, until);
        if !dropped.await? {
            return Ok(false);
        }
        let author = project.created_by;
        let author = author.map(|author| keys::owned_project(author, id));
        let preview = project.upstream.map(|upstream| keys::preview(upstream, id));
        let named: Vec<_> = author.into_iter().chain(preview).collect();
        self.delete_all(&named).await?;
        let default = Write::update(keys::organization(project.organization))
            .remove("defaultProject")
            .when_equal("defaultProject", id)
            .or(Error::Changed(Kind::Organization));
        gone_is_fine(self.apply([default]).await)?;
        self.clear(&pk, "", Some(&keys::project(id)), until).await
    }

    /// Removes what the items under a prefix lead to, by what their keys say behind it, and then those items.
    async fn drop_pointed_at(
        &self,
        pk: &str,
        prefix: &str,
        leads_to: impl Fn(&str) -> Option<keys::Key>,
        until: Until,
    ) -> Result<Finished> {
        loop {
            let pointers = self.keys_under(pk, prefix, KEYS).await?;
            if pointers.is_empty() {
                return Ok(true);
            }
            let rests = pointers
                .iter()
                .filter_map(|key| key.sk.strip_prefix(prefix));
            let targets: Vec<_> = rests.filter_map(&leads_to).collect();
            self.delete_all(&targets).await?;
            self.delete_all(&pointers).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
    }

    /// The previews of a deleted project stay, and are of none.
    async fn release_previews(&self, id: ProjectId, until: Until) -> Result<Finished> {
        let pk = keys::project_partition(id);
        loop {
            let previews = self.keys_under(&pk, keys::PREVIEWS, KEYS).await?;
            if previews.is_empty() {
                return Ok(true);
            }
            for pointer in previews {
                let preview = pointer.sk.strip_prefix(keys::PREVIEWS);
                if let Some(preview) = preview.and_then(ProjectId::parse)
                    && let Some(found) = self.get::<Project>(&keys::project(preview)).await?
                {
                    let row = keys::project_row(found.organization, preview);
                    self.clear_reference([keys::project(preview), row], "upstream", id)
                        .await?;
                }
                self.delete_all(&[pointer]).await?;
            }
            if until.is_over() {
                return Ok(false);
            }
        }
    }

    async fn drop_space_mirrors(&self, id: ProjectId, until: Until) -> Result<Finished> {
        #[derive(Deserialize)]
        struct Grants {
            id: SpaceId,
            #[serde(default)]
            users: std::collections::BTreeMap<UserId, serde::de::IgnoredAny>,
            #[serde(default)]
            groups: std::collections::BTreeMap<GroupId, serde::de::IgnoredAny>,
        }
        let pk = keys::project_partition(id);
        for space in self.all::<Grants>(&pk, keys::SPACES).await? {
            let users = space
                .users
                .keys()
                .map(|user| keys::granted_space(*user, id, space.id));
            let groups = space
                .groups
                .keys()
                .map(|group| keys::group_space(*group, id, space.id));
            // With the space itself, so that the next try goes on behind it.
            let own = std::iter::once(keys::space(id, space.id));
            let mirrors: Vec<_> = users.chain(groups).chain(own).collect();
            self.delete_all(&mirrors).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn walk_organization(&self, id: OrganizationId, until: Until) -> Result<Finished> {
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

    /// Removes everything in a partition under a prefix, but for one.
    async fn clear(
        &self,
        pk: &str,
        prefix: &str,
        but: Option<&keys::Key>,
        until: Until,
    ) -> Result<Finished> {
        loop {
            let mut keys = self.keys_under(pk, prefix, KEYS).await?;
            keys.retain(|key| Some(key) != but);
            if keys.is_empty() {
                return Ok(true);
            }
            self.delete_all(&keys).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
    }
}

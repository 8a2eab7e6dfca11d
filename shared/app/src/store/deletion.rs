//! Deleting what other things hang on.
//!
//! One transaction marks the head deleted, frees what is unique, takes it off the lists, and writes a job. From then on
//! it is gone for everybody. What hung on it goes in steps that may be repeated after a crash at any line: first within
//! the request, as far as that comes, then by the worker, who walks a second time a minute later and removes the head.

mod group;
mod organization;
mod project;
mod remove;
mod user;

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        group::Group,
        id::{OrganizationId, ProjectId, SpaceId, UserId},
        job::{Job, Task},
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
}

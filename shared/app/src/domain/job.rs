//! Work that outlives a request: written in the transaction that causes it, and done by the worker.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        access::ProjectRole,
        content::ContentKind,
        email::EmailAddress,
        id::{ContentId, GroupId, JobId, OrganizationId, ProjectId, QueryId, UserId, WorkId},
        secret::SealedBytes,
    },
    random::Random,
};

/// How long one try may take before another worker may take the job.
pub const LEASE: Duration = Duration::from_secs(5 * 60);
/// How often a job is tried before it is parked.
pub const ATTEMPTS: u32 = 10;
/// How long a job that was parked can be looked at.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// What was put while a head was being marked is found by a second walk, this much later.
pub const SECOND_WALK: Duration = Duration::from_secs(60);

/// What is to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    tag = "what",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Task {
    /// Remove what hangs on a deleted account, then its head.
    DeleteUser { user: UserId },
    /// Remove what hangs on a deleted organisation, its members with it, then its head.
    DeleteOrganization { organization: OrganizationId },
    /// Remove what hangs on a deleted project, then its head.
    DeleteProject { project: ProjectId },
    /// Remove what hangs on a deleted group, then its head.
    DeleteGroup { group: GroupId },
    /// Let into a preview whoever is let into the project that it is of.
    CopyAccess { from: ProjectId, to: ProjectId },
    /// Remove what no set of explores that a project keeps names any more.
    SweepExplores { project: ProjectId },
    /// Ask a warehouse what somebody asked, and keep the rows.
    RunQuery { query: QueryId },
    /// Remove charts and dashboards that were deleted longer ago than they can be restored.
    RemoveContents {
        contents: Vec<(ContentKind, ContentId)>,
    },
    /// Do what somebody polls.
    Work { work: WorkId },
    /// Mail somebody that a comment mentions them.
    MailMention {
        to: EmailAddress,
        dashboard: ContentId,
        by: UserId,
    },
    /// Mail an invitation.
    MailInvitation {
        user: UserId,
        to: EmailAddress,
        organization: OrganizationId,
        /// The code, sealed for the invited user.
        code: SealedBytes,
        expires_at: Timestamp,
    },
    /// Tell somebody that they got into a project.
    MailProjectAccess {
        to: EmailAddress,
        project: ProjectId,
        by: UserId,
        role: ProjectRole,
    },
}

/// Who waits for something, and in which project. Each has turns of their own: who asks for much is in nobody else's way, and a
/// warehouse that hangs is in the way of no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Whose {
    pub user: UserId,
    pub project: ProjectId,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.user, self.project)
    }
}

/// A piece of work and how it goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: JobId,
    pub task: Task,
    /// Whose turn it takes. What nobody in particular waits for takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whose: Option<Whose>,
    /// How often it was taken; also the fence: whoever writes with an older number has lost the job.
    #[serde(default)]
    pub attempts: u32,
    /// Failures since it last got on.
    #[serde(default)]
    pub failures: u32,
    /// How many walks are over, for deletions.
    #[serde(default)]
    pub walks: u32,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
    /// While this lies ahead, somebody is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// When it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// Why it was given up, for whoever waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Job {
    /// A job that is due at once.
    pub fn new(task: Task, random: &Random, now: Timestamp) -> Self {
        Self {
            id: JobId::new(random),
            task,
            whose: None,
            attempts: 0,
            failures: 0,
            walks: 0,
            created_at: now,
            due_at: now,
            lease_until: None,
            failed_at: None,
            reason: None,
        }
    }

    /// The same, in somebody's turn.
    #[must_use]
    pub fn of(mut self, user: UserId, project: ProjectId) -> Self {
        self.whose = Some(Whose { user, project });
        self
    }

    /// The same, not before then.
    #[must_use]
    pub fn due(mut self, at: Timestamp) -> Self {
        self.due_at = at;
        self
    }

    /// What whoever waits for it is told once it was given up, behind what it is called.
    pub fn given_up(&self) -> Option<String> {
        self.failed_at?;
        Some(match &self.reason {
            Some(reason) => format!("could not be run: {reason}"),
            None => "could not be run; ask again".to_owned(),
        })
    }

    /// When to try again after a failure: 5 seconds, doubling, at most a quarter of an hour.
    pub fn retry_at(&self, now: Timestamp) -> Timestamp {
        let seconds = 5_u64 << self.failures.min(8);
        now + Duration::from_secs(seconds.min(15 * 60))
    }
}

//! Work that somebody begins and polls: validations, renames, copies of content, files. The worker does it as a job.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        id::{JobId, OrganizationId, ProjectId, UserId, WorkId},
        job::{Job, Task},
        packed::Packed,
    },
    random::Random,
};

/// How long it can be asked how a piece of work went.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WorkKind {
    /// Check a project's content against its explores.
    Validate,
    /// Rename a model or a field everywhere.
    Rename,
    /// Copy the content of a project into a preview.
    CopyContent,
    /// The rows of a dashboard's charts, as files.
    DashboardCsv,
    /// A file of rows that a query kept.
    QueryFile,
}

/// How it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WorkStatus {
    Scheduled,
    Started,
    Completed,
    Error,
}

/// A piece of work and how it goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    pub id: WorkId,
    pub what: WorkKind,
    pub project: ProjectId,
    pub organization: OrganizationId,
    /// Who began it.
    pub user: UserId,
    pub status: WorkStatus,
    /// What it was begun with, as JSON.
    pub input: Packed,
    /// Where it goes on after a worker was lost, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Packed>,
    /// What came of it, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Packed>,
    /// Why it failed, for whoever began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub job: JobId,
}

/// What a copy of content is begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyOf {
    /// The project whose content it is. Whose it becomes is the work's own project.
    pub from: ProjectId,
}

impl Work {
    /// New work of somebody's in a project, and the job that does it.
    pub fn new(
        (id, what): (WorkId, WorkKind),
        (project, organization): (ProjectId, OrganizationId),
        user: UserId,
        input: Packed,
        (random, now): (&Random, Timestamp),
    ) -> (Self, Job) {
        let job = Job::new(Task::Work { work: id }, random, now).of(user, project);
        let work = Self {
            id,
            what,
            project,
            organization,
            user,
            status: WorkStatus::Scheduled,
            input,
            progress: None,
            details: None,
            error: None,
            created_at: now,
            expires_at: now + KEPT,
            job: job.id,
        };
        (work, job)
    }
}

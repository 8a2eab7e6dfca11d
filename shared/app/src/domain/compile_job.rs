//! Compilations of a project that clients wait for, and what became of them. This server does not run dbt: one that is
//! asked for ends at once, and says what to do instead.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    clock::Timestamp,
    domain::id::{CompileJobId, ProjectId, UserId},
    random::Random,
};

/// How long it can be looked at: clients ask every few seconds until it has ended.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What somebody reads who asked for a compilation.
pub const NO_DBT: &str = "This server does not run dbt. Compile the project where dbt is, and deploy it with the command-line client: `lightdash deploy`";
/// What is said of a change of a project whose dbt project we would have to compile.
const SAVED: &str = "The settings are saved. This server does not run dbt: compile the project where dbt is, and deploy it with the command-line client: `lightdash deploy`";
/// What is said to who makes a preview of a project whose dbt project we would have to compile.
const PREVIEWED: &str = "The preview is made. This server does not run dbt: compile the project where dbt is, and deploy it into the preview with the command-line client: `lightdash deploy`";

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = JobType)]
pub enum JobType {
    CompileProject,
    CreateProject,
}

/// How a job goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = JobStatusType)]
pub enum JobStatus {
    Started,
    Running,
    Done,
    Error,
}

/// What a step of a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = JobStepType)]
pub enum StepType {
    TestingAdaptor,
    Compiling,
    CreatingProject,
    Caching,
}

/// How a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = JobStepStatusType)]
pub enum StepStatus {
    Pending,
    Running,
    Done,
    Error,
    Skipped,
}

/// A step of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub step: StepType,
    pub status: StepStatus,
    /// Why it failed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A compilation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompileJob {
    pub id: CompileJobId,
    pub job_type: JobType,
    pub status: JobStatus,
    pub project: ProjectId,
    /// Who asked for it.
    pub user: UserId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(default)]
    pub steps: Vec<Step>,
}

impl CompileJob {
    /// A compilation that ends as it begins, as there is no dbt here.
    pub fn refused(project: ProjectId, user: UserId, random: &Random, now: Timestamp) -> Self {
        let step = Step::ended(StepType::Compiling, Some(NO_DBT), now);
        Self::ended((project, user), vec![step], random, now)
    }

    /// What follows a change of a project's connections: nothing for one that is compiled elsewhere, and for others the
    /// word that the change is saved and what is to be done now.
    pub fn saved(
        (project, user): (ProjectId, UserId),
        compiles: bool,
        random: &Random,
        now: Timestamp,
    ) -> Self {
        let refusal = compiles.then_some(SAVED);
        let step = Step::ended(StepType::Compiling, refusal, now);
        Self::ended((project, user), vec![step], random, now)
    }

    /// What a preview begins with: nothing to do for one that is compiled elsewhere, and for others the word that it is there
    /// and what is to be done now.
    pub fn of_preview(
        (project, user): (ProjectId, UserId),
        compiles: bool,
        random: &Random,
        now: Timestamp,
    ) -> Self {
        let refusal = compiles.then_some(PREVIEWED);
        let step = Step::ended(StepType::Compiling, refusal, now);
        Self {
            id: CompileJobId::first_of(project),
            ..Self::ended((project, user), vec![step], random, now)
        }
    }

    fn ended(
        (project, user): (ProjectId, UserId),
        steps: Vec<Step>,
        random: &Random,
        now: Timestamp,
    ) -> Self {
        let failed = steps.iter().any(|step| step.error.is_some());
        Self {
            id: CompileJobId::new(random),
            job_type: JobType::CompileProject,
            status: if failed {
                JobStatus::Error
            } else {
                JobStatus::Done
            },
            project,
            user,
            created_at: now,
            updated_at: now,
            expires_at: now + KEPT,
            steps,
        }
    }
}

impl Step {
    /// A step that ended as it began.
    fn ended(step: StepType, error: Option<&str>, now: Timestamp) -> Self {
        Self {
            step,
            status: error.map_or(StepStatus::Done, |_| StepStatus::Error),
            error: error.map(str::to_owned),
            started_at: Some(now),
            created_at: now,
            updated_at: now,
        }
    }
}

impl StepType {
    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            StepType::TestingAdaptor => "Connecting to the warehouse",
            StepType::Compiling => "Compiling the dbt project",
            StepType::CreatingProject => "Creating the project",
            StepType::Caching => "Saving the tables",
        }
    }
}

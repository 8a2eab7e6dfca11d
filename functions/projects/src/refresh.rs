//! Compilations that clients ask for and wait for, and dbt Cloud's word that it has done one. There is no dbt here.

use app::{
    App, CurrentUser, Error, IdempotencyKey, InProject, Json, Kind, Ok, Path, Reply, Result,
    Timestamp,
    domain::{
        access::{Action, Subject},
        compile_job::{CompileJob, JobStatus, JobType, Step, StepStatus, StepType},
        id::{CompileJobId, ProjectId, UserId},
    },
    store::made_once,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A job that was begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshStarted {
    pub(crate) job_uuid: CompileJobId,
}

/// Begins a compilation, which ends at once: this server does not run dbt, and the job says what to do instead.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/refresh", operation_id = "refresh", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<RefreshStarted>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn refresh(
    State(app): State<App>,
    project: InProject,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Reply<RefreshStarted>> {
    project.require(Action::Create, Subject::Job)?;
    project.require(Action::Manage, Subject::CompileProject)?;
    let (user, now) = (project.user.id, app.clock.now());
    let claim = ("refresh", key.as_deref());
    let earlier = app.store.compile_job_made_before(user, claim, now);
    if let Some(job_uuid) = earlier.await? {
        return Ok(Reply(RefreshStarted { job_uuid }));
    }
    let job = CompileJob::refused(project.id(), user, &app.random, now);
    let done = app.store.create_compile_job(&job, key.as_deref()).await;
    let earlier = app.store.compile_job_made_before(user, claim, now);
    let job_uuid = made_once(done.map(|()| job.id), earlier).await?;
    Ok(Reply(RefreshStarted { job_uuid }))
}

/// A step of a job as clients see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobStep {
    job_uuid: CompileJobId,
    step_type: StepType,
    step_status: StepStatus,
    step_label: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    step_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    started_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl JobStep {
    fn new(job: CompileJobId, step: Step) -> Self {
        Self {
            job_uuid: job,
            step_type: step.step,
            step_status: step.status,
            step_label: step.step.label(),
            step_error: step.error,
            started_at: step.started_at,
            created_at: step.created_at,
            updated_at: step.updated_at,
        }
    }
}

/// A job as clients see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiJob)]
pub(crate) struct ShownJob {
    job_uuid: CompileJobId,
    job_type: JobType,
    job_status: JobStatus,
    project_uuid: ProjectId,
    user_uuid: UserId,
    created_at: Timestamp,
    updated_at: Timestamp,
    steps: Vec<JobStep>,
    /// Of a job that is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    job_results: Option<JobResults>,
}

/// What a job was about.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobResults {
    project_uuid: ProjectId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPath {
    job_uuid: String,
}

/// Answers how a compilation goes, to whoever sees its project.
#[utoipa::path(get, path = "/api/v1/jobs/{jobUuid}", operation_id = "GetJob", tag = "Projects", params(("jobUuid" = String, Path)),
               responses((status = 200, body = Ok<ShownJob>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_job(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<JobPath>,
) -> Result<Reply<ShownJob>> {
    let missing = || Error::NotFound(Kind::Job);
    let id = CompileJobId::parse(&path.job_uuid).ok_or_else(missing)?;
    let found = app.store.compile_job(id, app.clock.now()).await?;
    let job = found.ok_or_else(missing)?;
    // Whatever is in the way, the job is not there for them.
    match InProject::find(&app, user, job.project).await {
        Err(Error::NotExists(_) | Error::Forbidden(_)) => return Err(missing()),
        project => project?
            .require(Action::View, Subject::Project)
            .map_err(|_| missing())?,
    }
    Ok(Reply(ShownJob {
        job_uuid: id,
        job_type: job.job_type,
        job_status: job.status,
        project_uuid: job.project,
        user_uuid: job.user,
        created_at: job.created_at,
        updated_at: job.updated_at,
        steps: job
            .steps
            .into_iter()
            .map(|step| JobStep::new(id, step))
            .collect(),
        job_results: (job.status == JobStatus::Done).then_some(JobResults {
            project_uuid: job.project,
        }),
    }))
}

/// What a dbt Cloud webhook is answered where it is taken; for the document.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTaken {
    status: String,
}

/// Refuses what dbt Cloud says: nothing proves that it is dbt Cloud, and nothing here runs on somebody's unproved word. Whether
/// there is such a project is not told.
#[utoipa::path(post, path = "/api/v1/projects/{projectUuid}/dbt-cloud/webhook", operation_id = "webhook", tag = "Projects",
               params(("projectUuid" = String, Path)), request_body = Value, responses((status = 200, body = WebhookTaken)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn webhook(Json(_): Json<Value>) -> Result<Reply<WebhookTaken>> {
    Err(Error::Forbidden(
        "Webhooks of dbt Cloud are not taken: nothing proves who sent them. Deploy with the command-line client",
    ))
}

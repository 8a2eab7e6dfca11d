//! Work that outlives a request: deletions, who is let into a preview, queries that take long, and mails that are written
//! down with what causes them. No routes.

mod mails;

use std::time::Duration;

use app::{
    App, Error, Result, Timestamp,
    domain::{
        id::JobId,
        job::{ATTEMPTS, Job, SECOND_WALK, Task},
        work::WorkKind,
    },
    store::{Taken, UNNAMED, Until},
};

/// How long one try works before it lets go; shorter than the lease.
pub const ONE_TRY: Duration = Duration::from_secs(4 * 60);
/// How long a job waits for its turn before it is put off: a query that is quick is soon out of the way, and one that is not
/// leaves a function no time to wait for.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// When a job comes again whose turn it was not.
const SOON: Duration = Duration::from_secs(5);
/// A deletion is over after two walks: the second finds what was written while the head was being marked.
const WALKS: u32 = 2;

/// How a try ended.
enum Ended {
    Finished,
    /// There is more to do, from then on.
    GoesOn(Timestamp),
}

/// Does a job when it is its turn in this process. Answers when somebody has to come back to it.
///
/// # Errors
/// As [`take`].
pub async fn run(app: &App, id: JobId) -> Result<Option<Timestamp>> {
    run_within(app, id, PATIENCE).await
}

/// [`run`] with so much patience. A job whose turn does not come is put off as it is: it was not taken, so nothing counts
/// against it, neither time nor tries.
///
/// # Errors
/// As [`take`].
pub async fn run_within(app: &App, id: JobId, patience: Duration) -> Result<Option<Timestamp>> {
    let Some(job) = app.store.job(id).await? else {
        return Ok(None);
    };
    let Some(whose) = job.whose else {
        return Box::pin(take(app, id)).await;
    };
    let whose = whose.to_string();
    match tokio::time::timeout(patience, app.warehouses.turns.wait(&whose)).await {
        // It ends when the job is let go.
        Ok(_turn) => Box::pin(take(app, id)).await,
        Err(_) => Ok(Some(app.clock.now() + SOON)),
    }
}

/// Does a job whose turn it is, unless it is over or somebody is at it. Answers when somebody has to come back to it. May die
/// at any line and be called twice: the job stays until it is done, and every step of it may be repeated.
///
/// # Errors
/// `Unavailable` when the table does not answer; the job is as it was, or its lease runs out.
pub async fn take(app: &App, id: JobId) -> Result<Option<Timestamp>> {
    let mut job = match app.store.take_job(id, app.clock.now()).await? {
        Taken::Yes(job) => *job,
        Taken::NotYet(then) => return Ok(Some(then)),
        Taken::Over => return Ok(None),
    };
    let error = match Box::pin(attempt(app, &mut job)).await {
        Ok(Ended::Finished) => return Ok(None),
        Ok(Ended::GoesOn(then)) => {
            job.failures = 0;
            app.store.put_off_job(&job, then).await?;
            return Ok(Some(then));
        }
        Err(error) => error,
    };
    let now = app.clock.now();
    let then = job.retry_at(now);
    job.failures += 1;
    tracing::error!(job = %id, failures = job.failures, cause = error.cause(), "A job failed.");
    if job.failures >= ATTEMPTS {
        job.reason = Some(reason(&error));
        app.store.park_job(&job, now).await?;
        return Ok(None);
    }
    app.store.put_off_job(&job, then).await?;
    Ok(Some(then))
}

/// Why a job is given up, as anybody may read it who waits for it: what is behind an error is for the log only.
fn reason(error: &Error) -> String {
    match error {
        Error::Unavailable(_) => "what it needs did not answer, however often it was tried".into(),
        Error::Internal(_) => "something went wrong here each time that it was tried".into(),
        error => error.to_string(),
    }
}

async fn attempt(app: &App, job: &mut Job) -> Result<Ended> {
    match &job.task {
        Task::MailInvitation { .. } | Task::MailProjectAccess { .. } | Task::MailMention { .. } => {
            mails::send(app, &job.task).await?;
            app.store.finish_job(job).await?;
            return Ok(Ended::Finished);
        }
        Task::RunQuery { query } => {
            query::work(app, *query, job).await?;
            return Ok(Ended::Finished);
        }
        Task::SweepExplores { project } => {
            app.store
                .sweep_explores(*project, app.clock.now() - UNNAMED)
                .await?;
            app.store.finish_job(job).await?;
            return Ok(Ended::Finished);
        }
        Task::RemoveContents { contents } => {
            app.store.remove_contents(contents).await?;
            app.store.finish_job(job).await?;
            return Ok(Ended::Finished);
        }
        Task::Work { work } => {
            let found = app.store.work(*work, app.clock.now()).await?;
            let then = match found {
                Some(rows) if rows.what == WorkKind::DashboardCsv => {
                    query::dashboard_csv::work(app, &rows, job).await?
                }
                Some(rows) if rows.what == WorkKind::QueryFile => {
                    query::download::work(app, &rows, job).await?
                }
                _ => {
                    saved::work::run(app, *work, job).await?;
                    None
                }
            };
            return Ok(then.map_or(Ended::Finished, Ended::GoesOn));
        }
        Task::CopyAccess { from, to } => {
            app.store.copy_access(*from, *to).await?;
            app.store.finish_job(job).await?;
            return Ok(Ended::Finished);
        }
        Task::DeleteUser { .. }
        | Task::DeleteOrganization { .. }
        | Task::DeleteProject { .. }
        | Task::DeleteGroup { .. } => {}
    }
    if !app.store.walk(&job.task, Until::after(ONE_TRY)).await? {
        return Ok(Ended::GoesOn(app.clock.now()));
    }
    job.walks += 1;
    if job.walks < WALKS {
        return Ok(Ended::GoesOn(app.clock.now() + SECOND_WALK));
    }
    app.store.finish_deletion(job).await?;
    Ok(Ended::Finished)
}

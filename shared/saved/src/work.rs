//! Work that somebody begins and polls, and that the worker does (reference 30 §3, "Scheduler job").

use app::{
    App, CurrentUser, Error, InProject, Kind, Result,
    domain::{
        access::{Action, Object, Subject},
        id::{ProjectId, UserId, WorkId},
        job::Job,
        packed::Packed,
        work::{Work, WorkKind},
    },
};
use serde::Serialize;
use serde_json::Value;

use crate::{copy, rename, validate};

/// Begins a piece of work: written down with the job that does it.
///
/// # Errors
/// `NotExists` when the project is gone; `Invalid` for an input that is too large.
pub async fn begin(
    app: &App,
    project: &InProject,
    what: WorkKind,
    input: &impl Serialize,
) -> Result<Work> {
    let work = (WorkId::new(&app.random), what);
    let place = (project.id(), project.organization());
    let when = (&app.random, app.clock.now());
    let (work, job) = Work::new(
        work,
        place,
        project.user.id,
        Packed::pack_json(input)?,
        when,
    );
    app.store.create_work(&work, &job).await?;
    Ok(work)
}

/// A piece of work of the caller's own, or of a project whose jobs they may see, and whether they see what came of it, too. Another's
/// is not there.
///
/// # Errors
/// `NotFound` for those; `Forbidden` for somebody without an organisation.
pub async fn seen(app: &App, user: CurrentUser, id: &str) -> Result<(Work, bool)> {
    user.membership()?;
    let missing = || Error::NotFound(Kind::Job);
    let id = WorkId::parse(id).ok_or_else(missing)?;
    let found = app.store.work(id, app.clock.now()).await?;
    let work = found.ok_or_else(missing)?;
    let project = InProject::find(app, user, work.project).await;
    let project = project.map_err(|error| match error {
        Error::NotExists(_) => missing(),
        error => error,
    })?;
    let object = Object {
        created_by: Some(work.user),
        ..project.object()
    };
    let file = matches!(work.what, WorkKind::DashboardCsv | WorkKind::QueryFile);
    // What is in its files, and the names in its outcome, are what its owner may see.
    let personal = file || work.what == WorkKind::Rename;
    let own = work.user == project.user.id;
    if own && file {
        project.require(Action::Manage, Subject::ExportCsv)?;
    }
    if project.may(Action::View, Subject::JobStatus, &object) {
        Ok((work, own || !personal))
    } else {
        Err(missing())
    }
}

/// What whoever waits for work is told once its job was given up.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn given_up(app: &App, work: &Work) -> Result<Option<String>> {
    if work.details.is_some() || work.error.is_some() {
        return Ok(None);
    }
    let job = app.store.job(work.job).await?;
    let why = job.as_ref().and_then(Job::given_up);
    Ok(why.map(|why| format!("The job {why}")))
}

/// A project as whoever began work finds it now; none once they are not of it any more.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub(crate) async fn as_its_owner(
    app: &App,
    owner: UserId,
    project: ProjectId,
) -> Result<Option<InProject>> {
    let user = app.store.user(owner).await?;
    let Some(user) = user.filter(|user| user.is_active) else {
        return Ok(None);
    };
    let user = CurrentUser {
        user,
        session: None,
    };
    match InProject::find(app, user, project).await {
        Err(Error::NotExists(_) | Error::Forbidden(_)) => Ok(None),
        found => found.map(Some),
    }
}

/// What came of work: its details, as clients read them.
pub type Came = Result<Value>;

/// Does a piece of work and ends its job. Whatever is wrong with what was asked is an answer; what may mend itself is an
/// error, and the job comes again.
///
/// # Errors
/// `Unavailable` when the table or the files do not answer, or somebody else has the job.
pub async fn run(app: &App, id: WorkId, job: &Job) -> Result<()> {
    let work = app.store.work(id, app.clock.now()).await?;
    let Some(work) = work.filter(|work| work.details.is_none() && work.error.is_none()) else {
        return app.store.finish_job(job).await;
    };
    let came = match Box::pin(attempt(app, &work)).await {
        Ok(details) => Ok(Packed::pack_json(&details)?),
        Err(error @ (Error::Unavailable(_) | Error::Internal(_) | Error::TooMany { .. })) => {
            return Err(error);
        }
        Err(error) => Err(error.to_string()),
    };
    app.store.finish_work(id, came, job).await
}

async fn attempt(app: &App, work: &Work) -> Came {
    match work.what {
        WorkKind::Validate => validate::run(app, work).await,
        WorkKind::Rename => rename::run(app, work).await,
        WorkKind::CopyContent => copy::run(app, work).await,
        // The worker makes these files itself: what asks warehouses is not in this crate.
        WorkKind::DashboardCsv | WorkKind::QueryFile => Err(Error::Internal(anyhow::anyhow!(
            "files of rows are made elsewhere"
        ))),
    }
}

//! A question as a job that is polled by whoever asked it.

use app::{
    App, CurrentUser, Error, InProject, Kind, Result,
    domain::{
        access::{Action, Object, Subject},
        id::QueryId,
        job::Job,
        query::{Failure, Outcome, Purpose, Query, QueryStatus},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

/// How a job goes, in the wire's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SchedulerJobStatus)]
pub enum State {
    /// Nobody has taken it yet.
    Scheduled,
    /// The worker is at it, or tries again soon.
    Started,
    Completed,
    Error,
}

/// How a job goes, and what came of it.
#[derive(Debug, Clone)]
pub enum Progress<'a> {
    Scheduled,
    Started,
    Completed(&'a Outcome),
    Failed(Failure),
}

impl Progress<'_> {
    /// The same in one word.
    pub fn state(&self) -> State {
        match self {
            Self::Scheduled => State::Scheduled,
            Self::Started => State::Started,
            Self::Completed(_) => State::Completed,
            Self::Failed(_) => State::Error,
        }
    }
}

/// A job of the caller's own. One that is somebody else's, or of a project that they do not get into any more, is not there.
///
/// # Errors
/// `NotFound` for those; `Forbidden` for somebody without an organisation, or who may not see the project, or export from
/// it, any more.
pub async fn own(app: &App, user: CurrentUser, id: &str) -> Result<Query> {
    match seen(app, user, id).await? {
        (query, true) => Ok(query),
        _ => Err(Error::NotFound(Kind::Job)),
    }
}

/// A job of the caller's own, or of a project whose jobs they may see, and whether it is their own: of another's they see how it
/// goes, and neither what came of it nor why not, which tell of the rows.
///
/// # Errors
/// As [`own`].
pub async fn seen(app: &App, user: CurrentUser, id: &str) -> Result<(Query, bool)> {
    user.membership()?;
    let missing = || Error::NotFound(Kind::Job);
    let id = QueryId::parse(id).ok_or_else(missing)?;
    let found = app.store.query(id, app.clock.now()).await?;
    let query = found.ok_or_else(missing)?;
    let own = query.user == user.id;
    let project = InProject::find(app, user, query.project).await;
    let project = project.map_err(|error| match error {
        Error::NotExists(_) => missing(),
        error => error,
    })?;
    let begun = Object {
        created_by: Some(query.user),
        ..project.object()
    };
    if !own {
        let sees = project.may(Action::View, Subject::JobStatus, &begun);
        return sees.then_some((query, false)).ok_or_else(missing);
    }
    project.require_on(Action::View, Subject::JobStatus, &begun)?;
    project.require(Action::View, Subject::Project)?;
    if query.purpose == Purpose::Csv {
        project.require(Action::Manage, Subject::ExportCsv)?;
    }
    Ok((query, true))
}

/// The rows of a query.
///
/// # Errors
/// `NotFound` for one that makes a CSV file; `NotReady` while they are not there; `Warehouse` with what the warehouse said, and `Invalid` for a query that was cancelled or
/// given up, when they never will be; `Unavailable` when the table does not answer.
pub async fn rows<'a>(app: &App, query: &'a Query) -> Result<&'a Outcome> {
    if query.purpose == Purpose::Csv {
        return Err(Error::NotFound(Kind::Query));
    }
    match progress(app, query).await? {
        Progress::Completed(outcome) => Ok(outcome),
        Progress::Scheduled | Progress::Started => Err(Error::NotReady(Kind::Query)),
        Progress::Failed(failure) if query.failure.is_some() => Err(warehouse::Error::Query {
            message: failure.message,
            line: failure.line,
            character: failure.character,
        }
        .into()),
        Progress::Failed(failure) => Err(Error::invalid(failure.message)),
    }
}

/// How a job goes.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn progress<'a>(app: &App, query: &'a Query) -> Result<Progress<'a>> {
    let failed = |message: &str| {
        Progress::Failed(Failure {
            message: message.to_owned(),
            line: None,
            character: None,
        })
    };
    match (query.status, &query.outcome, &query.failure) {
        (QueryStatus::Ready, Some(outcome), _) => return Ok(Progress::Completed(outcome)),
        (QueryStatus::Pending, ..) => {}
        (QueryStatus::Cancelled, ..) => return Ok(failed("The query was cancelled")),
        (_, _, Some(failure)) => return Ok(Progress::Failed(failure.clone())),
        (_, _, None) => return Ok(failed("The query failed")),
    }
    let job = match query.job {
        Some(id) => app.store.job(id).await?,
        None => None,
    };
    if let Some(why) = job.as_ref().and_then(Job::given_up) {
        return Ok(failed(&format!("The query {why}")));
    }
    Ok(match job {
        Some(job) if job.attempts == 0 => Progress::Scheduled,
        // One that is done just now is gone before its query was read again.
        _ => Progress::Started,
    })
}

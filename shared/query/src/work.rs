//! Asking in the worker.

use std::time::Duration;

use app::{
    App, Error, Result,
    domain::{
        id::QueryId,
        job::Job,
        query::{Failure, LONGEST, Outcome, Query, QueryStatus},
    },
    files::FileName,
    store::Came,
};

use crate::{
    Asked, Asker, Login,
    asked::{ask, cache, failure},
};

/// How often a running query is looked at, whether somebody has cancelled it.
const LOOK: Duration = Duration::from_secs(1);

/// How often a worker may be lost over a query: it may be the query that ends it.
const LOST: u32 = 8;

/// Answers a query and ends its job; the caller has the turn of whoever asked it. Whatever the warehouse says is an answer; what may
/// mend itself is an error, and the job comes again.
///
/// # Errors
/// `Unavailable` when the table or the files do not answer, or somebody else has the job.
pub async fn work(app: &App, id: QueryId, job: &Job) -> Result<()> {
    let query = app.store.query(id, app.clock.now()).await?;
    let Some(query) = query.filter(|query| query.status == QueryStatus::Pending) else {
        return app.store.finish_job(job).await;
    };
    if is_deadly(job) {
        let failed = failed("The query stopped the worker again and again; ask for less");
        let came = Came::Failure(&failed);
        return app.store.answer_query(id, came, job).await;
    }
    let asking = answer(app, &query, job);
    let outcome = tokio::select! {
        outcome = asking => outcome,
        () = cancelled(app, id) => return app.store.finish_job(job).await,
    };
    let failure = match outcome {
        Ok(outcome) => return app.store.answer_query(id, Came::Rows(&outcome), job).await,
        Err(Error::Warehouse(error)) => failure(&error),
        Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
        Err(error) => failed(error.to_string()),
    };
    app.store
        .answer_query(id, Came::Failure(&failure), job)
        .await
}

/// Whether workers took the job before and never said what came of it. One that fails says so, and counts its failure.
fn is_deadly(job: &Job) -> bool {
    let before = job.attempts.saturating_sub(1);
    before.saturating_sub(job.failures) >= LOST
}

fn failed(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
        line: None,
        character: None,
    }
}

async fn answer(app: &App, query: &Query, job: &Job) -> Result<Outcome> {
    let asked: Asked = query.asked.unpack_json()?;
    let asker = Asker {
        project: query.project,
        organization: query.organization,
        user: query.user,
    };
    let login = Login::of(app, asker, &asked.overrides).await?;
    let name = FileName::rows(query.project, query.id, job.attempts);
    let work = ask(app, asker, &login, &asked, &name, LONGEST);
    let outcome = tokio::time::timeout(LONGEST, work).await;
    let outcome = outcome.unwrap_or(Err(warehouse::Error::Time(LONGEST).into()))?;
    cache(app, asker, &login, &asked, &outcome).await;
    Ok(outcome)
}

/// Ends when somebody has cancelled the query, or its project is gone with it.
async fn cancelled(app: &App, id: QueryId) {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Ok(query) = app.store.query(id, app.clock.now()).await
            && query.is_none_or(|query| query.status == QueryStatus::Cancelled)
        {
            return;
        }
    }
}

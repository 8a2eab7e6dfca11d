//! Files of kept rows, of any size: at once where that is quick, else as a job of the worker, which whoever asks for the same
//! finds again.

use std::time::Duration;

use ::export::File;
use app::{
    App, Error, Kind, Result, Timestamp,
    domain::{
        id::{QueryId, WorkId},
        job::Job,
        packed::Packed,
        query::{KEPT, Query},
        work::{Work, WorkKind},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    export::{Made, Wanted, file_of, make},
    job,
};

/// How long a file is tried while its caller waits: an HTTP API gives up after 30 seconds, and the job has to be begun yet.
const AT_ONCE: Duration = Duration::from_secs(20);
/// Bytes of rows that are not even tried at once when there are more: a small function does not get through them in time.
const SMALL: u64 = 64 * 1024 * 1024;
/// How long the worker may make a file; a function ends after 15 minutes.
const LONGEST: Duration = Duration::from_secs(13 * 60);
/// How often the worker says that it is still at it; several times in a lease.
const STILL_THERE: Duration = Duration::from_secs(60);
/// How often a worker may be lost over a file: it may be the file that ends it. As often as over a query.
const LOST: u32 = 8;
/// How often a file is begun anew that was given up.
const TURNS: u32 = 3;
/// What somebody is told whose file takes longer.
const GOES_ON: &str = "The file is not there yet, and goes on being made: GET /api/v1/schedulers/job/{jobId}/status tells when \
    it is, and the same request answers it then";

/// What is to be made of which rows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    query: QueryId,
    kind: File,
    wanted: Wanted,
}

/// What became of a wish.
enum Found {
    /// Nobody had it; what is begun now is called so.
    Nothing(WorkId),
    /// It is being made, is there, or cannot be.
    Begun(Box<Work>),
    /// It was given up again and again; why.
    GivenUp(String),
}

impl Wish {
    fn new(query: &Query, wanted: &Wanted, kind: File) -> Self {
        Self {
            query: query.id,
            kind,
            wanted: wanted.clone(),
        }
    }

    /// The same wish is the same work, so that two who ask at once begin one.
    fn id(&self, query: &Query, turn: u32) -> Result<WorkId> {
        let wish = serde_json::to_vec(&(self, turn));
        let wish = wish.map_err(|error| Error::Internal(error.into()))?;
        Ok(WorkId::file_of(query.project, &wish))
    }

    async fn find(&self, app: &App, query: &Query) -> Result<Found> {
        let mut why = String::new();
        for turn in 0..TURNS {
            let id = self.id(query, turn)?;
            let Some(work) = app.store.work(id, app.clock.now()).await? else {
                return Ok(Found::Nothing(id));
            };
            match saved::work::given_up(app, &work).await? {
                Some(reason) => why = reason,
                None => return Ok(Found::Begun(Box::new(work))),
            }
        }
        Ok(Found::GivenUp(why))
    }

    /// Begins the work of this name; answers that of another caller who was first.
    async fn begin(&self, app: &App, query: &Query, id: WorkId) -> Result<Work> {
        let (place, now) = ((query.project, query.organization), app.clock.now());
        let what = (id, WorkKind::QueryFile);
        let input = Packed::pack_json(self)?;
        let (mut work, job) = Work::new(what, place, query.user, input, (&app.random, now));
        // The file goes soon after; the query, without which nobody asks for it, not later.
        work.expires_at = now + KEPT;
        match app.store.create_work(&work, &job).await {
            Err(lost @ Error::Exists(_)) => app.store.work(id, now).await?.ok_or(lost),
            done => done.map(|()| work),
        }
    }
}

/// Begins a file of a query's kept rows, unless it was begun already.
///
/// # Errors
/// As [`job::rows`] when the rows are not there; `Invalid` for a file that was given up again and again.
pub async fn begin(app: &App, query: &Query, wanted: &Wanted, kind: File) -> Result<WorkId> {
    job::rows(app, query).await?;
    let wish = Wish::new(query, wanted, kind);
    match wish.find(app, query).await? {
        Found::Begun(work) => Ok(work.id),
        Found::Nothing(id) => Ok(wish.begin(app, query, id).await?.id),
        Found::GivenUp(why) => Err(Error::invalid(why)),
    }
}

/// A file of a query's kept rows: a link to it, and whether rows were left out. One that takes long goes on in the worker.
///
/// # Errors
/// As [`file_of`]; `GoesOn` while it is being made; `Invalid` when it cannot be.
pub async fn file(app: &App, query: &Query, wanted: &Wanted, kind: File) -> Result<(String, bool)> {
    let outcome = job::rows(app, query).await?;
    let wish = Wish::new(query, wanted, kind);
    let work = match wish.find(app, query).await? {
        Found::Begun(work) => *work,
        Found::GivenUp(why) => return Err(Error::invalid(why)),
        Found::Nothing(id) => {
            if outcome.bytes <= SMALL {
                let making = Box::pin(file_of(app, query, wanted, kind));
                if let Ok(made) = tokio::time::timeout(AT_ONCE, making).await {
                    return made;
                }
            }
            wish.begin(app, query, id).await?
        }
    };
    if let Some(error) = &work.error {
        return Err(Error::invalid(error.as_str()));
    }
    link(app, &work).await?.ok_or(Error::GoesOn {
        sentence: GOES_ON,
        job: work.id,
    })
}

/// A link to the file that a piece of work made, and whether rows were left out; nothing while it is not there.
///
/// # Errors
/// `Unavailable` when the link cannot be signed.
pub async fn link(app: &App, work: &Work) -> Result<Option<(String, bool)>> {
    let Some(details) = &work.details else {
        return Ok(None);
    };
    let made: Made = details.unpack_json()?;
    let link = made.link(app, work.project).await?;
    Ok(Some((link, made.truncated)))
}

/// Makes a file and ends its job. Answers when somebody has to come back to it. Whatever is wrong with what was asked is an answer.
///
/// # Errors
/// `Unavailable` when the table or the files do not answer, or somebody else has the job.
pub async fn work(app: &App, work: &Work, job: &Job) -> Result<Option<Timestamp>> {
    if work.details.is_some() || work.error.is_some() {
        return app.store.finish_job(job).await.map(|()| None);
    }
    let came = match Box::pin(attempt(app, work, job)).await {
        Ok(None) => return Ok(Some(app.clock.now())),
        Ok(Some(made)) => Ok(Packed::pack_json(&made)?),
        Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
        Err(error) => Err(error.to_string()),
    };
    app.store.finish_work(work.id, came, job).await?;
    Ok(None)
}

/// The file; nothing when it is to be made the next time.
async fn attempt(app: &App, work: &Work, job: &Job) -> Result<Option<Made>> {
    let wish: Wish = work.input.unpack_json()?;
    let query = app.store.query(wish.query, app.clock.now()).await?;
    let query = query.ok_or(Error::Expired(Kind::Query))?;
    let outcome = job::rows(app, &query).await?;
    // The first call of a job may have others behind it, which do not wait for a large file.
    if outcome.bytes > SMALL && job.attempts == 1 {
        return Ok(None);
    }
    let before = job.attempts.saturating_sub(1);
    if before.saturating_sub(job.failures) >= LOST {
        let sentence = "The file stopped the worker again and again; ask for less";
        return Err(Error::invalid(sentence));
    }
    app.store.note_progress(work.id, &json!({})).await?;
    let making = make(app, &query, &wish.wanted, wish.kind);
    tokio::select! {
        made = tokio::time::timeout(LONGEST, making) => match made {
            Ok(made) => made.map(Some),
            Err(_) => Err(Error::invalid(format!(
                "The file takes longer than {} minutes to be made; ask for less",
                LONGEST.as_secs() / 60
            ))),
        },
        error = lost(app, job) => Err(error),
    }
}

/// Stays at the job; ends when somebody else has it.
async fn lost(app: &App, job: &Job) -> Error {
    loop {
        tokio::time::sleep(STILL_THERE).await;
        match app.store.keep_job(job, app.clock.now()).await {
            Ok(()) => {}
            Err(Error::Changed(_)) => {
                return Error::Unavailable(anyhow::anyhow!("another worker makes this file"));
            }
            // There are more tries before the lease is over.
            Err(error) => tracing::warn!(cause = error.cause(), "A lease is not renewed."),
        }
    }
}

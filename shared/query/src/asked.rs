//! Asking so that the answer is kept: at once where it is quick, else by the worker.

use std::time::{Duration, Instant};

use ::export::File;
use app::{
    App, Error, Result, Timestamp,
    domain::{
        activity::Did,
        id::QueryId,
        job::{Job, Task},
        limit::Limit,
        packed::Packed,
        query::{
            AT_ONCE, CachedRows, Failure, KEPT, LARGEST, Outcome, Purpose, Query, QueryStatus,
        },
    },
    files::FileName,
};
use semantic::pivot::Pivot;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use warehouse::{RowStream, Statement};

use crate::{
    Asker, Login,
    export::{self, Source, Wanted, Written},
    fold::fold,
    keep::{MOST_ROWS, keep},
    login::Overrides,
    run::{self, Tags},
};

/// What was asked, as it is kept with the query.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Asked {
    pub sql: String,
    pub overrides: Overrides,
    pub tags: Tags,
    /// The metric query, as it is echoed.
    pub metric_query: Value,
    /// The items of the columns.
    pub fields: Map<String, Value>,
    /// Rows that are kept at most.
    pub most: Option<u64>,
    /// What the file is to be, where one is made of the rows as they come; else null.
    pub csv: Value,
    /// How the rows are turned by the statement.
    pub pivot: Option<Pivot>,
    /// Whether the metric query is a saved one, or made of one: the SQL in it was looked at when it was saved.
    pub saved: bool,
}

/// How a question is to be asked.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    pub purpose: Purpose,
    /// Whether rows that another query left will not do.
    pub fresh: bool,
}

/// A question that was asked.
pub struct Submitted {
    pub query: Query,
    /// What was wrong with it, where that is known already.
    pub error: Option<warehouse::Error>,
}

/// Asks a question and keeps it: answered, failed, or with the job that will answer it.
///
/// # Errors
/// `TooMany` at the limits; `NotFound` and `Warehouse` when there is no way into the warehouse.
pub async fn submit(app: &App, asker: Asker, asked: &Asked, manner: Manner) -> Result<Submitted> {
    let now = app.clock.now();
    count(app, asker, now).await?;
    let login = Login::of(app, asker, &asked.overrides).await?;
    let packed = Packed::pack_json(asked)?;
    if packed.0.len() > LARGEST {
        return Err(Error::invalid("The query is too large to be kept"));
    }
    let mut query = new_query(app, asker, packed, manner.purpose);
    // A file is made for one who asked; rows are for all who ask the same.
    let kept = app
        .config
        .results_cache
        .filter(|_| manner.purpose != Purpose::Csv);
    let key = kept.map(|_| cache_key(&login, asked));
    if let (Some(key), false) = (&key, manner.fresh)
        && let Some(found) = app.store.cached_rows(asker.project, key, now).await?
    {
        query.expires_at = found.outcome.expires_at.min(query.expires_at);
        query.status = QueryStatus::Ready;
        query.outcome = Some(found.outcome);
        query.cached = true;
        app.store.create_query(&query, None).await?;
        return Ok(Submitted { query, error: None });
    }
    if !login.tries_free {
        return leave(app, query).await;
    }
    let first = FileName::rows(asker.project, query.id, 0);
    let trying = async {
        let _turn = run::turn(app, asker).await?;
        ask(app, asker, &login, asked, &first, AT_ONCE).await
    };
    match tokio::time::timeout(AT_ONCE, trying).await {
        Err(_) | Ok(Err(Error::Warehouse(warehouse::Error::Time(_)))) => leave(app, query).await,
        Ok(Err(Error::Warehouse(error))) => {
            query.status = QueryStatus::Error;
            query.failure = Some(failure(&error));
            app.store.create_query(&query, None).await?;
            let error = Some(error);
            Ok(Submitted { query, error })
        }
        Ok(outcome) => {
            let outcome = outcome?;
            cache(app, asker, &login, asked, &outcome).await;
            query.status = QueryStatus::Ready;
            query.outcome = Some(outcome);
            app.store.create_query(&query, None).await?;
            Ok(Submitted { query, error: None })
        }
    }
}

/// Leaves a query to the worker.
async fn leave(app: &App, mut query: Query) -> Result<Submitted> {
    let task = Task::RunQuery { query: query.id };
    let job = Job::new(task, &app.random, app.clock.now()).of(query.user, query.project);
    query.job = Some(job.id);
    app.store.create_query(&query, Some(&job)).await?;
    Ok(Submitted { query, error: None })
}

/// Counts a query of somebody against the limits.
///
/// # Errors
/// `TooMany` with how long to wait.
pub async fn count(app: &App, asker: Asker, now: Timestamp) -> Result<()> {
    let limits = &app.config.limits;
    // Somebody's own limit first: what is refused there takes nothing from the others.
    let user = limits.counter(Limit::QueryUser, &asker.user.to_string(), now);
    app.store.count([&user], now).await?;
    let organization = asker.organization.to_string();
    let organization = limits.counter(Limit::QueryOrganization, &organization, now);
    let noted = note(app, asker, now);
    let (counted, ()) = tokio::join!(app.store.count([&organization], now), noted);
    counted
}

/// Notes that somebody asked something, for whoever looks who uses a project; it is no harm when that fails.
async fn note(app: &App, asker: Asker, now: Timestamp) {
    let (project, user) = (asker.project, asker.user);
    let noted = app.store.note_activity(project, user, Did::Queried, now);
    if let Err(error) = noted.await {
        tracing::warn!(cause = error.cause(), "A query is not noted.");
    }
}

fn new_query(app: &App, asker: Asker, asked: Packed, purpose: Purpose) -> Query {
    let now = app.clock.now();
    Query {
        id: QueryId::new(&app.random),
        project: asker.project,
        organization: asker.organization,
        user: asker.user,
        purpose,
        status: QueryStatus::Pending,
        created_at: now,
        expires_at: now + KEPT,
        asked,
        outcome: None,
        failure: None,
        cached: false,
        page_size: None,
        job: None,
    }
}

/// Asks the warehouse and keeps the rows in a file. The caller has the asker's turn: waiting for it takes nothing from the time.
///
/// # Errors
/// `Warehouse` for whatever stopped it, `Unavailable` when the file cannot be written.
pub(crate) async fn ask(
    app: &App,
    asker: Asker,
    login: &Login,
    asked: &Asked,
    name: &FileName,
    time: Duration,
) -> Result<Outcome> {
    let (begun, asked_at) = (Instant::now(), app.clock.now());
    let statement = Statement {
        sql: asked.sql.clone(),
        tags: asked.tags.of(asker),
        time,
    };
    let mut rows = login.warehouse.stream(&statement).await?;
    let mut pivot = Value::Null;
    if let Some(turned) = &asked.pivot {
        let folded = fold(rows, turned).await?;
        (rows, pivot) = (folded.rows, folded.details);
    }
    let columns = serde_json::to_value(&rows.columns);
    let written = if asked.csv.is_null() {
        let most = asked.most.unwrap_or(MOST_ROWS).min(MOST_ROWS);
        keep(app, name, rows, most).await?
    } else {
        csv(app, name, asked, rows).await?
    };
    Ok(Outcome {
        file: name.as_str().to_owned(),
        bytes: written.bytes,
        columns: columns.map_err(|error| Error::Internal(error.into()))?,
        rows: written.rows,
        truncated: written.truncated,
        pivot,
        milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        asked_at,
        expires_at: asked_at + KEPT,
    })
}

/// Writes an answer straight into the file that was asked for.
async fn csv(app: &App, name: &FileName, asked: &Asked, rows: RowStream) -> Result<Written> {
    let wanted: Wanted =
        serde_json::from_value(asked.csv.clone()).map_err(|error| Error::Internal(error.into()))?;
    let plan = export::wanted_plan(&rows.columns, &asked.fields, &wanted)?;
    let (mut source, most) = (Source::Warehouse(rows), asked.most);
    match wanted.pivot_config {
        Some(turn) => export::turned(app, name, (plan, turn), &mut source, File::Csv, most).await,
        None => export::csv(app, name, plan, &mut source, most).await,
    }
}

/// What rows are found by: the SQL, which has the user's attributes and the zone in it, and the login.
pub(crate) fn cache_key(login: &Login, asked: &Asked) -> String {
    let mut hash = Sha256::new();
    hash.update("1\0");
    hash.update(&login.identity);
    hash.update(asked.most.unwrap_or(MOST_ROWS).to_le_bytes());
    // The same statement, turned, has other rows.
    hash.update([u8::from(asked.pivot.is_some())]);
    hash.update(&asked.sql);
    hex::encode(hash.finalize())
}

/// Keeps rows for the next who asks the same, if that is set up; it is no harm when it fails.
pub(crate) async fn cache(
    app: &App,
    asker: Asker,
    login: &Login,
    asked: &Asked,
    outcome: &Outcome,
) {
    let Some(lifetime) = app.config.results_cache.filter(|_| asked.csv.is_null()) else {
        return;
    };
    let rows = CachedRows {
        outcome: outcome.clone(),
        // A query that finds the rows has to outlast the reading of them.
        expires_at: (app.clock.now() + lifetime).min(outcome.asked_at + KEPT / 2),
    };
    let key = cache_key(login, asked);
    if let Err(error) = app.store.cache_rows(asker.project, &key, &rows).await {
        tracing::warn!(cause = error.cause(), "Rows are not kept for the next.");
    }
}

/// A warehouse's refusal, as it is kept.
pub(crate) fn failure(error: &warehouse::Error) -> Failure {
    let (line, character) = match error {
        warehouse::Error::Query {
            line, character, ..
        } => (*line, *character),
        _ => (None, None),
    };
    Failure {
        message: error.to_string(),
        line,
        character,
    }
}

//! Rows of answers in one piece that are left for the next who asks the same, and found by them.

use std::time::Duration;

use app::{
    App, Error, Result, Timestamp,
    domain::{
        id::QueryId,
        query::{KEPT, Outcome},
    },
    files::FileName,
};
use serde_json::Value;
use tokio::time::timeout;
use warehouse::{Row, Rows};

use crate::{
    Asked, Asker, Login, Question,
    answer::{CacheMetadata, asked_of},
    asked::{cache, cache_key},
    keep::keep_all,
    page::{self, Reader},
    run::{LARGEST, Tags},
};

/// How long an answer waits for its rows to be written: an HTTP API gives up five seconds after the warehouse's last one.
const WRITING: Duration = Duration::from_secs(2);

/// Where the rows of a question are left.
pub struct Place<'a> {
    app: &'a App,
    asker: Asker,
    login: &'a Login,
    asked: Asked,
}

impl<'a> Place<'a> {
    /// The place of a question that goes under this login; none where rows are not kept for others.
    ///
    /// # Errors
    /// None, as the question's explore was read before.
    pub fn of(
        app: &'a App,
        (asker, login): (Asker, &'a Login),
        question: &Question,
        tags: &Tags,
    ) -> Result<Option<Self>> {
        if app.config.results_cache.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            app,
            asker,
            login,
            asked: asked_of(question, tags.clone())?,
        }))
    }

    /// The rows that another query left here. Those that no answer in one piece holds are passed over.
    ///
    /// # Errors
    /// `Unavailable` when the table or the files do not answer.
    pub async fn find(&self) -> Result<Option<(Rows, CacheMetadata)>> {
        let key = cache_key(self.login, &self.asked);
        let (store, now) = (&self.app.store, self.app.clock.now());
        let found = store.cached_rows(self.asker.project, &key, now).await?;
        let outcome = found.map(|found| found.outcome);
        let Some(outcome) = outcome.filter(|outcome| outcome.bytes <= LARGEST as u64) else {
            return Ok(None);
        };
        let rows = match read(self.app, &outcome).await {
            // The file went first.
            Err(Error::Expired(_)) => return Ok(None),
            rows => rows?,
        };
        let columns = page::columns(&outcome)?;
        let metadata = CacheMetadata::found(self.app, &outcome);
        Ok(Some((Rows { columns, rows }, metadata)))
    }

    /// Leaves rows here: when they were asked for, and how long that took. It is no harm when it fails.
    pub async fn keep(&self, rows: &Rows, (asked_at, took): (Timestamp, Duration)) {
        match timeout(WRITING, self.write(rows, (asked_at, took))).await {
            Ok(Ok(outcome)) => cache(self.app, self.asker, self.login, &self.asked, &outcome).await,
            Ok(Err(error)) => {
                tracing::warn!(cause = error.cause(), "Rows are not kept for the next.");
            }
            Err(_) => tracing::warn!("Rows are not kept for the next, as writing takes too long."),
        }
    }

    async fn write(&self, rows: &Rows, (asked_at, took): (Timestamp, Duration)) -> Result<Outcome> {
        let name = FileName::rows(self.asker.project, QueryId::new(&self.app.random), 0);
        let columns = serde_json::to_value(&rows.columns);
        let written = keep_all(self.app, &name, &rows.rows).await?;
        Ok(Outcome {
            file: name.as_str().to_owned(),
            bytes: written.bytes,
            columns: columns.map_err(|error| Error::Internal(error.into()))?,
            rows: written.rows,
            truncated: false,
            pivot: Value::Null,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            asked_at,
            expires_at: asked_at + KEPT,
        })
    }
}

/// All rows of an answer.
async fn read(app: &App, outcome: &Outcome) -> Result<Vec<Row>> {
    let (mut reader, mut all) = (Reader::new(outcome)?, Vec::new());
    while let Some(mut rows) = reader.next(app).await? {
        all.append(&mut rows);
    }
    Ok(all)
}

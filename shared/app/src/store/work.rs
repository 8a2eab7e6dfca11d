//! Work that somebody polls, and the job that does it.

use serde::Serialize;

use super::{Ends, Store, keys, live, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::WorkId,
        job::Job,
        packed::Packed,
        work::{Work, WorkStatus},
    },
    error::Kind,
};

impl Ends for Work {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Store {
    /// New work with its job.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn create_work(&self, work: &Work, job: &Job) -> Result<()> {
        let put = Write::put(keys::work(work.id), "work", work).expires(work.expires_at);
        self.apply([
            Self::project_stays(work.project),
            put.when_absent().or(Error::Exists(Kind::Job)),
            Self::job_write(job),
        ])
        .await
    }

    /// A piece of work, while it can be asked for.
    pub async fn work(&self, id: WorkId, now: Timestamp) -> Result<Option<Work>> {
        Ok(live(self.get(&keys::work(id)).await?, now))
    }

    /// Notes how far a piece of work got: the next worker goes on there.
    ///
    /// # Errors
    /// `Unavailable` when it was ended meanwhile.
    pub async fn note_progress(&self, id: WorkId, progress: &impl Serialize) -> Result<()> {
        let write = Write::update(keys::work(id))
            .set("status", WorkStatus::Started)
            .set("progress", Packed::pack_json(progress)?)
            .when_missing("details")
            .when_missing("error");
        self.apply([write.or(Error::Unavailable(anyhow::anyhow!(
            "this work was ended meanwhile"
        )))])
        .await
    }

    /// Writes down what came of a piece of work and ends its job: the details, or why it failed.
    ///
    /// # Errors
    /// `Unavailable` when another worker has the job.
    pub async fn finish_work(
        &self,
        id: WorkId,
        came: Result<Packed, String>,
        job: &Job,
    ) -> Result<()> {
        let write = Write::update(keys::work(id)).remove("progress");
        let write = match came {
            Ok(details) => write
                .set("status", WorkStatus::Completed)
                .set("details", details),
            Err(error) => write.set("status", WorkStatus::Error).set("error", error),
        };
        let write = write.when_present().or(Error::NotFound(Kind::Job));
        match self.apply([write, Self::job_done_write(job)]).await {
            // Its project is gone, and it with that.
            Err(Error::NotFound(_)) => self.finish_job(job).await,
            other => other,
        }
    }
}

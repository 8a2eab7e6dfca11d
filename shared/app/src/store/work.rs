//! Work that somebody polls, and the job that does it.

use serde::{Deserialize, Serialize};

use super::{Ends, Store, keys, live, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{UserId, WorkId},
        job::Job,
        packed::Packed,
        work::{Work, WorkStatus},
    },
    error::Kind,
};

/// What an idempotency key stands for.
const BEGUN: &str = "work";

impl Ends for Work {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// That a project has a piece of work: the key says it all.
#[derive(Serialize, Deserialize)]
struct Listed {}

impl Store {
    /// New work with its job.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn create_work(&self, work: &Work, job: &Job) -> Result<()> {
        let mut writes = vec![Self::project_stays(work.project)];
        writes.extend(Self::work_writes(work, job));
        self.apply(writes).await
    }

    /// New work that a request with an idempotency key begins, with the claim of the key.
    ///
    /// # Errors
    /// `Changed` when a request with the same key was first; `NotExists` when the project is gone.
    pub async fn create_work_once(&self, work: &Work, job: &Job, client_key: &str) -> Result<()> {
        let made = work.id.to_string();
        let claim = Self::claim_write(work.user, (BEGUN, client_key), &made, work.created_at);
        let mut writes = vec![Self::project_stays(work.project)];
        writes.extend(Self::work_writes(work, job));
        writes.push(claim.or(Error::Changed(Kind::Job)));
        self.apply(writes).await
    }

    /// The work that an earlier request with the same idempotency key began.
    pub async fn work_begun_before(
        &self,
        user: UserId,
        client_key: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<WorkId>> {
        let made = self.made_before(user, (BEGUN, client_key), now).await?;
        Ok(made.as_deref().and_then(WorkId::parse))
    }

    /// The writes of new work, where its project finds it when it goes, and of its job; the caller checks that the project
    /// stays.
    pub(super) fn work_writes(work: &Work, job: &Job) -> [Write; 3] {
        let until = work.expires_at;
        let put = Write::put(keys::work(work.id), "work", work).expires(until);
        let listed = keys::work_of(work.project, work.id);
        [
            put.when_absent().or(Error::Exists(Kind::Job)),
            Write::put(listed, "project work", &Listed {}).expires(until),
            Self::job_write(job),
        ]
    }

    /// A piece of work, while it can be asked for.
    pub async fn work(&self, id: WorkId, now: Timestamp) -> Result<Option<Work>> {
        Ok(live(self.get(&keys::work(id)).await?, now))
    }

    /// Notes how far a piece of work got: the next worker goes on there.
    ///
    /// # Errors
    /// `Unavailable` when it was ended meanwhile, or went with its project.
    pub async fn note_progress(&self, id: WorkId, progress: &impl Serialize) -> Result<()> {
        let write = Write::update(keys::work(id))
            .set("status", WorkStatus::Started)
            .set("progress", Packed::pack_json(progress)?)
            .when_present()
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

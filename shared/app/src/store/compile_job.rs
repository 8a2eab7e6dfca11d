//! Compilations of a project.

use serde::{Deserialize, Serialize};

use super::{Ends, Store, keys, live, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        compile_job::CompileJob,
        id::{CompileJobId, UserId},
    },
    error::Kind,
};

/// That a project has a compilation: the key says it all.
#[derive(Serialize, Deserialize)]
struct Listed {}

impl Ends for CompileJob {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Store {
    /// A new compilation, where its project finds it when it goes, and the claim of the request's idempotency key.
    ///
    /// # Errors
    /// `NotExists` when the project is gone; `Changed` when a request with the same key was first.
    pub async fn create_compile_job(&self, job: &CompileJob, key: Option<&str>) -> Result<()> {
        let mut writes = Self::compile_job_writes(job, ("refresh", key));
        writes.push(Self::project_stays(job.project));
        self.apply(writes).await
    }

    /// The writes of a compilation that begins, with the operation and the request's idempotency key; the caller checks
    /// that the project stays.
    pub(super) fn compile_job_writes(
        job: &CompileJob,
        (operation, key): (&'static str, Option<&str>),
    ) -> Vec<Write> {
        let until = job.expires_at;
        let mut writes = vec![
            Write::put(keys::compile_job(job.id), "compile job", job)
                .expires(until)
                .when_absent()
                .or(Error::Exists(Kind::Job)),
            Write::put(
                keys::compilation(job.project, job.id),
                "compilation",
                &Listed {},
            )
            .expires(until),
        ];
        writes.extend(key.map(|key| {
            Self::claim_write(
                job.user,
                (operation, key),
                &job.id.to_string(),
                job.created_at,
            )
            .or(Error::Changed(Kind::Job))
        }));
        writes
    }

    /// A compilation, while it can be looked at.
    pub async fn compile_job(
        &self,
        id: CompileJobId,
        now: Timestamp,
    ) -> Result<Option<CompileJob>> {
        Ok(live(self.get(&keys::compile_job(id)).await?, now))
    }

    /// What an earlier request of the same operation with the same idempotency key made.
    pub async fn compile_job_made_before(
        &self,
        user: UserId,
        claim: (&'static str, Option<&str>),
        now: Timestamp,
    ) -> Result<Option<CompileJobId>> {
        let made = self.made_before(user, claim, now).await?;
        Ok(made.as_deref().and_then(CompileJobId::parse))
    }
}

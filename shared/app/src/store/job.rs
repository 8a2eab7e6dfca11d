//! Work that outlives a request.

use super::{Store, apply::One, keys, page::read, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::JobId,
        job::{Job, KEPT, LEASE},
    },
    error::Kind,
};

/// What became of taking a job.
#[derive(Debug)]
pub enum Taken {
    /// It is the caller's until its lease is over.
    Yes(Box<Job>),
    /// Somebody else is at it, or it is not due: come back then.
    NotYet(Timestamp),
    /// It is done, or was given up.
    Over,
}

/// Somebody else has taken the job meanwhile.
fn lost() -> Error {
    Error::Unavailable(anyhow::anyhow!("another worker has taken this job"))
}

impl Store {
    /// The write of a new job; goes into the transaction that causes it.
    pub(super) fn job_write(job: &Job) -> Write {
        Write::put(keys::job(job.id), "job", job)
            .indexed(keys::late_job(job.id, job.due_at))
            .begins(job.id)
    }

    /// A job, until it is done.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>> {
        self.get(&keys::job(id)).await
    }

    /// Takes a job that is due and that nobody is at.
    pub async fn take_job(&self, id: JobId, now: Timestamp) -> Result<Taken> {
        let write = Write::update(keys::job(id))
            .set("leaseUntil", now + LEASE)
            .add("attempts", 1)
            .when_present()
            .when_missing("failedAt")
            .when_missing_or_over("dueAt", now)
            .when_missing_or_over("leaseUntil", now);
        Ok(match self.apply_telling(write).await? {
            One::Done(item) => Taken::Yes(Box::new(read(item)?)),
            One::Lost(None) => Taken::Over,
            One::Lost(Some(item)) => {
                let job: Job = read(item)?;
                match job.failed_at {
                    Some(_) => Taken::Over,
                    None => Taken::NotYet(job.lease_until.unwrap_or(job.due_at).max(job.due_at)),
                }
            }
        })
    }

    /// Stays at a job for another lease.
    ///
    /// # Errors
    /// `Changed` when somebody else has it, or it is over.
    pub async fn keep_job(&self, job: &Job, now: Timestamp) -> Result<()> {
        let write = Write::update(keys::job(job.id))
            .set("leaseUntil", now + LEASE)
            .when_equal("attempts", job.attempts);
        self.apply([write.or(Error::Changed(Kind::Job))]).await
    }

    /// Lets go of a job until it is due again, with its counts as they are in `job`.
    ///
    /// # Errors
    /// `Unavailable` when somebody else has it.
    pub async fn put_off_job(&self, job: &Job, due: Timestamp) -> Result<()> {
        let write = Write::update(keys::job(job.id))
            .set("dueAt", due)
            .set("walks", job.walks)
            .set("failures", job.failures)
            .remove("leaseUntil")
            .indexed(keys::late_job(job.id, due))
            .when_equal("attempts", job.attempts);
        self.apply([write.or(lost())]).await
    }

    /// Gives a job up, with the reason that is in `job`; it can be looked at for a week.
    ///
    /// # Errors
    /// `Unavailable` when somebody else has it.
    pub async fn park_job(&self, job: &Job, now: Timestamp) -> Result<()> {
        let write = Write::update(keys::job(job.id))
            .set("failedAt", now)
            .remove("leaseUntil")
            .remove("gsi1pk")
            .remove("gsi1sk")
            .expires(now + KEPT)
            .when_equal("attempts", job.attempts);
        let write = match &job.reason {
            Some(reason) => write.set("reason", reason),
            None => write,
        };
        self.apply([write.or(lost())]).await
    }

    /// The write that ends a job which is done.
    pub(super) fn job_done_write(job: &Job) -> Write {
        Write::delete(keys::job(job.id))
            .when_equal("attempts", job.attempts)
            .or(lost())
    }

    /// Removes a job that is done.
    ///
    /// # Errors
    /// `Unavailable` when somebody else has it.
    pub async fn finish_job(&self, job: &Job) -> Result<()> {
        self.apply([Self::job_done_write(job)]).await
    }

    /// Ends the lease of a job, for a process that knows there is no other worker: whoever had it is dead. What they might
    /// still write fails, as the next to take the job counts on.
    pub async fn release_job(&self, id: JobId) -> Result<()> {
        let write = Write::update(keys::job(id)).remove("leaseUntil");
        match self.apply([write.when_present().or(lost())]).await {
            // It is done.
            Err(Error::Unavailable(_)) => Ok(()),
            other => other,
        }
    }

    /// Work that is not done, the soonest due first; what was written a moment ago may be missing.
    pub async fn late_open_jobs(&self) -> Result<Vec<JobId>> {
        let keys = self.all_late_keys(keys::LATE_JOBS).await?;
        let id = |key: &keys::Key| JobId::parse(key.pk.strip_prefix("JOB#")?);
        Ok(keys.iter().filter_map(id).collect())
    }
}

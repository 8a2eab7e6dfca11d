//! Queries, and rows that are kept for the next who asks the same.

use super::{Ends, Store, keys, live, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{ProjectId, QueryId},
        job::Job,
        query::{CachedRows, Catalogue, Failure, Outcome, Query, QueryStatus},
    },
    error::Kind,
};

impl Ends for Query {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Ends for CachedRows {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Ends for Catalogue {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// What came of a query.
#[derive(Debug)]
pub enum Came<'a> {
    Rows(&'a Outcome),
    Failure(&'a Failure),
}

impl Store {
    /// A new query; one that is not answered yet comes with the job that will.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn create_query(&self, query: &Query, job: Option<&Job>) -> Result<()> {
        let mut writes = vec![
            Self::project_stays(query.project),
            Write::put(keys::query(query.id), "query", query)
                .expires(query.expires_at)
                .when_absent()
                .or(Error::Exists(Kind::Query)),
        ];
        writes.extend(job.map(Self::job_write));
        self.apply(writes).await
    }

    /// A query, while it is kept.
    pub async fn query(&self, id: QueryId, now: Timestamp) -> Result<Option<Query>> {
        Ok(live(self.get(&keys::query(id)).await?, now))
    }

    /// Writes down what came of a query and ends its job. What somebody has cancelled stays cancelled.
    ///
    /// # Errors
    /// `Unavailable` when another worker has the job.
    pub async fn answer_query(&self, id: QueryId, came: Came<'_>, job: &Job) -> Result<()> {
        let write = Write::update(keys::query(id));
        let write = match came {
            Came::Rows(outcome) => write
                .set("status", QueryStatus::Ready)
                .set("outcome", outcome),
            Came::Failure(failure) => write
                .set("status", QueryStatus::Error)
                .set("failure", failure),
        };
        let write = write
            .when_equal("status", QueryStatus::Pending)
            .or(Error::Changed(Kind::Query));
        match self.apply([write, Self::job_done_write(job)]).await {
            Err(Error::Changed(_)) => self.finish_job(job).await,
            other => other,
        }
    }

    /// Cancels a query that is not answered yet; one that is stays as it is.
    pub async fn cancel_query(&self, id: QueryId) -> Result<()> {
        let write = Write::update(keys::query(id))
            .set("status", QueryStatus::Cancelled)
            .when_equal("status", QueryStatus::Pending);
        match self.apply([write.or(Error::Changed(Kind::Query))]).await {
            Err(Error::Changed(_)) => Ok(()),
            other => other,
        }
    }

    /// Keeps how many rows the first page had that was read; of any other it changes nothing.
    pub async fn keep_page_size(&self, id: QueryId, size: u64) -> Result<()> {
        let write = Write::update(keys::query(id))
            .set("pageSize", size)
            .when_equal("status", QueryStatus::Ready)
            .when_missing("pageSize");
        match self.apply([write.or(Error::Changed(Kind::Query))]).await {
            Err(Error::Changed(_)) => Ok(()),
            other => other,
        }
    }

    /// Rows that were kept under a key of a project.
    pub async fn cached_rows(
        &self,
        project: ProjectId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<CachedRows>> {
        Ok(live(self.get(&keys::cached_rows(project, key)).await?, now))
    }

    /// Keeps rows for the next who asks the same.
    pub async fn cache_rows(&self, project: ProjectId, key: &str, rows: &CachedRows) -> Result<()> {
        let put = Write::put(keys::cached_rows(project, key), "cached rows", rows);
        self.apply([put.expires(rows.expires_at)]).await
    }

    /// The tables of a project's warehouse as a login saw them.
    pub async fn catalogue(
        &self,
        project: ProjectId,
        login: &str,
        now: Timestamp,
    ) -> Result<Option<Catalogue>> {
        Ok(live(self.get(&keys::catalogue(project, login)).await?, now))
    }

    /// Keeps the tables that a login saw, in the place of those that it saw before.
    pub async fn keep_catalogue(
        &self,
        project: ProjectId,
        login: &str,
        seen: &Catalogue,
    ) -> Result<()> {
        let put = Write::put(keys::catalogue(project, login), "catalogue", seen);
        self.apply([put.expires(seen.expires_at)]).await
    }
}

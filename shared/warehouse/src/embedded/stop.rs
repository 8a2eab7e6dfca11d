//! Queries that are stopped: how they learn of it, and what becomes of those that go on all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use datafusion::common::exec_err;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::engine::PAUSE;
use super::{Error, Result};

tokio::task_local! {
    static STOP: Stop;
}

/// Whether a query is to end. It is asked where a query may go on for long without waiting.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// That of the query which this is called in; elsewhere one that nobody sets.
    pub(super) fn here() -> Self {
        STOP.try_with(Self::clone).unwrap_or_default()
    }

    /// Work that finds this one.
    pub(super) fn within<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        STOP.scope(self, work)
    }

    /// # Errors
    /// That the query was stopped.
    pub(super) fn check(&self) -> datafusion::error::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return exec_err!("the query was stopped");
        }
        Ok(())
    }

    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Stops a task when nobody waits for it any more.
pub(super) struct Abandoned<T> {
    pub(super) task: JoinHandle<T>,
    pub(super) stop: Stop,
    /// Of its engine: that a query was stopped and goes on.
    pub(super) stuck: Arc<AtomicBool>,
    pub(super) spinners: Spinners,
}

impl<T> Drop for Abandoned<T> {
    fn drop(&mut self) {
        if self.task.is_finished() {
            return;
        }
        self.stop.set();
        self.task.abort();
        // On the caller's threads: the engine's own may all be taken.
        let Ok(caller) = Handle::try_current() else {
            return;
        };
        let (task, stuck) = (self.task.abort_handle(), self.stuck.clone());
        let spinners = self.spinners.clone();
        caller.spawn(async move {
            tokio::time::sleep(PAUSE).await;
            if task.is_finished() {
                return;
            }
            stuck.store(true, Ordering::Relaxed);
            let _spinner = Spinner::new(spinners);
            while !task.is_finished() {
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
}

/// How many queries of all engines were stopped and go on all the same: each has a thread, and its memory. Of each project as
/// many count as it may have.
static SPINNING: AtomicUsize = AtomicUsize::new(0);
/// As many as may be before no query is begun, as the process has so many threads and so much memory. A query that is stopped
/// mostly ends within a batch, so more than a few are rare; two projects that have all they may are not to refuse the others.
const MOST: usize = 4 * MOST_OF_ONE;
/// As many as a project may have before none of its queries is begun, so that those of one do not refuse another's.
const MOST_OF_ONE: usize = 2;

/// How many of them a project has.
#[derive(Clone, Debug, Default)]
pub(super) struct Spinners(Arc<AtomicUsize>);

impl Spinners {
    /// # Errors
    /// `Engine` while too many stopped queries go on.
    pub(super) fn has_room(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) < MOST_OF_ONE && SPINNING.load(Ordering::Relaxed) < MOST {
            return Ok(());
        }
        Err(Error::Engine(
            "queries that were stopped still run; try again when they have ended".to_owned(),
        ))
    }
}

/// One of them, as long as it lives.
pub(super) struct Spinner {
    of: Spinners,
    /// Whether it is one of those that a project may have.
    counts: bool,
}

impl Spinner {
    pub(super) fn new(of: Spinners) -> Self {
        let counts = of.0.fetch_add(1, Ordering::Relaxed) < MOST_OF_ONE;
        if counts {
            SPINNING.fetch_add(1, Ordering::Relaxed);
        }
        Self { of, counts }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.of.0.fetch_sub(1, Ordering::Relaxed);
        if self.counts {
            SPINNING.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopped_queries_of_one_project_do_not_refuse_anothers() {
        let (one, two, other) = (
            Spinners::default(),
            Spinners::default(),
            Spinners::default(),
        );
        let first = Spinner::new(one.clone());
        assert!(one.has_room().is_ok());
        let more = [(); 4].map(|()| Spinner::new(one.clone()));
        assert!(one.has_room().is_err());
        let of_two = [(); 4].map(|()| Spinner::new(two.clone()));
        assert!(two.has_room().is_err());
        assert!(other.has_room().is_ok());
        drop((first, more, of_two));
        assert!(one.has_room().is_ok());
    }

    #[tokio::test]
    async fn a_query_that_is_stopped_finds_out() {
        let stop = Stop::default();
        let inside = stop.clone().within(async { Stop::here() }).await;
        assert!(inside.check().is_ok());
        stop.set();
        assert!(inside.check().is_err());
        assert!(Stop::here().check().is_ok());
    }
}

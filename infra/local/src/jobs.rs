//! The worker in the same process: what the table's stream and the scheduler do in the cloud.

use std::{sync::Arc, time::Duration};

use app::{App, Result, domain::id::JobId};
use tokio::sync::{
    Semaphore,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// When the table failed while a job was taken, it is tried again so much later.
const PAUSE: Duration = Duration::from_secs(30);
/// How many jobs are done at once: a mail need not wait for a long deletion.
const AT_ONCE: usize = 4;

/// Jobs that wait to be done.
pub(crate) struct Jobs {
    new: UnboundedReceiver<JobId>,
    again: UnboundedSender<JobId>,
}

impl Jobs {
    /// The jobs, and where the store tells of new ones.
    pub(crate) fn new() -> (Self, UnboundedSender<JobId>) {
        let (again, new) = unbounded_channel();
        let watcher = again.clone();
        (Self { new, again }, watcher)
    }

    /// Does what an earlier process left, then every job that comes, until it is stopped.
    pub(crate) async fn run(mut self, app: App) {
        while let Err(error) = self.take_over(&app).await {
            tracing::error!(cause = error.cause(), "Open jobs cannot be found.");
            tokio::time::sleep(PAUSE).await;
        }
        let places = Arc::new(Semaphore::new(AT_ONCE));
        while let Some(job) = self.new.recv().await {
            let (app, again, places) = (app.clone(), self.again.clone(), places.clone());
            tokio::spawn(async move {
                let Ok(place) = places.acquire().await else {
                    return;
                };
                let wait = match worker::run(&app, job).await {
                    Ok(None) => return,
                    Ok(Some(then)) => then.since(app.clock.now()),
                    Err(error) => {
                        let cause = error.cause();
                        tracing::error!(cause, "A job could not be taken or let go.");
                        PAUSE
                    }
                };
                drop(place);
                tokio::time::sleep(wait).await;
                // Nobody listens once the process stops.
                let _ = again.send(job);
            });
        }
    }

    /// The jobs that an earlier process left. There is one process on a folder, so whoever was at one is gone.
    async fn take_over(&self, app: &App) -> Result<()> {
        for job in app.store.late_open_jobs().await? {
            app.store.release_job(job).await?;
            let _ = self.again.send(job);
        }
        Ok(())
    }
}

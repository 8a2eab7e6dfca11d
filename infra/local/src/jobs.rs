//! The worker in the same process: what the table's stream and the scheduler do in the cloud.

use std::time::Duration;

use app::{App, domain::id::JobId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// When the table failed while a job was taken, it is tried again so much later.
const PAUSE: Duration = Duration::from_secs(30);

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
        match app.store.late_open_jobs().await {
            Ok(open) => open
                .into_iter()
                .for_each(|job| self.later(job, Duration::ZERO)),
            Err(error) => tracing::error!(cause = error.cause(), "Open jobs cannot be found."),
        }
        while let Some(job) = self.new.recv().await {
            let wait = match worker::run(&app, job).await {
                Ok(None) => continue,
                Ok(Some(then)) => then.since(app.clock.now()),
                Err(error) => {
                    tracing::error!(cause = error.cause(), "A job could not be taken or let go.");
                    PAUSE
                }
            };
            self.later(job, wait);
        }
    }

    fn later(&self, job: JobId, wait: Duration) {
        let again = self.again.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            // Nobody listens once the process stops.
            let _ = again.send(job);
        });
    }
}

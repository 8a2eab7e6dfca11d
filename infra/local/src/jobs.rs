//! The worker in the same process: what the table's stream and the scheduler do in the cloud.

use std::{sync::Arc, time::Duration};

use app::{
    App, Result, Timestamp,
    domain::{id::JobId, job::Job},
};
use tokio::sync::{
    Semaphore,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// When the table failed while a job was taken, it is tried again so much later.
const PAUSE: Duration = Duration::from_secs(30);
/// How many jobs are done at once that take nobody's turn: a mail need not wait for a long deletion.
const AT_ONCE: usize = 4;

/// Jobs that wait to be done.
pub struct Jobs {
    new: UnboundedReceiver<JobId>,
    again: UnboundedSender<JobId>,
}

impl Jobs {
    /// The jobs, and where the store tells of new ones.
    pub fn new() -> (Self, UnboundedSender<JobId>) {
        let (again, new) = unbounded_channel();
        let watcher = again.clone();
        (Self { new, again }, watcher)
    }

    /// Does what an earlier process left, then every job that comes, until it is stopped.
    pub async fn run(mut self, app: App) {
        while let Err(error) = self.take_over(&app).await {
            tracing::error!(cause = error.cause(), "Open jobs cannot be found.");
            tokio::time::sleep(PAUSE).await;
        }
        let places = Arc::new(Semaphore::new(AT_ONCE));
        while let Some(id) = self.new.recv().await {
            // Looked at one after the other, however many an earlier process left.
            let job = app.store.job(id).await;
            let (app, again, places) = (app.clone(), self.again.clone(), places.clone());
            tokio::spawn(async move {
                let wait = match in_turn(&app, job, &places).await {
                    Ok(None) => return,
                    Ok(Some(then)) => then.since(app.clock.now()),
                    Err(error) => {
                        let cause = error.cause();
                        tracing::error!(cause, "A job could not be taken or let go.");
                        PAUSE
                    }
                };
                tokio::time::sleep(wait).await;
                // Nobody listens once the process stops.
                let _ = again.send(id);
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

/// Does a job when it is its turn, or when there is a place for one that takes none. Who waits for a turn holds no place, so
/// that whoever asks for much is in nobody else's way.
async fn in_turn(
    app: &App,
    job: Result<Option<Job>>,
    places: &Semaphore,
) -> Result<Option<Timestamp>> {
    let Some(job) = job? else {
        return Ok(None);
    };
    let (_turn, _place) = match job.whose {
        Some(whose) => (app.warehouses.turns.wait(&whose.to_string()).await, None),
        None => (None, places.acquire().await.ok()),
    };
    worker::take(app, job.id).await
}

//! The worker as an AWS Lambda function: which jobs an event is about, and doing them side by side.

use futures_util::{StreamExt, stream};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RuntimeError;
use crate::{App, Result, clock::Timestamp, domain::id::JobId, http::log, timers::Timers};

/// How many jobs of an event are done at once, as far as the memory of a function reaches. The template hands over no more in one
/// event: the time of a function begins with the event, so that none of them may wait for another.
pub const AT_ONCE: usize = 4;

/// What starts the worker: the table's stream, when a job was written, or the scheduler, when somebody has to come back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Work {
    /// The scheduler's: the job to come back to.
    job: Option<JobId>,
    /// The stream's.
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// The records that the stream has to hand over again: from the first of them on, it does.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Again {
    batch_item_failures: Vec<Failed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    item_identifier: String,
}

impl Work {
    /// The jobs that it is about.
    pub fn jobs(&self) -> Vec<JobId> {
        let new = self.recorded().map(|(job, _)| job);
        self.job.into_iter().chain(new).collect()
    }

    /// The stream's jobs, each with the number of its record. One without a number has the whole event come again.
    fn recorded(&self) -> impl Iterator<Item = (JobId, &str)> {
        self.records.iter().filter_map(|record| {
            let key = record.pointer("/dynamodb/Keys/pk/S")?.as_str()?;
            let number = record.pointer("/dynamodb/SequenceNumber");
            let number = number.and_then(Value::as_str).unwrap_or_default();
            Some((JobId::parse(key.strip_prefix("JOB#")?)?, number))
        })
    }

    /// Does the jobs side by side. One that fails stops no other; done again are it and what comes after it in the stream, which
    /// is over then, or somebody's.
    ///
    /// # Errors
    /// When the scheduler's job fails: the platform hands the event over again.
    pub async fn each(&self, run: impl AsyncFn(JobId) -> Result<()>) -> Result<Again> {
        if let Some(job) = self.job {
            run(job).await?;
        }
        let run = &run;
        let doing = self
            .recorded()
            .map(|(job, number)| async move { (job, number, run(job).await) });
        let done: Vec<_> = stream::iter(doing)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut again = Again::default();
        for (job, number, done) in done {
            if let Err(error) = done {
                let cause = error.cause();
                tracing::error!(%job, cause, "A job could not be taken or let go.");
                again.batch_item_failures.push(Failed {
                    item_identifier: number.to_owned(),
                });
            }
        }
        Ok(again)
    }
}

/// Runs the worker until the platform ends it. `run` does one job, and tells when somebody has to come back to it.
///
/// # Errors
/// When the environment cannot be used, or the runtime's interface fails.
pub async fn work(
    run: impl AsyncFn(&App, JobId) -> Result<Option<Timestamp>>,
) -> Result<(), RuntimeError> {
    log::init(log::filter_from_env().as_deref(), std::io::stdout);
    let app = App::from_env().await.inspect_err(|error| {
        tracing::error!(cause = error.cause(), "The worker cannot start.");
    })?;
    let timers = Timers::from_env().await.inspect_err(|error| {
        tracing::error!(cause = error.cause(), "The worker cannot start.");
    })?;
    let (app, timers, run) = (&app, &timers, &run);
    let handle = move |event: LambdaEvent<Work>| async move {
        let one = async |job: JobId| -> Result<()> {
            if let Some(then) = Box::pin(run(app, job)).await? {
                let now = app.clock.now();
                Box::pin(timers.come_back(job, then, now)).await?;
            }
            Ok(())
        };
        let again = Box::pin(event.payload.each(one)).await?;
        Ok::<_, RuntimeError>(again)
    };
    lambda_runtime::run(service_fn(handle)).await
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, time::Duration};

    use serde_json::json;
    use tokio::{sync::Barrier, time::timeout};

    use super::*;
    use crate::Error;

    /// A job by its last digit.
    fn job(digit: usize) -> JobId {
        JobId::parse(&format!("5a1f3a0e-6f5b-4b8e-9f43-0a4a1b2c3d4{digit}")).unwrap()
    }

    /// What the stream says of so many new jobs.
    fn event(jobs: usize) -> Work {
        let record = |digit| {
            let key = json!({ "S": format!("JOB#{}", job(digit)) });
            json!({ "dynamodb": { "Keys": { "pk": key }, "SequenceNumber": format!("10{digit}") } })
        };
        let records: Vec<_> = (0..jobs).map(record).collect();
        serde_json::from_value(json!({ "Records": records })).unwrap()
    }

    fn failed() -> Error {
        Error::Unavailable(anyhow::anyhow!("the table does not answer"))
    }

    #[tokio::test]
    async fn the_jobs_of_an_event_do_not_wait_for_each_other() {
        // Nobody gets on before all are there.
        let all = Barrier::new(AT_ONCE);
        let run = async |_: JobId| -> Result<()> {
            all.wait().await;
            Ok(())
        };
        let event = event(AT_ONCE);
        let done = timeout(Duration::from_secs(30), event.each(run)).await;
        let again = serde_json::to_value(done.unwrap().unwrap()).unwrap();
        assert_eq!(again, json!({ "batchItemFailures": [] }));
    }

    #[tokio::test]
    async fn a_job_that_fails_comes_again_and_stops_no_other() {
        let (event, done) = (event(3), RefCell::new(Vec::new()));
        let run = async |one: JobId| -> Result<()> {
            if one == job(1) {
                return Err(failed());
            }
            done.borrow_mut().push(one);
            Ok(())
        };
        let again = serde_json::to_value(event.each(run).await.unwrap()).unwrap();
        let expected = json!({ "batchItemFailures": [{ "itemIdentifier": "101" }] });
        assert_eq!(again, expected);
        assert_eq!(*done.borrow(), [job(0), job(2)]);
    }

    #[tokio::test]
    async fn the_schedulers_job_fails_its_event() {
        let event: Work = serde_json::from_value(json!({ "job": job(0) })).unwrap();
        let fails = async |_: JobId| -> Result<()> { Err(failed()) };
        assert!(event.each(fails).await.is_err());
        let works = async |_: JobId| -> Result<()> { Ok(()) };
        assert!(event.each(works).await.is_ok());
    }
}

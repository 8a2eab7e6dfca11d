//! Coming back later: one-time schedules that invoke the worker. They cost nothing while they wait.

use std::time::Duration;

use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};

use crate::{Error, Result, clock::Timestamp, config::TimerConfig, domain::id::JobId};

/// A schedule that is due before it is made would never fire.
const SOONEST: Duration = Duration::from_secs(5);

/// Makes schedules.
pub struct Timers {
    client: aws_sdk_scheduler::Client,
    config: TimerConfig,
}

impl Timers {
    /// The scheduler that the environment describes.
    ///
    /// # Errors
    /// `Internal` when a variable is missing.
    #[expect(clippy::disallowed_methods, reason = "the client is built here")]
    pub async fn from_env() -> Result<Self> {
        let config = TimerConfig::from_env()
            .map_err(|sentence| Error::Internal(anyhow::anyhow!(sentence)))?;
        let sdk = crate::app::sdk_config().await;
        Ok(Self {
            client: aws_sdk_scheduler::Client::from_conf((&sdk).into()),
            config,
        })
    }

    /// Has the worker come back to a job then. The schedule removes itself.
    ///
    /// # Errors
    /// `Unavailable` when the scheduler does not answer.
    pub async fn come_back(&self, job: JobId, then: Timestamp, now: Timestamp) -> Result<()> {
        let built = |error| Error::Internal(anyhow::Error::new(error));
        let then = then.max(now + SOONEST);
        let target = Target::builder()
            .arn(&self.config.worker)
            .role_arn(&self.config.role)
            .input(serde_json::json!({ "job": job }).to_string())
            .retry_policy(
                RetryPolicy::builder()
                    .maximum_event_age_in_seconds(6 * 60 * 60)
                    .build(),
            );
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
        let made = self
            .client
            .create_schedule()
            // The same moment of the same job is the same schedule.
            .name(format!("{job}-{}", then.seconds()))
            .group_name(&self.config.group)
            .schedule_expression(then.as_schedule())
            .schedule_expression_timezone("UTC")
            .action_after_completion(ActionAfterCompletion::Delete)
            .flexible_time_window(window.build().map_err(built)?)
            .target(target.build().map_err(built)?)
            .send()
            .await;
        match made {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_conflict_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(Error::Unavailable(
                anyhow::Error::new(error).context("making a schedule"),
            )),
        }
    }
}

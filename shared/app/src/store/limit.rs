//! Counters behind the limits.

use std::time::Duration;

use super::{Store, keys, write::Write};
use crate::{Error, Result, clock::Timestamp, domain::limit::Counter};

/// Counters are of no use after their window; an hour's grace keeps clocks that disagree out of trouble.
const GRACE: Duration = Duration::from_secs(60 * 60);

impl Counter {
    /// Counts one more, or fails with how long to wait.
    pub(super) fn write(&self, now: Timestamp) -> Write {
        // Whole seconds, rounded up: who comes back then is let in.
        let retry_after =
            Duration::from_secs(self.ends.since(now).as_millis().div_ceil(1000) as u64);
        Write::update(keys::limit(self))
            .set("kind", "limit")
            .add("count", 1)
            .expires(self.ends + GRACE)
            .when_below("count", self.most)
            .or(Error::TooMany { retry_after })
    }
}

impl Store {
    /// Counts one more of each, all at once; one request each, as a transaction would make a busy counter a bottleneck.
    ///
    /// # Errors
    /// `TooMany` when one of them is full; the others may have counted.
    pub async fn count<const N: usize>(
        &self,
        counters: [&Counter; N],
        now: Timestamp,
    ) -> Result<()> {
        let mut tasks = tokio::task::JoinSet::new();
        for counter in counters {
            let (store, write) = (self.clone(), counter.write(now));
            tasks.spawn(async move { store.apply([write]).await });
        }
        let mut result = Ok(());
        while let Some(done) = tasks.join_next().await {
            let done = done.unwrap_or_else(|error| Err(Error::Internal(anyhow::Error::new(error))));
            result = match (result, done) {
                (
                    Err(Error::TooMany { retry_after: a }),
                    Err(Error::TooMany { retry_after: b }),
                ) => Err(Error::TooMany {
                    retry_after: a.max(b),
                }),
                (Ok(()), done) => done,
                (earlier, _) => earlier,
            };
        }
        result
    }

    /// Takes back what was counted, as it turned out well. A failure leaves one too many counted, never one too few.
    pub async fn refund(&self, counters: &[Counter]) {
        for counter in counters {
            let _ = self
                .apply([Write::update(keys::limit(counter))
                    .add("count", -1)
                    .when_present()
                    .or(Error::Unauthenticated)])
                .await;
        }
    }
}

//! What the adapters of cloud warehouses share: a time limit, requests that are read whole, and what a time looks like.

use std::{future::Future, time::Duration};

use serde_json::{Number, Value};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{Error, Result};

/// No statement takes longer, whatever it asks for.
const LONGEST_STATEMENT: Duration = Duration::from_secs(24 * 60 * 60);

/// When something is given up.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    time: Duration,
}

impl Deadline {
    /// This long from now; a day at most.
    pub(crate) fn after(time: Duration) -> Self {
        let time = time.min(LONGEST_STATEMENT);
        Self {
            at: Instant::now() + time,
            time,
        }
    }

    /// What a future answers, if it does so in time.
    ///
    /// # Errors
    /// `Time` when it does not; the future is dropped.
    pub(crate) async fn within<T>(self, future: impl Future<Output = Result<T>>) -> Result<T> {
        let done = timeout_at(self.at, future).await;
        done.unwrap_or(Err(Error::Time(self.time)))
    }
}

/// Waits that double: what is asked again soon is asked less often later.
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            longest,
        }
    }

    pub(crate) async fn wait(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 2).min(self.longest);
    }
}

/// The real time, in seconds since 1970.
#[cfg(any(feature = "bigquery", feature = "snowflake"))]
#[expect(
    clippy::disallowed_methods,
    reason = "tokens are signed for the real time"
)]
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// 128 bits that no other request has. They keep a request from running twice and are no secret.
pub(crate) fn request_id() -> u128 {
    use std::hash::{BuildHasher, RandomState};
    // The standard library seeds these from the system's randomness, and no two alike.
    let half = || u128::from(RandomState::new().hash_one(0_u8));
    (half() << 64) | half()
}

/// A request's id in the form of a UUID of version 4 (RFC 9562 §5.4).
#[cfg(any(feature = "athena", feature = "snowflake"))]
pub(crate) fn request_uuid() -> String {
    let id = request_id();
    let id = (id & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{id:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let parts: Vec<_> = parts.into_iter().filter_map(|part| hex.get(part)).collect();
    parts.join("-")
}

/// A message of a server, short enough to show.
pub(crate) fn shown(message: &str) -> String {
    const LONGEST: usize = 2_000;
    message.trim().chars().take(LONGEST).collect()
}

/// A point in time as rows have it; nothing for one that no calendar has.
#[cfg(any(feature = "bigquery", feature = "snowflake"))]
pub(crate) fn timestamp(seconds: i64, nanoseconds: u32) -> Option<String> {
    let time = chrono::DateTime::from_timestamp(seconds, nanoseconds)?;
    Some(zoned(&time.format("%Y-%m-%dT%H:%M:%S%.9f").to_string()))
}

/// A time without a zone, as rows have it: `2024-02-29 12:00:00.500` becomes `2024-02-29T12:00:00.5Z`.
pub(crate) fn zoned(text: &str) -> String {
    let text = text.trim().replacen(' ', "T", 1);
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}Z")
}

/// A number as rows have it, with words for those that JSON does not have; nothing for a text that is none.
pub(crate) fn double(text: &str) -> Option<Value> {
    let number: f64 = text.parse().ok()?;
    let not_finite = match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    };
    let finite = Number::from_f64(number);
    Some(finite.map_or_else(|| Value::from(not_finite), Value::Number))
}

#[cfg(any(feature = "bigquery", feature = "snowflake"))]
mod replies {
    use std::{error::Error as _, fmt};

    use reqwest::{RequestBuilder, Response, StatusCode};
    use serde::de::DeserializeOwned;
    use tokio::time::timeout;

    use super::{Backoff, Duration, Error, Result, shown};
    use crate::MOST;

    /// One answer; whatever takes longer at the warehouse is asked for again and again.
    const LONGEST: Duration = Duration::from_secs(100);

    /// What a server answered, read whole.
    pub(crate) struct Reply {
        pub(crate) status: StatusCode,
        body: Vec<u8>,
        from: &'static str,
    }

    impl Reply {
        /// The document in it.
        ///
        /// # Errors
        /// `Connection` for a page, half a document, or a document of another kind.
        pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
            serde_json::from_slice(&self.body).map_err(|error| self.unreadable(&error))
        }

        fn unreadable(&self, error: &impl fmt::Display) -> Error {
            let start = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
            let from = self.from;
            let status = self.status.as_u16();
            Error::Connection(match start {
                Some(b'<') => format!(
                    "{from} answers {status} with a page instead of data; is the address right?"
                ),
                None => format!("{from} answers {status} without saying more"),
                _ => format!("{from} answers {status} with something unreadable: {error}"),
            })
        }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// `Connection` when the server cannot be reached, breaks off, takes too long, or says too much.
    pub(crate) async fn send(from: &'static str, request: RequestBuilder) -> Result<Reply> {
        let reply = async {
            let response = request.send().await;
            read(from, response.map_err(|error| broken(from, &error))?).await
        };
        let late = || Error::Connection(format!("{from} does not answer"));
        timeout(LONGEST, reply).await.map_err(|_| late())?
    }

    async fn read(from: &'static str, mut response: Response) -> Result<Reply> {
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|e| broken(from, &e))? {
            if body.len() + piece.len() > MOST {
                let most = MOST / (1024 * 1024);
                let message = format!("{from} answers more than {most} MB at once");
                return Err(Error::Connection(message));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Reply { status, body, from })
    }

    /// Sends a request, and again while `again` says so of its answer, up to `retries` times.
    ///
    /// # Errors
    /// As [`send`].
    pub(crate) async fn insist(
        from: &'static str,
        retries: u32,
        build: impl Fn(u32) -> RequestBuilder + Send,
        again: impl Fn(&Reply) -> bool + Send,
    ) -> Result<Reply> {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        let mut tries = 0;
        loop {
            let reply = send(from, build(tries)).await?;
            if tries >= retries || !again(&reply) {
                return Ok(reply);
            }
            tries += 1;
            backoff.wait().await;
        }
    }

    /// Why there is no answer, without the address, which may have a login in it.
    fn broken(from: &str, error: &reqwest::Error) -> Error {
        let mut source = error.source();
        let mut root = None;
        while let Some(one) = source {
            if let Some(ours) = one.downcast_ref::<Error>() {
                return ours.clone();
            }
            root = Some(one.to_string());
            source = one.source();
        }
        let why = shown(&root.unwrap_or_else(|| "no answer".to_owned()));
        Error::Connection(match error.is_connect() {
            true => format!("{from} cannot be reached: {why}"),
            false => format!("{from} broke off its answer: {why}"),
        })
    }
}

#[cfg(feature = "snowflake")]
pub(crate) use replies::send;
#[cfg(any(feature = "bigquery", feature = "snowflake"))]
pub(crate) use replies::{Reply, insist};

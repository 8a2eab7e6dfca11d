//! Requests to a warehouse that speaks HTTP: retries, limits, and what went wrong in words.

use std::{error::Error as StdError, time::Duration};

#[cfg(any(feature = "clickhouse", feature = "trino"))]
use reqwest::header::HeaderValue;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::{Error, Hosts, MOST, Result, http};

/// How often a request is sent again that may be.
const AGAIN: u32 = 5;
/// Trino's documentation asks for 50 to 100 ms (<https://trino.io/docs/current/develop/client-protocol.html>).
const FIRST_WAIT: Duration = Duration::from_millis(75);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How long a server may ask to wait (`Retry-After`).
const LONGEST_ASKED: Duration = Duration::from_secs(30);
/// How long telling the warehouse to stop may take.
const CANCEL: Duration = Duration::from_secs(10);

/// When a statement is given up.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    time: Duration,
    /// Nothing, if that is later than a clock can say.
    end: Option<Instant>,
}

impl Deadline {
    /// From now.
    pub(crate) fn new(time: Duration) -> Self {
        let end = Instant::now().checked_add(time);
        Self { time, end }
    }

    /// # Errors
    /// `Time` when it is too late; the work is dropped.
    pub(crate) async fn within<T>(self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(end) = self.end else {
            return work.await;
        };
        let done = timeout_at(end, work).await;
        done.unwrap_or(Err(Error::Time(self.time)))
    }
}

/// Does something to its end even if nobody waits for it any more: a statement whose start was already sent is dropped, and so
/// cancelled, only once its id is known.
#[cfg(any(feature = "databricks", feature = "trino"))]
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|failed| Err(Error::Engine(failed.to_string())))
}

/// Tells the warehouse to stop when it is dropped; nobody waits for that.
#[derive(Default)]
pub(crate) struct Cancel(Option<RequestBuilder>);

impl Cancel {
    /// What to send.
    pub(crate) fn by(&mut self, request: RequestBuilder) {
        self.0 = Some(request);
    }

    /// There is nothing more to stop.
    pub(crate) fn over(&mut self) {
        self.0 = None;
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        if let (Some(request), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(timeout(CANCEL, request.send()));
        }
    }
}

/// One warehouse.
#[derive(Clone)]
pub(crate) struct Remote {
    pub(crate) client: Client,
    name: &'static str,
    /// Statuses after which a request may be sent again.
    passing: &'static [StatusCode],
}

impl Remote {
    /// # Errors
    /// `Engine` when the system's certificates cannot be read.
    pub(crate) fn new(
        name: &'static str,
        passing: &'static [StatusCode],
        hosts: Hosts,
    ) -> Result<Self> {
        let client = http::client(hosts)?;
        Ok(Self {
            client,
            name,
            passing,
        })
    }

    /// Sends a request, again where its status says that this may help, and answers whatever comes.
    ///
    /// # Errors
    /// `Connection` when nothing comes.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let mut wait = FIRST_WAIT;
        for _ in 0..AGAIN {
            let Some(copy) = request.try_clone() else {
                break;
            };
            let response = copy.send().await.map_err(|error| self.broken(&error))?;
            if !self.passing.contains(&response.status()) {
                return Ok(response);
            }
            sleep(asked_wait(&response).unwrap_or(wait)).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
        request.send().await.map_err(|error| self.broken(&error))
    }

    /// The next bytes of an answer; nothing at its end.
    ///
    /// # Errors
    /// `Connection` when it breaks off.
    pub(crate) async fn piece(
        &self,
        response: &mut Response,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>> {
        response.chunk().await.map_err(|error| self.broken(&error))
    }

    /// All of an answer.
    ///
    /// # Errors
    /// `Connection` when it breaks off or is larger than [`MOST`].
    #[cfg(any(feature = "databricks", feature = "trino"))]
    pub(crate) async fn body(&self, mut response: Response) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece(&mut response).await? {
            let piece = piece.as_ref();
            if body.len().saturating_add(piece.len()) > MOST {
                return Err(self.too_large());
            }
            body.extend_from_slice(piece);
        }
        Ok(body)
    }

    /// What an answer says.
    ///
    /// # Errors
    /// `Connection` when it is not of the protocol.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&self, body: &'a [u8]) -> Result<T> {
        serde_json::from_slice(body).map_err(|error| match body.trim_ascii_start().first() {
            Some(b'<') => self.failed(
                "answered with a web page; is the address right, or is there a proxy or a login page in between?",
            ),
            _ if error.is_eof() => self.failed("broke off within its answer"),
            _ => self.failed("answered something that is not of its protocol"),
        })
    }

    /// An answer that is too large to be held.
    pub(crate) fn too_large(&self) -> Error {
        let most = MOST / (1024 * 1024);
        self.failed(&format!("answered with more than {most} MB at once"))
    }

    /// An answer with a status that the protocol has no meaning for.
    pub(crate) fn status(&self, status: StatusCode) -> Error {
        self.failed(&format!("answered with status {}", status.as_u16()))
    }

    /// A sentence about the warehouse.
    pub(crate) fn failed(&self, what: &str) -> Error {
        Error::Connection(format!("{} {what}", self.name))
    }

    /// Without the address, as it may have a signature in it.
    fn broken(&self, error: &reqwest::Error) -> Error {
        let mut cause: Option<&(dyn StdError + 'static)> = error.source();
        let mut last = String::new();
        while let Some(one) = cause {
            if let Some(ours) = one.downcast_ref::<Error>() {
                return ours.clone();
            }
            last = format!(": {one}");
            cause = one.source();
        }
        if error.is_connect() {
            self.failed(&format!("cannot be reached{last}"))
        } else if error.is_builder() {
            self.failed(&format!("cannot be asked with these credentials{last}"))
        } else {
            self.failed(&format!("broke off the connection{last}"))
        }
    }
}

/// A request with a header that is never printed. What cannot be a header fails when it is sent.
#[cfg(any(feature = "clickhouse", feature = "trino"))]
pub(crate) fn with_secret(request: RequestBuilder, name: &str, value: &str) -> RequestBuilder {
    match HeaderValue::from_bytes(value.as_bytes()) {
        Ok(mut value) => {
            value.set_sensitive(true);
            request.header(name, value)
        }
        Err(_) => request.header(name, value),
    }
}

/// `Retry-After` in seconds.
fn asked_wait(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let asked = Duration::from_secs(seconds.parse().ok()?);
    Some(asked.min(LONGEST_ASKED))
}

//! Statements: sent, waited for, read partition by partition, and cancelled when nobody waits any more.
//! <https://docs.snowflake.com/en/developer-guide/sql-api/reference>

use std::{sync::Arc, time::Duration};

use futures_util::stream;
use reqwest::{
    Client, Method, RequestBuilder, Url,
    header::{ACCEPT, USER_AGENT},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::{runtime::Handle, time::timeout};

use super::{
    fault,
    login::Login,
    value::{self, RowType},
};
use crate::{
    Error, Result, Row, RowStream,
    cloud::{self, Backoff, Deadline, Reply},
    connect::Secret,
};

const NAME: &str = "Snowflake";
const KIND: &str = "X-Snowflake-Authorization-Token-Type";
/// Snowflake asks for a name and a version.
const AGENT: &str = "zerodash/0.1";
/// How often something that passes by is tried again.
const RETRIES: u32 = 3;
/// How long telling Snowflake to stop may take.
const CANCEL: Duration = Duration::from_secs(5);

/// An account, and who asks it.
pub(super) struct Api {
    pub(super) client: Client,
    pub(super) base: Url,
    pub(super) login: Login,
}

/// A statement that somebody waits for. Dropping it cancels it.
struct Running {
    api: Arc<Api>,
    handle: Option<String>,
    ended: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Promise {
    statement_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    statement_handle: Option<String>,
    /// Those of several statements, whose answers have to be asked for.
    #[serde(default)]
    statement_handles: Vec<String>,
    result_set_meta_data: Option<MetaData>,
    #[serde(default)]
    data: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetaData {
    row_type: Vec<RowType>,
    #[serde(default)]
    partition_info: Vec<Value>,
}

/// What the partitions after the first are: rows and nothing else.
#[derive(Deserialize)]
struct Partition {
    #[serde(default)]
    data: Vec<Vec<Value>>,
}

/// Runs a statement up to its first partition.
pub(super) async fn run(api: &Arc<Api>, body: Value, time: Duration) -> Result<RowStream> {
    let deadline = Deadline::after(time);
    let mut running = Running {
        api: Arc::clone(api),
        handle: None,
        ended: false,
    };
    let answer = running.first(&body, time);
    let answer = deadline.within(answer).await?;
    let none = || Error::Connection(format!("{NAME} answers without saying which columns"));
    let metadata = answer.result_set_meta_data.ok_or_else(none)?;
    let columns = metadata.row_type;
    let partitions = metadata.partition_info.len();
    Ok(rows(running, columns, (answer.data, partitions), deadline))
}

fn rows(
    running: Running,
    types: Vec<RowType>,
    (first, partitions): (Vec<Vec<Value>>, usize),
    deadline: Deadline,
) -> RowStream {
    let columns = types.iter().map(RowType::column).collect();
    let start = (running, types, Some(first), 1);
    let batches = stream::try_unfold(start, move |(running, types, first, next)| async move {
        let (data, next) = match first {
            Some(data) => (data, next),
            None if next < partitions => {
                (deadline.within(running.partition(next)).await?, next + 1)
            }
            None => return Ok(None),
        };
        let rows: Result<Vec<Row>> = data
            .into_iter()
            .map(|raw| value::row(&types, raw))
            .collect();
        Ok(Some((rows?, (running, types, None, next))))
    });
    RowStream::new(columns, batches)
}

impl Running {
    async fn first(&mut self, body: &Value, time: Duration) -> Result<Answer> {
        let mut reply = self.api.submit(body).await?;
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
        loop {
            match reply.status.as_u16() {
                200 => {
                    let mut answer: Answer = reply.json()?;
                    let last = answer.statement_handles.pop();
                    let last = last.filter(|last| self.handle.as_ref() != Some(last));
                    let Some(last) = last else {
                        self.ended = true;
                        self.handle = answer.statement_handle.take().or(self.handle.take());
                        return Ok(answer);
                    };
                    reply = self.api.get(&last, None).await?;
                    self.handle = Some(last);
                }
                202 => {
                    let promise: Promise = reply.json()?;
                    let handle = self.handle.insert(promise.statement_handle).clone();
                    backoff.wait().await;
                    reply = self.api.get(&handle, None).await?;
                }
                status => {
                    // Asking for it again may work for the next one who asks: the statement itself has ended.
                    self.ended = matches!(status, 408 | 422);
                    return Err(fault::of(&reply)?.unwrap_or(Error::Time(time)));
                }
            }
        }
    }

    async fn partition(&self, number: usize) -> Result<Vec<Vec<Value>>> {
        let none = || Error::Connection(format!("{NAME} answers in parts without a handle"));
        let handle = self.handle.as_deref().ok_or_else(none)?;
        let reply = self.api.get(handle, Some(number)).await?;
        match reply.status.as_u16() {
            200 => Ok(reply.json::<Partition>()?.data),
            202 => Err(Error::Connection(format!("{NAME} lost its answer"))),
            _ => Err(fault::of(&reply)?.unwrap_or_else(none)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (Some(handle), Ok(runtime)) = (self.handle.take(), Handle::try_current()) else {
            return;
        };
        if self.ended {
            return;
        }
        let api = Arc::clone(&self.api);
        runtime.spawn(timeout(CANCEL, async move {
            // Nobody waits for the answer; the statement's own time limit ends it otherwise.
            let _ = api.cancel(&handle).await;
        }));
    }
}

impl Api {
    /// Submits it to run by itself, as its handle is needed to cancel it. The id keeps it from running twice.
    async fn submit(&self, body: &Value) -> Result<Reply> {
        let mut first = self.url(&[])?;
        let id = cloud::request_uuid();
        first
            .query_pairs_mut()
            .append_pair("requestId", &id)
            .append_pair("async", "true");
        let mut again = first.clone();
        again.query_pairs_mut().append_pair("retry", "true");
        let token = self.login.token()?;
        let build = |tries| {
            let url = if tries == 0 { &first } else { &again };
            self.request(Method::POST, url, &token).json(body)
        };
        cloud::insist(NAME, RETRIES, build, fault::is_passing).await
    }

    async fn get(&self, handle: &str, partition: Option<usize>) -> Result<Reply> {
        let mut url = self.url(&[handle])?;
        if let Some(number) = partition {
            url.query_pairs_mut()
                .append_pair("partition", &number.to_string());
        }
        let token = self.login.token()?;
        let build = |_| self.request(Method::GET, &url, &token);
        cloud::insist(NAME, RETRIES, build, fault::is_passing).await
    }

    async fn cancel(&self, handle: &str) -> Result<Reply> {
        let url = self.url(&[handle, "cancel"])?;
        let token = self.login.token()?;
        cloud::send(NAME, self.request(Method::POST, &url, &token)).await
    }

    fn request(
        &self,
        method: Method,
        url: &Url,
        (token, kind): &(Secret, &'static str),
    ) -> RequestBuilder {
        let request = self.client.request(method, url.clone());
        let request = request.bearer_auth(token.reveal()).header(KIND, *kind);
        request
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT)
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        let mut url = self.base.clone();
        let unusual = |()| Error::Connection(format!("the address of {NAME} has no path"));
        let mut segments = url.path_segments_mut().map_err(unusual)?;
        segments.pop_if_empty().extend(["api", "v2", "statements"]);
        segments.extend(path);
        drop(segments);
        Ok(url)
    }
}

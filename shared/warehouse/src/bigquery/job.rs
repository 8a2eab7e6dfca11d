//! Jobs: started, waited for, read page by page, and cancelled when nobody waits any more.
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs>

use std::{sync::Arc, time::Duration};

use futures_util::stream;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{runtime::Handle, time::timeout};

use super::{
    Settings,
    api::{Api, Call},
    fault::Fault,
    value::{RawRow, Schema},
};
use crate::{
    Error, Result, RowStream, Statement,
    cloud::{self, Deadline, Reply},
};

/// Rows of a page; BigQuery ends a page at 20 MB besides.
const PAGE: &str = "10000";
/// How long one request waits for a job.
const WAIT_MS: &str = "10000";
/// How long telling BigQuery to stop may take.
const CANCEL: Duration = Duration::from_secs(5);

/// A job that somebody waits for. Dropping it cancels the job.
struct Job {
    api: Arc<Api>,
    project: String,
    id: String,
    location: Option<String>,
    ended: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inserted {
    job_reference: Option<Reference>,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Reference {
    location: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    error_result: Option<Fault>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    job_complete: bool,
    schema: Option<Schema>,
    #[serde(default)]
    rows: Vec<RawRow>,
    page_token: Option<String>,
}

/// Runs a statement up to its first page.
pub(super) async fn run(
    api: &Arc<Api>,
    settings: &Settings,
    statement: &Statement,
) -> Result<RowStream> {
    let time = settings
        .time
        .map_or(statement.time, |time| time.min(statement.time));
    let deadline = Deadline::after(time);
    let mut job = Job::new(api, settings);
    let first = async {
        job.insert(settings.configuration(statement, time)).await?;
        job.first_page().await
    };
    let page = deadline.within(first).await.map_err(|e| timed(e, time))?;
    let schema = page.schema.clone().unwrap_or_default();
    Ok(rows(job, schema, page, deadline))
}

/// The rows of this page and those that follow.
fn rows(job: Job, schema: Schema, first: Page, deadline: Deadline) -> RowStream {
    let columns = schema.columns();
    let start = Some((job, schema, Next::Page(first)));
    let batches = stream::try_unfold(start, move |state| async move {
        let Some((job, schema, next)) = state else {
            return Ok(None);
        };
        let page = match next {
            Next::Page(page) => page,
            Next::Token(token) => deadline.within(job.page(Some(&token))).await?,
        };
        let rows: Result<Vec<_>> = page.rows.into_iter().map(|raw| schema.row(raw)).collect();
        let next = page.page_token.filter(|token| !token.is_empty());
        Ok(Some((
            rows?,
            next.map(|token| (job, schema, Next::Token(token))),
        )))
    });
    RowStream::new(columns, batches)
}

enum Next {
    Page(Page),
    Token(String),
}

/// A job that ran into its own limit is as late as one that was not waited for.
fn timed(error: Error, time: Duration) -> Error {
    match error {
        Error::Query { message, .. }
            if message.starts_with("BigQuery stopped the query (timeout)") =>
        {
            Error::Time(time)
        }
        other => other,
    }
}

impl Job {
    /// With an id of our own: a job that is inserted twice runs once, and can be cancelled before it is answered.
    fn new(api: &Arc<Api>, settings: &Settings) -> Self {
        Self {
            api: Arc::clone(api),
            project: settings.project.clone(),
            id: format!("zerodash_{:032x}", cloud::request_id()),
            location: settings.location.clone(),
            ended: false,
        }
    }

    async fn insert(&mut self, configuration: Value) -> Result<()> {
        let mut reference = json!({ "projectId": self.project, "jobId": self.id });
        if let (Some(location), Some(fields)) = (&self.location, reference.as_object_mut()) {
            fields.insert("location".to_owned(), json!(location));
        }
        let call = Call {
            method: Method::POST,
            path: &[&self.project, "jobs"],
            query: Vec::new(),
            body: Some(json!({ "configuration": configuration, "jobReference": reference })),
        };
        let reply = self.api.send(&call).await?;
        if !reply.status.is_success() {
            return self.not_inserted(&reply);
        }
        let inserted: Inserted = reply.json()?;
        if let Some(location) = inserted.job_reference.and_then(|job| job.location) {
            self.location = Some(location);
        }
        match inserted.status.and_then(|status| status.error_result) {
            Some(fault) => self.end(fault),
            None => Ok(()),
        }
    }

    fn not_inserted(&mut self, reply: &Reply) -> Result<()> {
        match reply.status.as_u16() {
            // An answer was lost, and the job is there.
            409 => Ok(()),
            401 | 403 => {
                self.ended = true;
                let fault = Fault::of(reply)?;
                match fault.reason.as_str() {
                    "quotaExceeded" | "rateLimitExceeded" | "responseTooLarge" => {
                        Err(fault.into_query())
                    }
                    _ => Err(fault.into_connection()),
                }
            }
            _ => self.end(Fault::of(reply)?),
        }
    }

    fn end<T>(&mut self, fault: Fault) -> Result<T> {
        self.ended = true;
        Err(fault.into_query())
    }

    async fn first_page(&mut self) -> Result<Page> {
        loop {
            let page = self.page(None).await;
            // A job that failed has ended.
            self.ended = matches!(page, Err(Error::Query { .. }));
            let page = page?;
            if page.job_complete {
                self.ended = true;
                return Ok(page);
            }
            // A server that does not wait itself is not asked in a tight loop.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn page(&self, token: Option<&str>) -> Result<Page> {
        let mut query = vec![
            ("maxResults", PAGE.to_owned()),
            ("timeoutMs", WAIT_MS.to_owned()),
            ("formatOptions.useInt64Timestamp", "true".to_owned()),
        ];
        query.extend(self.location.clone().map(|location| ("location", location)));
        query.extend(token.map(|token| ("pageToken", token.to_owned())));
        let path: &[&str] = &[&self.project, "queries", &self.id];
        let reply = self.api.send(&Call::get(path, query)).await?;
        match reply.status.is_success() {
            true => reply.json(),
            false => Err(Fault::of(&reply)?.into_query()),
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let Ok(handle) = Handle::try_current() else {
            return;
        };
        if self.ended {
            return;
        }
        let api = Arc::clone(&self.api);
        let (project, id) = (self.project.clone(), self.id.clone());
        let location = self.location.clone().map(|location| ("location", location));
        handle.spawn(timeout(CANCEL, async move {
            let call = Call {
                method: Method::POST,
                path: &[&project, "jobs", &id, "cancel"],
                query: location.into_iter().collect(),
                body: None,
            };
            // Nobody waits for the answer; the job's own time limit ends it otherwise.
            let _ = api.send(&call).await;
        }));
    }
}

impl Settings {
    /// <https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfiguration>
    fn configuration(&self, statement: &Statement, time: Duration) -> Value {
        let mut query = Map::new();
        query.insert("query".to_owned(), json!(statement.sql));
        query.insert("useLegacySql".to_owned(), json!(false));
        query.insert("priority".to_owned(), json!(self.priority));
        if let Some(most) = self.most_bytes {
            query.insert("maximumBytesBilled".to_owned(), json!(most.to_string()));
        }
        let time = time.as_millis().max(1).to_string();
        json!({ "query": query, "labels": labels(&statement.tags), "jobTimeoutMs": time })
    }
}

/// Labels as BigQuery takes them (reference §7); <https://cloud.google.com/bigquery/docs/labels-intro#requirements>.
fn labels(tags: &[(&'static str, String)]) -> Map<String, Value> {
    let pairs = tags.iter().take(64);
    let pairs =
        pairs.map(|(key, value)| (label(key, "empty_key"), label(value, "empty_value").into()));
    pairs.collect()
}

fn label(text: &str, empty: &str) -> String {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let text = text.to_lowercase();
    let clean = text
        .chars()
        .take(60)
        .map(|c| if allowed(c) { c } else { '_' });
    let clean: String = clean.collect();
    match clean.is_empty() {
        true => empty.to_owned(),
        false => clean,
    }
}

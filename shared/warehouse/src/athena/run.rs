//! Queries: started, waited for, read page by page, and stopped when nobody waits any more.

use std::time::Duration;

use aws_sdk_athena::{
    Client,
    operation::get_query_results::GetQueryResultsOutput,
    types::{QueryExecutionContext, QueryExecutionState, ResultConfiguration, Row as RawRow},
};
use futures_util::stream;
use serde_json::{Map, Value};
use tokio::{runtime::Handle, time::timeout};

use super::{fault, value::Kind};
use crate::{
    Column, Error, Result, Row, RowStream, Statement,
    cloud::{Backoff, Deadline, request_uuid},
    connect::AthenaCredentials,
};

/// The most that Athena gives at once.
const PAGE: i32 = 1_000;
/// How long telling Athena to stop may take.
const STOP: Duration = Duration::from_secs(5);

/// A query that somebody waits for. Dropping it stops the query.
struct Running {
    client: Client,
    id: String,
    ended: bool,
}

/// Runs a statement up to its first page.
pub(super) async fn run(
    client: Client,
    credentials: &AthenaCredentials,
    statement: &Statement,
    deadline: Deadline,
) -> Result<RowStream> {
    let first = async {
        let mut running = start(client, credentials, statement).await?;
        running.wait().await?;
        let page = running.page(None).await?;
        Ok((running, page))
    };
    let (running, page) = deadline.within(first).await?;
    let metadata = page.result_set().and_then(|set| set.result_set_metadata());
    let infos = metadata
        .map(|metadata| metadata.column_info())
        .unwrap_or_default();
    let columns = infos
        .iter()
        .map(|info| (info.name().to_owned(), Kind::of(info.r#type())));
    Ok(rows(running, columns.collect(), page, deadline))
}

async fn start(
    client: Client,
    credentials: &AthenaCredentials,
    statement: &Statement,
) -> Result<Running> {
    let context = QueryExecutionContext::builder()
        .catalog(&credentials.database)
        .database(&credentials.schema)
        .build();
    let location = Some(credentials.s3_staging_dir.clone()).filter(|place| !place.is_empty());
    let location = location.map(|place| ResultConfiguration::builder().output_location(place));
    let group = credentials
        .work_group
        .clone()
        .filter(|group| !group.is_empty());
    let started = client
        .start_query_execution()
        .query_string(tagged(statement))
        // A request that the SDK sends again does not run twice.
        .client_request_token(request_uuid())
        .query_execution_context(context)
        .set_result_configuration(location.map(|location| location.build()))
        .set_work_group(group)
        .send()
        .await;
    let started = started.map_err(|error| fault::of(&error))?;
    let none = || Error::Connection("Amazon Athena starts a query without an id".to_owned());
    Ok(Running {
        client,
        id: started.query_execution_id().ok_or_else(none)?.to_owned(),
        ended: false,
    })
}

/// Athena has no tags for queries, so they are a comment, as in Trino's dialect.
fn tagged(statement: &Statement) -> String {
    let tags = statement.tags.iter();
    let tags: Map<_, _> = tags
        .map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str())))
        .collect();
    match tags.is_empty() {
        true => statement.sql.clone(),
        false => format!("{}\n-- {}", statement.sql, Value::Object(tags)),
    }
}

fn rows(
    running: Running,
    kinds: Vec<(String, Kind)>,
    first: GetQueryResultsOutput,
    deadline: Deadline,
) -> RowStream {
    let column = |(name, kind): &(String, Kind)| Column {
        name: name.clone(),
        r#type: kind.r#type(),
    };
    let columns = kinds.iter().map(column).collect();
    let start = Some((running, kinds, Next::Page(Box::new(first))));
    let batches = stream::try_unfold(start, move |state| async move {
        let Some((running, kinds, next)) = state else {
            return Ok(None);
        };
        let (page, is_first) = match next {
            Next::Page(page) => (*page, true),
            Next::Token(token) => (deadline.within(running.page(Some(token))).await?, false),
        };
        let rows = batch(&kinds, &page, is_first)?;
        let next = page.next_token.filter(|token| !token.is_empty());
        Ok(Some((
            rows,
            next.map(|token| (running, kinds, Next::Token(token))),
        )))
    });
    RowStream::new(columns, batches)
}

enum Next {
    Page(Box<GetQueryResultsOutput>),
    Token(String),
}

/// The first row of a `SELECT` is the names of its columns; other statements have no such row.
fn batch(kinds: &[(String, Kind)], page: &GetQueryResultsOutput, first: bool) -> Result<Vec<Row>> {
    let rows = page.result_set().map(|set| set.rows()).unwrap_or_default();
    let names = |row: &RawRow| {
        let texts = row.data().iter().map(|datum| datum.var_char_value());
        texts.eq(kinds.iter().map(|(name, _)| Some(name.as_str())))
    };
    let header = usize::from(first && rows.first().is_some_and(names));
    rows.iter()
        .skip(header)
        .map(|raw| row(kinds, raw))
        .collect()
}

fn row(kinds: &[(String, Kind)], raw: &RawRow) -> Result<Row> {
    if raw.data().len() != kinds.len() {
        let message = "Amazon Athena answers a row of another length than its columns";
        return Err(Error::Engine(message.to_owned()));
    }
    let cells = kinds.iter().zip(raw.data());
    let cell = |((name, kind), datum): (&(String, Kind), &aws_sdk_athena::types::Datum)| {
        let Some(text) = datum.var_char_value() else {
            return Ok(Value::Null);
        };
        kind.value(text).ok_or_else(|| {
            Error::Engine(format!(
                "Amazon Athena answers something for the column \"{name}\" that is not of its type"
            ))
        })
    };
    cells.map(cell).collect()
}

impl Running {
    async fn wait(&mut self) -> Result<()> {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        loop {
            let asked = self
                .client
                .get_query_execution()
                .query_execution_id(&self.id);
            let answer = asked.send().await.map_err(|error| fault::of(&error))?;
            let status = answer.query_execution().and_then(|query| query.status());
            let reason = status.and_then(|status| status.state_change_reason());
            match status.and_then(|status| status.state()) {
                Some(QueryExecutionState::Succeeded) => {
                    self.ended = true;
                    return Ok(());
                }
                Some(QueryExecutionState::Failed | QueryExecutionState::Cancelled) => {
                    self.ended = true;
                    return Err(fault::query(
                        reason.unwrap_or("Amazon Athena stopped the query"),
                    ));
                }
                _ => backoff.wait().await,
            }
        }
    }

    async fn page(&self, token: Option<String>) -> Result<GetQueryResultsOutput> {
        let asked = self.client.get_query_results().query_execution_id(&self.id);
        let asked = asked.max_results(PAGE).set_next_token(token);
        asked.send().await.map_err(|error| fault::of(&error))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if self.ended {
            return;
        }
        let stop = self.client.stop_query_execution();
        let stop = stop.query_execution_id(&self.id);
        // Nobody waits for the answer; the work group's own limit ends the query otherwise.
        runtime.spawn(timeout(STOP, stop.send()));
    }
}

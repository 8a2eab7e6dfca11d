//! Trino over its client protocol: a statement is posted, and pages are followed until there is no next one
//! (<https://trino.io/docs/current/develop/client-protocol.html>).

mod types;

use std::{collections::VecDeque, time::Duration};

use async_trait::async_trait;
use futures_util::stream;
use reqwest::{RequestBuilder, StatusCode, Url, header::HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Column, Error, Hosts, Result, Row, RowStream, Statement, Table, Type, Warehouse,
    connect::TrinoCredentials,
    http,
    reads::{self, Strings},
    remote::{Cancel, Deadline, Remote, to_the_end},
    values,
};

/// "The client should try again": all other statuses mean that the query has failed.
const PASSING: [StatusCode; 3] = [
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];
/// What the catalogue may take.
const CATALOGUE: Duration = Duration::from_secs(60);

/// A connection to a Trino cluster.
pub struct Trino {
    server: Server,
    start: Url,
    catalog: String,
    schema: String,
}

/// Where requests go, and as whom.
#[derive(Clone)]
struct Server {
    remote: Remote,
    address: Url,
    user: String,
    /// Trino takes passwords only over TLS, so there is none over plain HTTP.
    password: Option<String>,
}

/// What a request answers; rows are read once their types are known.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    next_uri: Option<String>,
    columns: Option<Vec<ColumnOf>>,
    #[serde(borrow)]
    data: Option<Vec<Vec<&'a RawValue>>>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct ColumnOf {
    name: String,
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    message: Option<String>,
    error_location: Option<Place>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    line_number: Option<u32>,
    column_number: Option<u32>,
}

impl Trino {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// `Connection` when the address is none or may not be talked to.
    pub fn new(credentials: &TrinoCredentials, hosts: &Hosts) -> Result<Self> {
        let scheme = match credentials.http_scheme.as_str() {
            one @ ("http" | "https") => one,
            other => {
                return Err(Error::Connection(format!(
                    "\"{other}\" is not a scheme; it is http or https"
                )));
            }
        };
        let text = format!("{scheme}://{}:{}/", credentials.host, credentials.port);
        let address = http::address(*hosts, &text)?;
        let join = address.join("v1/statement");
        let password = credentials.password.reveal();
        Ok(Self {
            start: join.map_err(|_| Error::Connection(format!("\"{text}\" is not an address")))?,
            server: Server {
                remote: Remote::new("Trino", &PASSING, *hosts)?,
                address,
                user: credentials.user.reveal().to_owned(),
                password: (!password.is_empty()).then(|| password.to_owned()),
            },
            catalog: credentials.dbname.clone(),
            schema: credentials.schema.clone(),
        })
    }

    fn post(&self, statement: &Statement) -> Result<RequestBuilder> {
        let sql = reads::tagged(statement, Strings::Standard)?;
        let request = self.server.remote.client.post(self.start.clone());
        let request = self.server.login(request);
        let mut headers = vec![
            ("X-Trino-Source", "zerodash"),
            ("X-Trino-Time-Zone", "UTC"),
            // Without it there are three digits of a second at most (`io.trino.client.ClientCapabilities`).
            ("X-Trino-Client-Capabilities", "PARAMETRIC_DATETIME"),
            ("X-Trino-Catalog", self.catalog.as_str()),
            ("X-Trino-Schema", self.schema.as_str()),
        ];
        headers.retain(|(_, value)| !value.is_empty());
        let with = |request: RequestBuilder, (name, value)| request.header(name, text(value));
        let request = headers.into_iter().fold(request, with);
        let time = statement.time.saturating_add(Duration::from_secs(30));
        Ok(request.timeout(time).body(sql))
    }

    async fn names<const N: usize>(&self, sql: String) -> Result<Vec<[String; N]>> {
        let rows = self.stream(&Statement::new(sql, CATALOGUE)).await?;
        let rows = rows.collect().await?.rows.into_iter();
        let texts = rows.map(|row| {
            let texts = row.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()?.try_into().ok()
        });
        let all: Option<_> = texts.collect();
        all.ok_or_else(|| Error::Engine("the catalogue of Trino has another shape".to_owned()))
    }
}

/// A value of a header; what cannot be one fails when it is sent.
fn text(value: &str) -> Vec<u8> {
    value.as_bytes().to_vec()
}

impl Server {
    fn login(&self, request: RequestBuilder) -> RequestBuilder {
        let mut user = HeaderValue::from_str(&self.user);
        if let Ok(user) = &mut user {
            user.set_sensitive(true);
        }
        let request = match user {
            Ok(user) => request.header("X-Trino-User", user),
            Err(_) => request.header("X-Trino-User", text(&self.user)),
        };
        match &self.password {
            Some(password) => request.basic_auth(&self.user, Some(password)),
            None => request,
        }
    }

    /// An address of the next page. Credentials go along, so it must be on the same server.
    fn next(&self, text: &str) -> Result<Url> {
        let url = self.address.join(text).ok();
        let here = url.filter(|url| url.origin() == self.address.origin());
        here.ok_or_else(|| {
            self.remote.failed(
                "sent the address of its next page on another server; behind a proxy it must be told its public address (http-server.process-forwarded)",
            )
        })
    }

    /// The bytes of a page.
    async fn page(&self, request: RequestBuilder) -> Result<Vec<u8>> {
        let response = self.remote.send(request).await?;
        match response.status() {
            StatusCode::OK => self.remote.body(response).await,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.remote.failed(
                "does not accept the login; check the user and the password, and that it is reached by https if it asks for a password",
            )),
            other => Err(self.remote.status(other)),
        }
    }
}

/// A statement that runs.
struct Running {
    server: Server,
    next: Option<Url>,
    columns: Option<Vec<Column>>,
    types: Vec<Type>,
    ready: VecDeque<Vec<Row>>,
    cancel: Cancel,
}

impl Running {
    /// Asks for a page, and takes what it says.
    async fn follow(&mut self, request: RequestBuilder) -> Result<()> {
        let body = self.server.page(request).await?;
        let page: Page<'_> = self.server.remote.read(&body)?;
        self.next = None;
        if let Some(failure) = page.error {
            self.cancel.over();
            return Err(failed(failure));
        }
        match page.next_uri {
            None => self.cancel.over(),
            Some(next) => {
                let next = self.server.next(&next)?;
                let delete = self.server.remote.client.delete(next.clone());
                self.cancel.by(self.server.login(delete));
                self.next = Some(next);
            }
        }
        if let (None, Some(columns)) = (&self.columns, page.columns) {
            let columns = columns.into_iter().map(|one| Column {
                r#type: types::of(&one.r#type),
                name: one.name,
            });
            let columns: Vec<_> = columns.collect();
            self.types = columns.iter().map(|one| one.r#type).collect();
            self.columns = Some(columns);
        }
        let data = page.data.unwrap_or_default();
        if !data.is_empty() {
            let rows = data.iter().map(|row| values::row(row, &self.types));
            self.ready.push_back(rows.collect::<Result<_>>()?);
        }
        Ok(())
    }

    async fn next_rows(&mut self) -> Result<Option<Vec<Row>>> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Some(rows));
            }
            let Some(next) = self.next.clone() else {
                return Ok(None);
            };
            let get = self.server.remote.client.get(next);
            self.follow(self.server.login(get)).await?;
        }
    }

    async fn until_columns(&mut self) -> Result<()> {
        while self.columns.is_none()
            && let Some(next) = self.next.clone()
        {
            let get = self.server.remote.client.get(next);
            self.follow(self.server.login(get)).await?;
        }
        Ok(())
    }
}

/// `QueryError` of Trino's client; its places count from 1.
fn failed(failure: Failure) -> Error {
    let place = failure.error_location;
    let message = failure.message;
    Error::Query {
        message: message.unwrap_or_else(|| "the query failed without a message".to_owned()),
        line: place.as_ref().and_then(|place| place.line_number),
        character: place.and_then(|place| place.column_number),
    }
}

#[async_trait]
impl Warehouse for Trino {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        let deadline = Deadline::new(statement.time);
        let post = self.post(statement)?;
        let mut running = Running {
            server: self.server.clone(),
            next: None,
            columns: None,
            types: Vec::new(),
            ready: VecDeque::new(),
            cancel: Cancel::default(),
        };
        let started = to_the_end(async move {
            running.follow(post).await?;
            Ok(running)
        });
        let mut running = deadline.within(started).await?;
        deadline.within(running.until_columns()).await?;
        let columns = running.columns.clone().unwrap_or_default();
        let batches = stream::try_unfold(running, move |mut running| async move {
            let rows = deadline.within(running.next_rows()).await?;
            Ok(rows.map(|rows| (rows, running)))
        });
        Ok(RowStream::new(columns, batches))
    }

    async fn tables(&self) -> Result<Vec<Table>> {
        let sql = format!(
            "SELECT table_catalog, table_schema, table_name FROM {}.information_schema.tables \
             WHERE table_schema <> 'information_schema' ORDER BY 1, 2, 3",
            name(&self.catalog)
        );
        let tables = self.names(sql).await?.into_iter();
        let tables = tables.map(|[database, schema, name]| Table {
            database,
            schema,
            name,
            partition: None,
        });
        Ok(tables.collect())
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        // Names in the catalogue are in small letters, whatever a statement writes.
        let sql = format!(
            "SELECT column_name, data_type FROM {}.information_schema.columns \
             WHERE table_schema = {} AND table_name = {} ORDER BY ordinal_position",
            name(database.unwrap_or(&self.catalog)),
            literal(&schema.unwrap_or(&self.schema).to_lowercase()),
            literal(&table.to_lowercase()),
        );
        let columns = self.names(sql).await?.into_iter();
        let columns = columns.map(|[name, type_name]| Column {
            name,
            r#type: types::of(&type_name),
        });
        Ok(columns.collect())
    }
}

/// A name in quotes (<https://trino.io/docs/current/language/reserved.html#identifiers>).
fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text; a backslash means itself (<https://trino.io/docs/current/language/types.html#varchar>).
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

//! Trino over its client protocol: a statement is posted, and pages are followed until there is no next one
//! (<https://trino.io/docs/current/develop/client-protocol.html>).

mod pages;
mod types;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;
use reqwest::{RequestBuilder, StatusCode, Url};

use crate::{
    Column, Error, Hosts, Result, RowStream, Statement, Table, Warehouse,
    connect::TrinoCredentials,
    http,
    reads::{self, Strings},
    remote::{Deadline, Remote, to_the_end, with_secret},
};
use pages::Running;

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
    /// None for servers that ask for none; they do not accept one.
    password: Option<String>,
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
        let with = |request: RequestBuilder, (name, value): (&str, &str)| {
            request.header(name, value.as_bytes())
        };
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

impl Server {
    fn login(&self, request: RequestBuilder) -> RequestBuilder {
        let request = with_secret(request, "X-Trino-User", &self.user);
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

#[async_trait]
impl Warehouse for Trino {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        let deadline = Deadline::new(statement.time);
        let post = self.post(statement)?;
        let mut running = Running::new(self.server.clone());
        let started = to_the_end(async move {
            running.follow(post).await?;
            Ok(running)
        });
        let mut running = deadline.within(started).await?;
        deadline.within(running.until_columns()).await?;
        let columns = running.columns();
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

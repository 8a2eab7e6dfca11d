//! ClickHouse over its HTTP interface (<https://clickhouse.com/docs/interfaces/http>), from version 23.9: rows come as one line
//! of JSON each and are read as they come.

mod answer;
mod types;

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream;
use reqwest::{RequestBuilder, Response, StatusCode, Url};

use crate::{
    Column, Error, Hosts, Result, RowStream, Statement, Table, Type, Warehouse,
    connect::ClickhouseCredentials,
    http,
    reads::{self, Strings},
    remote::{Cancel, Deadline, Remote, with_secret},
};
use answer::{FORMAT, Lines};

/// What the catalogue may take.
const CATALOGUE: Duration = Duration::from_secs(60);
/// How much is read of what an error says.
const MESSAGE: usize = 64 * 1024;

/// What every statement is run with (<https://clickhouse.com/docs/operations/settings/settings>).
const SETTINGS: [(&str, &str); 10] = [
    ("default_format", FORMAT),
    // Reads only, and may still set what is set here
    // (<https://clickhouse.com/docs/operations/settings/permissions-for-queries>).
    ("readonly", "2"),
    ("cancel_http_readonly_queries_on_client_close", "1"),
    ("session_timezone", "UTC"),
    ("date_time_output_format", "iso"),
    ("output_format_json_quote_64bit_integers", "1"),
    ("output_format_json_quote_decimals", "1"),
    ("output_format_json_quote_denormals", "1"),
    ("output_format_json_named_tuples_as_objects", "1"),
    // An error within an answer is in no format then, and so is never a row.
    ("http_write_exception_in_output_format", "0"),
];

/// A connection to a ClickHouse server.
pub struct Clickhouse {
    remote: Remote,
    address: Url,
    user: String,
    password: String,
    schema: String,
    most: Option<Duration>,
}

impl Clickhouse {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// `Connection` when the address is none or may not be talked to.
    pub fn new(credentials: &ClickhouseCredentials, hosts: &Hosts) -> Result<Self> {
        let scheme = match credentials.secure {
            Some(false) => "http",
            _ => "https",
        };
        let address = format!("{scheme}://{}:{}/", credentials.host, credentials.port);
        let most = credentials.timeout_seconds.filter(|seconds| *seconds > 0);
        Ok(Self {
            // It documents no status after which the same request is to be sent again.
            remote: Remote::new("ClickHouse", &[], *hosts)?,
            address: http::address(*hosts, &address)?,
            user: credentials.user.reveal().to_owned(),
            password: credentials.password.reveal().to_owned(),
            schema: credentials.schema.clone(),
            most: most.map(|seconds| Duration::from_secs(seconds.into())),
        })
    }

    /// With the login in headers, as addresses are written into logs.
    fn post(&self, settings: &[(&str, &str)]) -> RequestBuilder {
        let mut address = self.address.clone();
        if !settings.is_empty() {
            address.query_pairs_mut().extend_pairs(settings);
        }
        let request = self.remote.client.post(address);
        let request = with_secret(request, "X-ClickHouse-User", &self.user);
        with_secret(request, "X-ClickHouse-Key", &self.password)
    }

    /// A statement as a request.
    fn ask(
        &self,
        statement: &Statement,
        id: &str,
        parameters: &[(&str, &str)],
    ) -> Result<RequestBuilder> {
        let sql = reads::only(&statement.sql, Strings::Backslash)?.to_owned();
        let tags = match statement.tags.is_empty() {
            true => String::new(),
            false => reads::tags(statement),
        };
        // The server stops a little later than this side does, so that it is known who did.
        let seconds = self.time(statement).as_secs().saturating_add(1).to_string();
        let mut settings = SETTINGS.to_vec();
        settings.extend([
            ("query_id", id),
            ("max_execution_time", seconds.as_str()),
            ("log_comment", tags.as_str()),
        ]);
        if !self.schema.is_empty() {
            settings.push(("database", &self.schema));
        }
        settings.extend(parameters);
        Ok(self.post(&settings).body(sql))
    }

    /// The connection's own limit counts too.
    fn time(&self, statement: &Statement) -> Duration {
        let most = self.most.unwrap_or(Duration::MAX);
        most.min(statement.time)
    }

    async fn run(&self, statement: &Statement, parameters: &[(&str, &str)]) -> Result<RowStream> {
        let time = self.time(statement);
        let deadline = Deadline::new(time);
        let id = query_id();
        let request = self.ask(statement, &id, parameters)?;
        let mut cancel = Cancel::default();
        cancel.by(self.kill(&id));
        let sql = statement.sql.clone();
        let started = async {
            let response = self.remote.send(request).await?;
            if is_failure(&response) {
                cancel.over();
                let status = response.status();
                return Err(self.failed(status, response, &sql, time).await);
            }
            Lines::of(self.remote.clone(), response, sql).await
        };
        let lines = deadline.within(started).await?;
        let columns = lines.columns();
        let state = (lines, cancel);
        let batches = stream::try_unfold(state, move |(mut lines, mut cancel)| async move {
            let rows = deadline.within(lines.next_rows()).await;
            if lines.is_over() {
                cancel.over();
            }
            let rows = rows.map_err(|error| answer::timed_out(error, time))?;
            Ok(rows.map(|rows| (rows, (lines, cancel))))
        });
        Ok(RowStream::new(columns, batches))
    }

    /// `KILL QUERY` as well as a closed connection: a proxy may keep that open.
    fn kill(&self, id: &str) -> RequestBuilder {
        let sql = format!("KILL QUERY WHERE query_id = '{id}' ASYNC");
        self.post(&[]).body(sql)
    }

    /// What an answer with an error says. ClickHouse says 403 both to a wrong login and to missing privileges.
    async fn failed(
        &self,
        status: StatusCode,
        mut response: Response,
        sql: &str,
        time: Duration,
    ) -> Error {
        let mut body = Vec::new();
        while let Ok(Some(piece)) = self.remote.piece(&mut response).await {
            body.extend_from_slice(piece.as_ref());
            if body.len() > MESSAGE {
                break;
            }
        }
        let text = String::from_utf8_lossy(&body);
        let login = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        match answer::exception(&text, sql) {
            Some((answer::NO_LOGIN, _)) => self.no_login(),
            Some((answer::READ_ONLY, _)) if text.contains("Cannot modify") => self.remote.failed(
                "does not let this user set how answers are written; its profile needs readonly = 2 instead of 1",
            ),
            Some((_, error)) => answer::timed_out(error, time),
            None if login => self.no_login(),
            None => self.remote.status(status),
        }
    }

    fn no_login(&self) -> Error {
        self.remote
            .failed("does not accept the login; check the user and the password")
    }
}

fn is_failure(response: &Response) -> bool {
    response.status() != StatusCode::OK
        || response
            .headers()
            .contains_key("X-ClickHouse-Exception-Code")
}

/// An id that nobody else's query has: 128 bits of what the system seeds hash maps with.
fn query_id() -> String {
    let seed = RandomState::new();
    format!(
        "zerodash-{:016x}{:016x}",
        seed.hash_one(0),
        seed.hash_one(1)
    )
}

/// A parameter is read like a value of `TabSeparated`
/// (<https://clickhouse.com/docs/interfaces/http#tabs-in-url-parameters>).
fn escaped(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('\t', "\\t");
    value.replace('\n', "\\n").replace('\r', "\\r")
}

#[async_trait]
impl Warehouse for Clickhouse {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        self.run(statement, &[]).await
    }

    /// A database counts as its own schema, as in ClickHouse's `information_schema`
    /// (<https://clickhouse.com/docs/operations/system-tables/information_schema>).
    async fn tables(&self) -> Result<Vec<Table>> {
        let sql = "SELECT database, name FROM system.tables WHERE NOT is_temporary \
                   AND database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') ORDER BY 1, 2";
        let rows = self.run(&Statement::new(sql, CATALOGUE), &[]).await?;
        let rows = rows.collect().await?.rows.into_iter();
        let tables = rows.filter_map(|row| {
            let schema = row.first()?.as_str()?.to_owned();
            Some(Table {
                database: schema.clone(),
                schema,
                name: row.get(1)?.as_str()?.to_owned(),
                partition: None,
            })
        });
        Ok(tables.collect())
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        let sql = "SELECT name, type FROM system.columns \
                   WHERE database = {schema:String} AND table = {table:String} ORDER BY position";
        let schema = schema.or(database).unwrap_or(&self.schema);
        let (schema, table) = (escaped(schema), escaped(table));
        let parameters = [
            ("param_schema", schema.as_str()),
            ("param_table", table.as_str()),
        ];
        let rows = self
            .run(&Statement::new(sql, CATALOGUE), &parameters)
            .await?;
        let rows = rows.collect().await?.rows.into_iter();
        let columns = rows.filter_map(|row| {
            Some(Column {
                name: row.first()?.as_str()?.to_owned(),
                r#type: types::Kind::of(row.get(1)?.as_str()?).simple(),
            })
        });
        Ok(columns.collect())
    }
}

impl types::Kind {
    fn simple(&self) -> Type {
        match self {
            Self::Plain(one) => *one,
            _ => Type::Json,
        }
    }
}

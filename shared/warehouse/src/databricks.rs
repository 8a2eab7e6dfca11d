//! Databricks SQL over the Statement Execution API 2.0
//! (<https://docs.databricks.com/api/workspace/statementexecution>).
//!
//! Answers come as `EXTERNAL_LINKS` in `JSON_ARRAY`, whatever their size: `INLINE` aborts a statement whose answer is over
//! 25 MiB once it has been computed, which is known only afterwards, so that it would run and cost twice. What it takes is one
//! more request to the workspace's storage. Links are signed; they are fetched without the token, one at a time when
//! somebody asks for the next rows, and cut into rows as they come.

mod answer;
mod links;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    Column, Error, Hosts, Result, RowStream, Statement, Table, Warehouse,
    connect::DatabricksCredentials,
    http,
    reads::{self, Strings},
    remote::{Cancel, Deadline, Remote, to_the_end},
};
use answer::{Answer, Refusal, State};
use links::Links;

/// Too many requests, and a service that is not ready yet; both say that the same request may succeed later
/// (<https://docs.databricks.com/aws/en/resources/limits>).
const PASSING: [StatusCode; 2] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];
/// Polling waits this long, then twice as long each time.
const FIRST_POLL: Duration = Duration::from_millis(100);
const LONGEST_POLL: Duration = Duration::from_secs(2);
/// `wait_timeout` is 0 or from 5 to 50 seconds; this is its default.
const WAIT: Duration = Duration::from_secs(10);
/// What the catalogue may take; a warehouse that sleeps starts first.
const CATALOGUE: Duration = Duration::from_secs(120);
/// The catalogue from before Unity Catalog, which has no `information_schema`.
const HIVE: &str = "hive_metastore";

/// A connection to a SQL warehouse of Databricks.
pub struct Databricks {
    workspace: Workspace,
    warehouse: String,
    catalog: Option<String>,
    schema: String,
}

/// Where requests go, and with which token.
#[derive(Clone)]
struct Workspace {
    remote: Remote,
    hosts: Hosts,
    /// `…/api/2.0/sql/statements/`
    statements: Url,
    token: String,
}

impl Databricks {
    /// Nothing is sent yet. A host is reached by `https`; where any host may be talked to, it may say `http://` itself.
    ///
    /// # Errors
    /// `Connection` when the address may not be talked to, or the path is not one of a SQL warehouse.
    pub fn new(credentials: &DatabricksCredentials, hosts: &Hosts) -> Result<Self> {
        let host = credentials.server_host_name.trim().trim_end_matches('/');
        let host = host.strip_prefix("https://").unwrap_or(host);
        let origin = match host.strip_prefix("http://") {
            Some(_) if *hosts == Hosts::Any => host.to_owned(),
            Some(_) => {
                return Err(Error::Connection(
                    "Databricks is reached by https only".to_owned(),
                ));
            }
            None => format!("https://{host}"),
        };
        let statements = format!("{origin}/api/2.0/sql/statements/");
        let filled = |text: &String| !text.is_empty();
        Ok(Self {
            workspace: Workspace {
                remote: Remote::new("Databricks", &PASSING, *hosts)?,
                hosts: *hosts,
                statements: http::address(*hosts, &statements)?,
                token: credentials.personal_access_token.reveal().to_owned(),
            },
            warehouse: warehouse_of(&credentials.http_path)?,
            catalog: credentials.catalog.clone().filter(filled),
            schema: credentials.database.clone(),
        })
    }

    fn post(&self, statement: &Statement, parameters: &Value) -> Result<RequestBuilder> {
        let wait = if statement.time < WAIT {
            Duration::ZERO
        } else {
            WAIT
        };
        let mut body = json!({
            "statement": reads::tagged(statement, Strings::Backslash)?,
            "warehouse_id": self.warehouse,
            "disposition": "EXTERNAL_LINKS",
            "format": "JSON_ARRAY",
            "wait_timeout": format!("{}s", wait.as_secs()),
            "on_wait_timeout": "CONTINUE",
        });
        if let Some(body) = body.as_object_mut() {
            let given = [
                ("catalog", self.catalog.clone().map(Value::from)),
                (
                    "schema",
                    (!self.schema.is_empty()).then(|| self.schema.clone().into()),
                ),
                (
                    "parameters",
                    (!parameters.is_null()).then(|| parameters.clone()),
                ),
            ];
            let given = given.into_iter();
            body.extend(given.filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        let address = self.workspace.statements.as_str().trim_end_matches('/');
        let request = self.workspace.remote.client.post(address).json(&body);
        let longest = wait.saturating_add(Duration::from_secs(60));
        Ok(self.workspace.login(request).timeout(longest))
    }

    async fn run(&self, statement: &Statement, parameters: &Value) -> Result<RowStream> {
        let deadline = Deadline::new(statement.time);
        let post = self.post(statement, parameters)?;
        let workspace = self.workspace.clone();
        let started = to_the_end(async move { Started::of(workspace, post).await });
        let mut started = deadline.within(started).await?;
        deadline.within(started.finish()).await?;
        let (columns, links) = started.into_links()?;
        let batches = stream::try_unfold(links, move |mut links| async move {
            let rows = deadline.within(links.next_rows()).await?;
            Ok(rows.map(|rows| (rows, links)))
        });
        Ok(RowStream::new(columns, batches))
    }
}

/// `/sql/1.0/warehouses/<id>`, with or without the first `/`; `endpoints` is the name from before.
fn warehouse_of(path: &str) -> Result<String> {
    let parts: Vec<_> = path.trim().trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["sql", "1.0", "warehouses" | "endpoints", id]
            if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            Ok((*id).to_owned())
        }
        _ => Err(Error::Connection(
            "the HTTP path is not one of a SQL warehouse, /sql/1.0/warehouses/<id>; clusters are not supported"
                .to_owned(),
        )),
    }
}

impl Workspace {
    fn login(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(&self.token)
    }

    /// An address below `/api/2.0/sql/statements/`, to which the token may go.
    fn below(&self, path: &str) -> Result<Url> {
        let url = self.statements.join(path).ok();
        let here = url.filter(|url| {
            url.origin() == self.statements.origin()
                && url.path().starts_with(self.statements.path())
        });
        here.ok_or_else(|| {
            self.remote
                .failed("answered with an address outside of its API")
        })
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let response = self.remote.send(request).await?;
        let status = response.status();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(self.remote.failed(
                    "does not accept the login; check the personal access token, and that it may use the SQL warehouse",
                ));
            }
            StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {}
            other => return Err(self.remote.status(other)),
        }
        let body = self.remote.body(response).await?;
        if status == StatusCode::OK {
            return self.remote.read(&body);
        }
        Err(self.remote.read::<Refusal>(&body)?.error())
    }
}

/// A statement that was taken.
struct Started {
    workspace: Workspace,
    answer: Answer,
    cancel: Cancel,
}

impl Started {
    async fn of(workspace: Workspace, post: RequestBuilder) -> Result<Self> {
        let answer: Answer = workspace.ask(post).await?;
        let mut cancel = Cancel::default();
        let address = workspace.below(&format!("{}/cancel", answer.id()?))?;
        cancel.by(workspace.login(workspace.remote.client.post(address)));
        Ok(Self {
            workspace,
            answer,
            cancel,
        })
    }

    /// Asks until the statement has ended.
    async fn finish(&mut self) -> Result<()> {
        let address = self.workspace.below(self.answer.id()?)?;
        let mut wait = FIRST_POLL;
        while matches!(
            self.answer.status.state,
            State::Pending | State::Running | State::Unknown
        ) {
            sleep(wait).await;
            wait = LONGEST_POLL.min(wait * 2);
            let get = self.workspace.remote.client.get(address.clone());
            self.answer = self.workspace.ask(self.workspace.login(get)).await?;
        }
        self.cancel.over();
        self.answer.succeeded()
    }

    fn into_links(self) -> Result<(Vec<Column>, Links)> {
        let manifest = self.answer.manifest.unwrap_or_default();
        if manifest.truncated {
            return Err(Error::query("Databricks cut the answer off"));
        }
        let columns = manifest.columns();
        let types = columns.iter().map(|one| one.r#type).collect();
        let links = Links::new(self.workspace, types, self.answer.result);
        Ok((columns, links))
    }
}

#[async_trait]
impl Warehouse for Databricks {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        self.run(statement, &Value::Null).await
    }

    /// Those of the connection's catalogue; of its schema alone in the catalogue from before Unity Catalog.
    async fn tables(&self) -> Result<Vec<Table>> {
        let sql = match self.catalog.as_deref() {
            Some(HIVE) => {
                let sql = format!("SHOW TABLES IN {}.{}", name(HIVE), name(&self.schema));
                let rows = self
                    .run(&Statement::new(sql, CATALOGUE), &Value::Null)
                    .await?;
                let rows = rows.collect().await?.rows.into_iter();
                let tables = rows.filter_map(|row| table(HIVE, row.first()?, row.get(1)?));
                return Ok(tables.collect());
            }
            Some(catalog) => format!("{}.information_schema.tables", name(catalog)),
            None => "information_schema.tables".to_owned(),
        };
        let sql = format!(
            "SELECT table_catalog, table_schema, table_name FROM {sql} \
             WHERE table_schema <> 'information_schema' ORDER BY 1, 2, 3"
        );
        let rows = self
            .run(&Statement::new(sql, CATALOGUE), &Value::Null)
            .await?;
        let rows = rows.collect().await?.rows.into_iter();
        let tables = rows.filter_map(|row| table(row.first()?.as_str()?, row.get(1)?, row.get(2)?));
        Ok(tables.collect())
    }

    /// As an empty answer describes itself, which works in every catalogue.
    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        let schema = schema.unwrap_or(&self.schema);
        let database = database.or(self.catalog.as_deref());
        let parts = [database, Some(schema), Some(table)].into_iter().flatten();
        let full: Vec<_> = parts.map(name).collect();
        let sql = format!("SELECT * FROM {} LIMIT 0", full.join("."));
        match self.stream(&Statement::new(sql, CATALOGUE)).await {
            Ok(rows) => Ok(rows.columns),
            // <https://docs.databricks.com/aws/en/error-messages/error-classes#table_or_view_not_found>
            Err(Error::Query { message, .. }) if message.contains("TABLE_OR_VIEW_NOT_FOUND") => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}

fn table(database: &str, schema: &Value, name: &Value) -> Option<Table> {
    Some(Table {
        database: database.to_owned(),
        schema: schema.as_str()?.to_owned(),
        name: name.as_str()?.to_owned(),
        partition: None,
    })
}

/// A name in backticks (<https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-identifiers>).
fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

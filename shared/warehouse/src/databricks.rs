//! Databricks SQL over the Statement Execution API 2.0
//! (<https://docs.databricks.com/api/workspace/statementexecution>).
//!
//! Answers come as `EXTERNAL_LINKS` in `JSON_ARRAY`, whatever their size: `INLINE` aborts a statement whose answer is over
//! 25 MiB once it has been computed, which is known only afterwards, so that it would run and cost twice. What it takes is one
//! more request to the workspace's storage. Links are signed; they are fetched without the token, one at a time when
//! somebody asks for the next rows, and cut into rows as they come.

mod answer;
mod links;
mod workspace;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    Column, Error, Hosts, Result, RowStream, Statement, Table, Warehouse,
    connect::DatabricksCredentials,
    http,
    reads::{self, Strings},
    remote::{Deadline, Remote, to_the_end},
};
use workspace::{Started, Workspace};

/// Too many requests, and a service that is not ready yet; both say that the same request may succeed later
/// (<https://docs.databricks.com/aws/en/resources/limits>).
const PASSING: [StatusCode; 2] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];
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

    fn post(&self, statement: &Statement) -> Result<RequestBuilder> {
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
        if let Some(catalog) = &self.catalog {
            body["catalog"] = catalog.as_str().into();
        }
        if !self.schema.is_empty() {
            body["schema"] = self.schema.as_str().into();
        }
        let address = self.workspace.statements.as_str().trim_end_matches('/');
        let request = self.workspace.remote.client.post(address).json(&body);
        let longest = wait.saturating_add(Duration::from_secs(60));
        Ok(self.workspace.login(request).timeout(longest))
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

#[async_trait]
impl Warehouse for Databricks {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        let deadline = Deadline::new(statement.time);
        let post = self.post(statement)?;
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

    /// Those of the connection's catalogue; of its schema alone in the catalogue from before Unity Catalog.
    async fn tables(&self) -> Result<Vec<Table>> {
        let sql = match self.catalog.as_deref() {
            Some(HIVE) => {
                let sql = format!("SHOW TABLES IN {}.{}", name(HIVE), name(&self.schema));
                let rows = self.stream(&Statement::new(sql, CATALOGUE)).await?;
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
        let rows = self.stream(&Statement::new(sql, CATALOGUE)).await?;
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

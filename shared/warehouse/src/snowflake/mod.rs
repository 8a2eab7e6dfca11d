//! Snowflake over its SQL API: <https://docs.snowflake.com/en/developer-guide/sql-api>.

mod catalogue;
mod fault;
mod key;
mod login;
mod run;
mod value;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use reqwest::Url;
use serde_json::{Map, Value, json};

use crate::{
    Column, Error, Hosts, Result, RowStream, Statement, Table, Warehouse,
    connect::SnowflakeCredentials, http,
};
use login::Login;
use run::Api;

/// The longest that Snowflake takes for a query tag.
const LONGEST_TAG: usize = 2_000;

/// An account of Snowflake. Times are in UTC; `TIME`, binary (hexadecimal) and everything geographic are text.
///
/// `NUMBER` without a scale is an integer; what does not fit into 64 bits is its digits as text.
pub struct Snowflake {
    api: Arc<Api>,
    settings: Settings,
}

/// How statements run. Names are as Snowflake stores them.
struct Settings {
    database: String,
    schema: String,
    warehouse: String,
    role: Option<String>,
    query_tag: Option<String>,
    /// 1 is Monday.
    week_start: Option<u8>,
}

impl Snowflake {
    /// The account of these credentials. Nothing is sent yet.
    ///
    /// # Errors
    /// `Connection` when the credentials cannot be used.
    pub fn new(credentials: &SnowflakeCredentials, hosts: &Hosts) -> Result<Self> {
        let login = Login::of(credentials)?;
        let settings = Settings::of(credentials, login.has_role());
        let api = Api {
            client: http::client(*hosts)?,
            base: base(credentials, *hosts)?,
            login,
        };
        Ok(Self {
            api: Arc::new(api),
            settings,
        })
    }

    async fn run(&self, statement: &Statement, bindings: &[&str]) -> Result<RowStream> {
        let body = self.settings.body(statement, bindings);
        run::run(&self.api, body, statement.time).await
    }
}

/// The account's own host, unless the connection names another one. Only where any host may be talked to it may be one
/// without encryption.
fn base(credentials: &SnowflakeCredentials, hosts: Hosts) -> Result<Url> {
    let url = credentials
        .access_url
        .as_deref()
        .filter(|url| !url.is_empty());
    let url = match url {
        Some(url) => http::address(hosts, url)?,
        None => {
            let account = &credentials.account;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if account.is_empty() || !account.chars().all(plain) {
                let message = format!("\"{account}\" is not an account of Snowflake");
                return Err(Error::Connection(message));
            }
            // Host names have no underscores; Snowflake takes hyphens for them.
            let host = account.replace('_', "-").to_lowercase();
            http::address(hosts, &format!("https://{host}.snowflakecomputing.com"))?
        }
    };
    match (url.scheme(), hosts) {
        ("https", _) | ("http", Hosts::Any) => Ok(url),
        _ => Err(Error::Connection(
            "the address of Snowflake must begin with https://".to_owned(),
        )),
    }
}

/// The SQL API wants names as they are stored, where everybody else writes them as in SQL: upper case, unless quoted.
fn stored(name: &str) -> String {
    let quoted = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    match quoted {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None if name.chars().all(plain) => name.to_ascii_uppercase(),
        None => name.to_owned(),
    }
}

impl Settings {
    fn of(credentials: &SnowflakeCredentials, has_role: bool) -> Self {
        let role = credentials
            .role
            .as_deref()
            .filter(|role| has_role && !role.is_empty());
        let tag = credentials.query_tag.clone().filter(|tag| !tag.is_empty());
        let day = credentials.start_of_week.filter(|day| *day < 7);
        Self {
            database: stored(&credentials.database),
            schema: stored(&credentials.schema),
            warehouse: stored(&credentials.warehouse),
            role: role.map(stored),
            query_tag: tag,
            week_start: day.map(|day| day + 1),
        }
    }

    /// <https://docs.snowflake.com/en/developer-guide/sql-api/reference#body-of-the-post-request-to-api-v2-statements>
    fn body(&self, statement: &Statement, bindings: &[&str]) -> Value {
        // Statements of the catalogue know no weeks, and several statements cannot be bound.
        let week = self.week_start.filter(|_| bindings.is_empty());
        let mut body = json!({
            "statement": statement_in(&statement.sql, week),
            "timeout": seconds(statement.time),
            "database": self.database,
            "schema": self.schema,
            "warehouse": self.warehouse,
            "parameters": self.parameters(&statement.tags, week),
        });
        if let Some(fields) = body.as_object_mut() {
            fields.extend(
                self.role
                    .iter()
                    .map(|role| ("role".to_owned(), json!(role))),
            );
            let bindings = bindings.iter().enumerate();
            let bindings: Map<_, _> = bindings
                .map(|(at, text)| ((at + 1).to_string(), json!({"type": "TEXT", "value": text})))
                .collect();
            if !bindings.is_empty() {
                fields.insert("bindings".to_owned(), bindings.into());
            }
        }
        body
    }

    /// All of reference §7 that the SQL API takes as parameters; it answers 400 to any other. No limit of the user's own on
    /// rows counts, and no partition is larger than what is read at once.
    fn parameters(&self, tags: &[(&'static str, String)], week: Option<u8>) -> Value {
        let mut parameters = json!({
            "TIMEZONE": "UTC",
            "ROWS_PER_RESULTSET": "0",
            "CLIENT_RESULT_CHUNK_SIZE": "48",
            "QUERY_TAG": self.tag(tags),
        });
        if let (Some(_), Some(fields)) = (week, parameters.as_object_mut()) {
            fields.insert("MULTI_STATEMENT_COUNT".to_owned(), json!("2"));
        }
        parameters
    }

    /// The tags as a JSON object, with the connection's own under `query_tag`; the last ones are left out when it is too
    /// long.
    fn tag(&self, tags: &[(&'static str, String)]) -> String {
        let own = self.query_tag.iter().map(|tag| ("query_tag", tag));
        let mut object = Map::new();
        let mut text = String::from("{}");
        for (key, value) in own.chain(tags.iter().map(|(key, value)| (*key, value))) {
            object.insert(key.to_owned(), json!(value));
            let longer = Value::Object(object.clone()).to_string();
            if longer.chars().count() > LONGEST_TAG {
                break;
            }
            text = longer;
        }
        text
    }
}

/// Where weeks start is no parameter of a request, so a statement before says it: exactly two run, or none.
/// <https://docs.snowflake.com/en/developer-guide/sql-api/submitting-multiple-statements>
fn statement_in(sql: &str, week: Option<u8>) -> String {
    let Some(day) = week else {
        return sql.to_owned();
    };
    format!("ALTER SESSION SET WEEK_START = {day}, QUOTED_IDENTIFIERS_IGNORE_CASE = FALSE;\n{sql}")
}

/// Whole seconds, at least one: none would mean the longest time there is.
fn seconds(time: Duration) -> u64 {
    time.as_secs()
        .saturating_add(u64::from(time.subsec_nanos() > 0))
        .max(1)
}

#[async_trait]
impl Warehouse for Snowflake {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        self.run(statement, &[]).await
    }

    async fn tables(&self) -> Result<Vec<Table>> {
        catalogue::tables(self).await
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        catalogue::fields(self, database, schema, table).await
    }
}

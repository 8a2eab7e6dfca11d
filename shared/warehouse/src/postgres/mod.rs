//! PostgreSQL, and Amazon Redshift, which speaks its protocol.
//!
//! Each statement has a connection of its own, in a transaction that only reads, with UTC as its zone. It is prepared
//! first: that tells the types of its columns, and that it is one statement. Then it runs as it is, and its rows come as
//! text, which every type has and Redshift gives for its own types, too. A row, or whatever else the server sends, has at
//! most 64 MB: what announces more is an error before it is read.
//!
//! `sslmode` is one of
//!
//! | Mode | TLS | The server's certificate |
//! |---|---|---|
//! | `disable` | no | |
//! | `no-verify` | yes | is not looked at |
//! | `allow`, `prefer` (the default) | yes; a server in a private network or behind an SSH tunnel may be without | is verified, with its name |
//! | `require` | yes | is verified, with its name |
//! | `verify-ca` | yes | is verified, whatever its name |
//! | `verify-full` | yes | is verified, with its name |
//!
//! The name is not looked at for `localhost`, nor by Redshift's modes other than `verify-full`. Whoever signed the
//! certificate must be trusted by the system, or be in `sslrootcert`, which then counts instead. Certificates of Amazon
//! RDS are not signed by anyone whom systems trust: put its bundle into `sslrootcert`
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html>).

mod catalog;
mod errors;
mod run;
mod session;
mod stream;
mod tls;
mod tunnel;
mod types;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio_postgres::{
    Config,
    config::{SslMode, SslNegotiation},
};

use self::{errors::Asked, session::Session, tls::Tls, tunnel::Tunnel};
use crate::{
    Column, Error, Hosts, Result, RowStream, Statement, Table, Warehouse,
    connect::{PostgresCredentials, RedshiftCredentials},
};

/// What a statement may take where the connection does not say: the reference's 300 seconds.
const DEFAULT_TIME: u32 = 300;

/// The session's formats, as [`types`] reads them.
const SETTINGS: &str = "SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; \
    SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 3; \
    SET default_transaction_read_only = on";
/// Redshift knows fewer, and has 2 as the most digits
/// (<https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html>).
const REDSHIFT_SETTINGS: &str =
    "SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 2";

/// A PostgreSQL or Redshift database. Every statement connects anew.
pub struct Postgres {
    redshift: bool,
    hosts: Hosts,
    host: String,
    port: u16,
    schema: String,
    search_path: Option<String>,
    role: Option<String>,
    limit: Duration,
    config: Config,
    tls: Tls,
    tunnel: Option<Tunnel>,
}

impl Postgres {
    /// A PostgreSQL database.
    ///
    /// # Errors
    /// `Connection` when the SSL mode is unknown or a certificate cannot be read, `Tunnel` when the tunnel is incomplete.
    pub fn new(of: &PostgresCredentials, hosts: &Hosts) -> Result<Self> {
        let wanted = tls::Wanted {
            mode: of.sslmode.as_deref(),
            root: of.sslrootcert.as_ref(),
            certificate: of.sslcert.as_ref(),
            key: of.sslkey.as_ref(),
            names_only_in_full: false,
        };
        let given = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
        Ok(Self {
            redshift: false,
            hosts: *hosts,
            host: of.host.clone(),
            port: of.port,
            schema: of.schema.clone(),
            search_path: given(&of.search_path),
            role: given(&of.role),
            limit: limit(of.timeout_seconds),
            config: config(of),
            tls: Tls::new(&wanted, &of.host)?,
            tunnel: Tunnel::new(&of.tunnel)?,
        })
    }

    /// An Amazon Redshift database.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn redshift(of: &RedshiftCredentials, hosts: &Hosts) -> Result<Self> {
        let wanted = tls::Wanted {
            mode: of.sslmode.as_deref(),
            root: None,
            certificate: None,
            key: None,
            names_only_in_full: true,
        };
        let mut same = Self::new(&as_postgres(of), hosts)?;
        same.redshift = true;
        same.tls = Tls::new(&wanted, &of.host)?;
        Ok(same)
    }

    fn settings(&self) -> &'static str {
        if self.redshift {
            REDSHIFT_SETTINGS
        } else {
            SETTINGS
        }
    }

    fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }
}

/// The fields that both have.
fn as_postgres(of: &RedshiftCredentials) -> PostgresCredentials {
    PostgresCredentials {
        host: of.host.clone(),
        port: of.port,
        user: of.user.clone(),
        password: of.password.clone(),
        dbname: of.dbname.clone(),
        schema: of.schema.clone(),
        role: None,
        search_path: None,
        keepalives_idle: of.keepalives_idle,
        timeout_seconds: of.timeout_seconds,
        sslmode: of.sslmode.clone(),
        sslcert: None,
        sslkey: None,
        sslrootcert: None,
        tunnel: of.tunnel.clone(),
    }
}

fn config(of: &PostgresCredentials) -> Config {
    let mut config = Config::new();
    config.user(of.user.reveal()).password(of.password.reveal());
    config.dbname(&of.dbname).application_name("zerodash");
    // Whether there is TLS, [`stream::Connector`] finds out.
    config.ssl_mode(SslMode::Require);
    config.ssl_negotiation(SslNegotiation::Direct);
    if let Some(seconds) = of.keepalives_idle.filter(|seconds| *seconds > 0) {
        config.keepalives_idle(Duration::from_secs(seconds.into()));
    }
    config
}

fn limit(seconds: Option<u32>) -> Duration {
    let seconds = seconds.filter(|seconds| *seconds > 0);
    Duration::from_secs(seconds.unwrap_or(DEFAULT_TIME).into())
}

/// The statement as it is sent: with its tags in a comment at its end. JSON has no line feed that could end the comment.
///
/// # Errors
/// `Refused` when the text has a zero byte, which the protocol cannot send.
fn tagged(statement: &Statement) -> Result<String> {
    if statement.sql.contains('\0') {
        return Err(Error::Refused("the statement has a zero byte".to_owned()));
    }
    if statement.tags.is_empty() {
        return Ok(statement.sql.clone());
    }
    let tags = statement
        .tags
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
    let tags = Value::Object(tags.collect());
    Ok(format!("{}\n-- {tags}", statement.sql))
}

#[async_trait]
impl Warehouse for Postgres {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        let sql = tagged(statement)?;
        let limit = statement.time.min(self.limit);
        let session = Session::connect(self).await?;
        session.prepare(self, limit).await?;
        run::run(session, Asked::now(sql, limit)).await
    }

    async fn tables(&self) -> Result<Vec<Table>> {
        let statement = Statement::new(self.tables_sql(), self.limit);
        let rows = self.stream(&statement).await?.collect().await?.rows;
        rows.into_iter().map(catalog::table).collect()
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        let schema = schema.unwrap_or(&self.schema);
        let sql = catalog::fields_sql(database, schema, table);
        let error = match self.stream(&Statement::new(sql, self.limit)).await {
            Ok(rows) => return Ok(rows.columns),
            Err(error @ Error::Query { .. }) => error,
            Err(other) => return Err(other),
        };
        let known = self.tables().await?.into_iter().any(|known| {
            let here = database.is_none_or(|database| database == known.database);
            here && known.schema == schema && known.name == table
        });
        if known { Err(error) } else { Ok(Vec::new()) }
    }
}

//! One connection for one statement.

use std::{sync::Arc, time::Duration};

use russh::{ChannelStream, client::Msg};
use tokio::{runtime::Handle, task::AbortHandle, time::timeout};
use tokio_postgres::{CancelToken, Client, Config, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Postgres, errors, tunnel};
use crate::{Error, Hosts, Result};

/// How long connecting may take, and again what is set before the statement.
const TIME: Duration = Duration::from_secs(5);

/// An open connection. If it is dropped while a statement runs, the server is told to stop it.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) running: bool,
    cancel: CancelToken,
    way: Arc<Way>,
    task: AbortHandle,
}

/// How the server is reached, once more for a request to cancel.
struct Way {
    tls: MakeRustlsConnect,
    host: String,
    port: u16,
    tunnel: Option<tunnel::Open>,
}

impl Session {
    /// Connects. Nothing is set yet.
    ///
    /// # Errors
    /// `Tunnel` and `Connection`.
    pub(super) async fn connect(to: &Postgres) -> Result<Self> {
        let tunnel = match &to.tunnel {
            Some(tunnel) => Some(tunnel.open(to.hosts).await?),
            None => None,
        };
        let way = Way {
            tls: to.tls.connect.clone(),
            host: to.host.clone(),
            port: to.port,
            tunnel,
        };
        let (client, task) = in_time(async {
            match &way.tunnel {
                Some(open) => through(to, &way, open).await,
                None => direct(to).await,
            }
        })
        .await?;
        let cancel = client.cancel_token();
        Ok(Self {
            client,
            running: false,
            cancel,
            way: Arc::new(way),
            task,
        })
    }

    /// Sets what every session has, and what the connection asks for.
    ///
    /// # Errors
    /// `Connection` when the server refuses it.
    pub(super) async fn prepare(&self, of: &Postgres, limit: Duration) -> Result<()> {
        let milliseconds = limit.as_millis().clamp(1, 0x7fff_ffff);
        let set = format!("{}; SET statement_timeout = {milliseconds}", of.settings());
        let connecting = |error| errors::connecting(&error, of.database());
        in_time(async {
            let set = self.client.batch_execute(&set);
            set.await.map_err(connecting)
        })
        .await?;
        for (setting, value) in [("search_path", &of.search_path), ("role", &of.role)] {
            if let Some(value) = value {
                in_time(self.set(setting, value)).await?;
            }
        }
        Ok(())
    }

    async fn set(&self, setting: &str, value: &str) -> Result<()> {
        let sql = "SELECT pg_catalog.set_config($1, $2, false)";
        let done = self.client.execute(sql, &[&setting, &value]).await;
        done.map(|_| ()).map_err(|_| {
            Error::Connection(format!("the warehouse refuses the {setting} \"{value}\""))
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.running {
            return;
        }
        let task = self.task.clone();
        let Ok(runtime) = Handle::try_current() else {
            return task.abort();
        };
        let (cancel, way) = (self.cancel.clone(), self.way.clone());
        runtime.spawn(async move {
            // Who dropped it does not wait for an answer.
            let _ = timeout(TIME, way.cancel(&cancel)).await;
            task.abort();
        });
    }
}

impl Way {
    async fn cancel(&self, cancel: &CancelToken) -> Result<()> {
        let failed = |error: tokio_postgres::Error| Error::Connection(error.to_string());
        let Some(open) = &self.tunnel else {
            return cancel.cancel_query(self.tls.clone()).await.map_err(failed);
        };
        let stream = open.stream(&self.host, self.port).await?;
        let tls = named(&self.tls, &self.host)?;
        cancel.cancel_query_raw(stream, tls).await.map_err(failed)
    }
}

type Named = <MakeRustlsConnect as MakeTlsConnect<ChannelStream<Msg>>>::TlsConnect;

fn named(tls: &MakeRustlsConnect, host: &str) -> Result<Named> {
    let made = MakeTlsConnect::<ChannelStream<Msg>>::make_tls_connect(&mut tls.clone(), host);
    made.map_err(|error| Error::Connection(error.to_string()))
}

/// To the addresses that may be talked to; the name counts for TLS only.
async fn direct(to: &Postgres) -> Result<(Client, AbortHandle)> {
    let addresses = to.hosts.look_up(&to.host, to.port).await?;
    let inside = |address: std::net::IpAddr| !Hosts::Public.allows(address);
    let mut config: Config = to.config.clone();
    config.ssl_mode(
        to.tls
            .mode(addresses.iter().all(|address| inside(address.ip()))),
    );
    config.port(to.port);
    for address in addresses {
        config.host(&to.host).hostaddr(address.ip());
    }
    let connected = config.connect(to.tls.connect.clone()).await;
    let (client, connection) = connected.map_err(|e| errors::connecting(&e, to.database()))?;
    Ok((client, tokio::spawn(connection).abort_handle()))
}

async fn through(to: &Postgres, way: &Way, open: &tunnel::Open) -> Result<(Client, AbortHandle)> {
    let stream = open.stream(&to.host, to.port).await?;
    let mut config = to.config.clone();
    config.ssl_mode(to.tls.mode(true));
    let connected = config.connect_raw(stream, named(&way.tls, &to.host)?).await;
    let (client, connection) = connected.map_err(|e| errors::connecting(&e, to.database()))?;
    Ok((client, tokio::spawn(connection).abort_handle()))
}

async fn in_time<T>(step: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Error::Connection("the warehouse does not answer in time".to_owned());
    timeout(TIME, step).await.map_err(late)?
}

//! One connection for one statement.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, task::AbortHandle, time::timeout};
use tokio_postgres::{CancelToken, Client, Config};

use super::{
    Postgres, errors,
    stream::{Connector, Excess},
    tunnel,
};
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
    connector: Connector,
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
        let (client, task, connector) = in_time(async {
            match &tunnel {
                Some(open) => through(to, open).await,
                None => direct(to).await,
            }
        })
        .await?;
        let cancel = client.cancel_token();
        let way = Way {
            connector,
            port: to.port,
            tunnel,
        };
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
        let connecting = |error| errors::connecting(&error, of.database(), self.excess());
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
        let refused =
            || Error::Connection(format!("the warehouse refuses the {setting} \"{value}\""));
        done.map(|_| ())
            .map_err(|_| self.excess().error().unwrap_or_else(refused))
    }

    /// Whether the server announced more than is read.
    pub(super) fn excess(&self) -> &Excess {
        &self.way.connector.excess
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
            let cancelled = cancel.cancel_query(self.connector.clone()).await;
            return cancelled.map_err(failed);
        };
        let stream = open.stream(&self.connector.host, self.port).await?;
        let cancelled = cancel
            .cancel_query_raw(stream, self.connector.clone())
            .await;
        cancelled.map_err(failed)
    }
}

/// To the addresses that may be talked to; the name counts for TLS only.
async fn direct(to: &Postgres) -> Result<(Client, AbortHandle, Connector)> {
    let addresses = to.hosts.look_up(&to.host, to.port).await?;
    let inside = |address: std::net::IpAddr| !Hosts::Public.allows(address);
    let all_inside = addresses.iter().all(|address| inside(address.ip()));
    let connector = to.tls.connector(&to.host, all_inside);
    let mut config: Config = to.config.clone();
    config.port(to.port);
    for address in addresses {
        config.host(&to.host).hostaddr(address.ip());
    }
    let connected = config.connect(connector.clone()).await;
    let (client, connection) =
        connected.map_err(|e| errors::connecting(&e, to.database(), &connector.excess))?;
    Ok((client, tokio::spawn(connection).abort_handle(), connector))
}

async fn through(to: &Postgres, open: &tunnel::Open) -> Result<(Client, AbortHandle, Connector)> {
    let stream = open.stream(&to.host, to.port).await?;
    let connector = to.tls.connector(&to.host, true);
    let connected = to.config.connect_raw(stream, connector.clone()).await;
    let (client, connection) =
        connected.map_err(|e| errors::connecting(&e, to.database(), &connector.excess))?;
    Ok((client, tokio::spawn(connection).abort_handle(), connector))
}

async fn in_time<T>(step: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Error::Connection("the warehouse does not answer in time".to_owned());
    timeout(TIME, step).await.map_err(late)?
}

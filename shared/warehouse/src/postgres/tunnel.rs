//! The way through an SSH server: a channel inside the SSH connection is the stream to PostgreSQL. No local port is opened.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use russh::{
    ChannelStream,
    client::{self, Handle, Msg},
    keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key},
};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    Error, Hosts, Result,
    connect::{self, HostKeys},
};

/// How long each step of opening a tunnel may take.
const TIME: Duration = Duration::from_secs(5);

/// An SSH server to go through.
///
/// Connections have no field to say which host key it has: the first one that is met is believed, and remembered by whoever
/// connects. Whoever can change the network that first time can pose as it, so TLS to the database should be verified
/// (`verify-full`).
#[derive(Clone)]
pub(super) struct Tunnel {
    host: String,
    port: u16,
    user: String,
    key: Arc<PrivateKey>,
    host_keys: Option<HostKeys>,
}

/// An open way to an SSH server. It closes when it is dropped.
pub(super) struct Open(Handle<KeyCheck>);

/// Looks at the host key before anybody signs in.
pub(super) struct KeyCheck {
    host_keys: Option<HostKeys>,
    /// Why it did not pass.
    refused: Arc<Mutex<Option<Error>>>,
}

impl client::Handler for KeyCheck {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let Some(host_keys) = self.host_keys.clone() else {
            return Ok(true);
        };
        let fingerprint = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.fingerprint(HashAlg::Sha256),
            PublicKeyOrCertificate::Certificate(one) => {
                one.public_key().fingerprint(HashAlg::Sha256)
            }
        };
        match host_keys.pass(fingerprint.to_string()).await {
            Ok(()) => Ok(true),
            Err(error) => {
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                *refused = Some(error);
                Ok(false)
            }
        }
    }
}

impl Tunnel {
    /// The tunnel of a connection, if it uses one.
    ///
    /// # Errors
    /// `Tunnel` when a field is missing, or the key is not one of OpenSSH or has a password.
    pub(super) fn new(of: &connect::Tunnel) -> Result<Option<Self>> {
        if of.use_ssh_tunnel != Some(true) {
            return Ok(None);
        }
        let missing = |what: &str| Error::Tunnel(format!("the SSH tunnel has no {what}"));
        let given = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
        let key = of.ssh_tunnel_private_key.as_ref();
        let key = key.ok_or_else(|| missing("private key"))?.reveal();
        let key = decode_secret_key(key, None)
            .map_err(|_| Error::Tunnel("the SSH tunnel's private key cannot be read".to_owned()))?;
        Ok(Some(Self {
            host: given(&of.ssh_tunnel_host).ok_or_else(|| missing("host"))?,
            port: of.ssh_tunnel_port.unwrap_or(22),
            user: given(&of.ssh_tunnel_user).ok_or_else(|| missing("user"))?,
            key: Arc::new(key),
            host_keys: of.host_keys.clone(),
        }))
    }

    /// Connects and logs in.
    ///
    /// # Errors
    /// `Tunnel` when the server cannot be reached, may not be talked to, has another host key, or refuses the login.
    pub(super) async fn open(&self, hosts: Hosts) -> Result<Open> {
        let found = hosts.look_up(&self.host, self.port).await;
        let addresses = found.map_err(|error| Error::Tunnel(error.to_string()))?;
        let stream = in_time(TcpStream::connect(addresses.as_slice())).await?;
        let config = client::Config {
            nodelay: true,
            keepalive_interval: Some(Duration::from_secs(30)),
            ..client::Config::default()
        };
        let refused = Arc::new(Mutex::new(None));
        let check = KeyCheck {
            host_keys: self.host_keys.clone(),
            refused: refused.clone(),
        };
        let connected = in_time(client::connect_stream(Arc::new(config), stream, check)).await;
        let mut handle = connected.map_err(|error| {
            let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.take().unwrap_or(error)
        })?;
        // Without an answer of the server, RSA is what every server since OpenSSH 7.2 takes.
        let hash = in_time(handle.best_supported_rsa_hash()).await?;
        let hash = hash.unwrap_or(Some(HashAlg::Sha512));
        let key = PrivateKeyWithHashAlg::new(self.key.clone(), hash);
        if !in_time(handle.authenticate_publickey(&self.user, key))
            .await?
            .success()
        {
            let why = "the SSH server refuses the user or the key of the tunnel";
            return Err(Error::Tunnel(why.to_owned()));
        }
        Ok(Open(handle))
    }
}

impl Open {
    /// A stream to a host as the SSH server sees it.
    ///
    /// # Errors
    /// `Tunnel` when the SSH server cannot or does not want to connect.
    pub(super) async fn stream(&self, host: &str, port: u16) -> Result<ChannelStream<Msg>> {
        let opening = self
            .0
            .channel_open_direct_tcpip(host, port.into(), "127.0.0.1", 0);
        Ok(in_time(opening).await?.into_stream())
    }
}

async fn in_time<T, E: Display>(step: impl Future<Output = Result<T, E>>) -> Result<T> {
    match timeout(TIME, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Error::Tunnel(format!("the SSH tunnel failed: {error}"))),
        Err(_) => Err(Error::Tunnel("the SSH server does not answer".to_owned())),
    }
}

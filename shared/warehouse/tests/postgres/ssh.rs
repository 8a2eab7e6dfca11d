//! An SSH server that connects whoever has its key to 127.0.0.1, by the name `database.inside`.

use std::sync::Arc;

use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey, key::safe_rng, ssh_key::LineEnding};
use russh::server::{self, Auth, ChannelOpenHandle, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelOpenFailure};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Door {
    port: u16,
    key: String,
    /// The fingerprint of its host key.
    pub(crate) host_key: String,
}

impl Door {
    /// The fields of a connection through it.
    pub(crate) fn tunnel(&self) -> Value {
        json!({
            "useSshTunnel": true, "sshTunnelHost": "127.0.0.1", "sshTunnelPort": self.port,
            "sshTunnelUser": "porter", "sshTunnelPrivateKey": self.key,
        })
    }
}

fn new_key() -> PrivateKey {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap()
}

/// A key that opens nothing.
pub(crate) fn other_key() -> String {
    new_key().to_openssh(LineEnding::LF).unwrap().to_string()
}

pub(crate) async fn start() -> Door {
    let (key, host) = (new_key(), new_key());
    let host_key = host.public_key().fingerprint(HashAlg::Sha256).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(server::Config {
        keys: vec![host],
        auth_rejection_time: std::time::Duration::ZERO,
        ..server::Config::default()
    });
    let known = key.public_key().clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let porter = Porter(known.clone());
            let config = config.clone();
            tokio::spawn(async move { server::run_stream(config, stream, porter).await?.await });
        }
    });
    Door {
        port,
        key: key.to_openssh(LineEnding::LF).unwrap().to_string(),
        host_key,
    }
}

struct Porter(PublicKey);

impl server::Handler for Porter {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        if user == "porter" && key.public_key.key_data() == self.0.key_data() {
            Ok(Auth::Accept)
        } else {
            Ok(Auth::reject())
        }
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        if host != "database.inside" {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        }
        let mut to = TcpStream::connect(("127.0.0.1", port.try_into().unwrap())).await?;
        reply.accept().await;
        tokio::spawn(async move { copy_bidirectional(&mut channel.into_stream(), &mut to).await });
        Ok(())
    }
}

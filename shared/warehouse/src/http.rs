//! What the adapters over HTTP share: a client that goes only where it may.

use std::time::Duration;

use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use crate::{Error, Hosts, Result};

/// How long reaching a host may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Looks names up, and leaves out addresses that may not be talked to.
struct Allowed(Hosts);

impl Resolve for Allowed {
    fn resolve(&self, name: Name) -> Resolving {
        let hosts = self.0;
        Box::pin(async move {
            let found = hosts.look_up(name.as_str(), 0).await?;
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// A client for a warehouse. It follows no redirect, as that would lead around [`Hosts`] and carry credentials elsewhere.
///
/// # Errors
/// `Engine` when the system's certificates cannot be read.
pub(crate) fn client(hosts: Hosts) -> Result<Client> {
    let client = Client::builder()
        .dns_resolver(std::sync::Arc::new(Allowed(hosts)))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .build();
    client.map_err(|error| Error::Engine(error.to_string()))
}

/// An address of a warehouse. A host that is a number never comes to the resolver, so it is looked at here.
///
/// # Errors
/// `Connection` when it is none, or may not be talked to.
pub(crate) fn address(hosts: Hosts, text: &str) -> Result<Url> {
    let url = Url::parse(text);
    let url = url.map_err(|_| Error::Connection(format!("\"{text}\" is not an address")))?;
    let ip = match url.host() {
        Some(url::Host::Ipv4(ip)) => Some(ip.into()),
        Some(url::Host::Ipv6(ip)) => Some(ip.into()),
        _ => None,
    };
    if ip.is_some_and(|ip| !hosts.allows(ip)) {
        return Err(Error::Connection(format!(
            "\"{text}\" is not a public address; connections inside the network are not allowed here"
        )));
    }
    Ok(url)
}

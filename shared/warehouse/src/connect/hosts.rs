//! Which hosts a connection may go to: addresses come from whoever sets up a project.

use std::net::{IpAddr, SocketAddr};

use crate::{Error, Result};

/// Whether addresses inside the operator's own networks may be talked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hosts {
    /// Only addresses that are public: what a deployed stack does unless it is told otherwise.
    #[default]
    Public,
    /// Any: on a laptop, and where a warehouse is in the same network.
    Any,
}

impl Hosts {
    /// The addresses of a host that may be talked to. Whoever connects uses these, and does not look the name up again.
    ///
    /// # Errors
    /// `Connection` when there is no such host, or all its addresses are inside.
    pub async fn look_up(self, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((host, port)).await;
        let found = found.map_err(|_| Error::Connection(format!("there is no host \"{host}\"")))?;
        let allowed: Vec<_> = found.filter(|address| self.allows(address.ip())).collect();
        if allowed.is_empty() {
            return Err(Error::Connection(format!(
                "\"{host}\" is not a public address; connections inside the network are not allowed here"
            )));
        }
        Ok(allowed)
    }

    /// Whether an address may be talked to.
    pub fn allows(self, address: IpAddr) -> bool {
        self == Self::Any || is_public(address)
    }
}

/// Addresses that the IANA registries of special-purpose addresses call globally reachable
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4() {
                return is_public(IpAddr::V4(v4));
            }
            let [first, second, ..] = v6.segments();
            match (first, second) {
                // Translated IPv4 (RFC 6052), and tunnels that end at an IPv4 address (6to4, Teredo).
                (0x0064, 0xff9b) | (0x2002, _) | (0x2001, 0) => false,
                // Documentation.
                (0x2001, 0x0db8) | (0x3fff, _) => false,
                // Global unicast.
                _ => (first & 0xe000) == 0x2000,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_networks_inside_are_not_public() {
        let inside = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "ff02::1",
            "2001:db8::1",
            "::127.0.0.1",
        ];
        for address in inside {
            assert!(!Hosts::Public.allows(address.parse().unwrap()), "{address}");
            assert!(Hosts::Any.allows(address.parse().unwrap()));
        }
        for address in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(Hosts::Public.allows(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused() {
        let refused = Hosts::Public.look_up("localhost", 5432).await.unwrap_err();
        assert!(matches!(refused, Error::Connection(_)), "{refused}");
        assert!(
            !Hosts::Any
                .look_up("localhost", 5432)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

//! Whose word counts about where a request comes from. Behind a proxy every connection is the proxy's, and the client's own
//! address is in `X-Forwarded-For`; anybody can send that header, so it is read only from proxies that are configured.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies that are configured; none by default. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// An entry that names no address and no network.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no address or network; write it as 10.0.0.7, 10.0.0.0/8 or fd00::/8")]
pub struct NoNetwork(String);

impl TrustedProxies {
    /// Proxies with these addresses (`10.0.0.7`) or in these networks (`10.0.0.0/8`).
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn of(entries: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, NoNetwork> {
        let network = |entry: &str| {
            let entry = entry.trim();
            let address = || entry.parse::<IpAddr>().map(IpNet::from);
            entry.parse::<IpNet>().or_else(|_| address()).map_err(|_| NoNetwork(entry.to_owned()))
        };
        entries.into_iter().map(|entry| network(entry.as_ref())).collect::<Result<Vec<_>, _>>().map(|all| Self(all.into()))
    }

    /// Who asks, if `peer` is at the other end of the connection: the last one in the chain for whom no trusted proxy stands.
    /// What is further to the left in the header anybody may have made up.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or_default()).collect();
        for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            if !self.trust(client) {
                break;
            }
            // A proxy that writes something else there is the last one of whom something is known.
            let Some(address) = address(entry) else { break };
            client = address;
        }
        client
    }

    /// Whether it is one of them.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it: some add the port.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse().or_else(|_| entry.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies = TrustedProxies::of(["127.0.0.1", "10.0.0.0/8", " fd00::/8 "]).expect("addresses and networks");
        let check = |peer: &str, lines: &[&str], expected: &str| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().expect("a header value"));
            }
            let client = proxies.client(peer.parse().expect("an address"), &headers);
            assert_eq!(client, expected.parse::<IpAddr>().expect("an address"), "{peer} {lines:?}");
        };
        check("192.0.2.1", &[], "192.0.2.1");
        check("192.0.2.1", &["198.51.100.7"], "192.0.2.1");
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["198.51.100.7"], "198.51.100.7");
        check("::ffff:127.0.0.1", &["198.51.100.7"], "198.51.100.7");
        check("127.0.0.1", &["1.1.1.1, 198.51.100.7"], "198.51.100.7");
        check("127.0.0.1", &["1.1.1.1, 198.51.100.7, 10.1.2.3"], "198.51.100.7");
        check("127.0.0.1", &["1.1.1.1", "198.51.100.7,10.1.2.3"], "198.51.100.7");
        check("127.0.0.1", &["10.0.0.9, 10.1.2.3"], "10.0.0.9");
        check("127.0.0.1", &["10.0.0.9, nonsense, 10.1.2.3"], "10.1.2.3");
        check("127.0.0.1", &[""], "127.0.0.1");
        check("fd00::1", &["198.51.100.7:4711"], "198.51.100.7");
        check("fd00::1", &["[2001:db8::7]:4711"], "2001:db8::7");
        check("fd00::1", &["[2001:db8::7]"], "2001:db8::7");
        check("fd00::1", &["2001:db8::7"], "2001:db8::7");
    }

    #[test]
    fn mistakes_are_named() {
        let error = TrustedProxies::of(["10.0.0.0/8", "proxy.local"]).expect_err("a name").to_string();
        assert!(error.starts_with("\"proxy.local\" is no address or network"), "{error}");
        assert!(TrustedProxies::of(["10.0.0.0/40"]).is_err());
    }
}

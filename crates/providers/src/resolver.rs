//! Looking names up for downloads: a name that leads into this network is not followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Answers public addresses only. The connection goes to an address that was checked, so nothing can change in between.
#[derive(Debug, Clone, Copy)]
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = found.into_iter().filter(|address| is_public_address(address.ip())).collect();
            if public.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether files may be fetched from there: https, the usual port, and no address literal of this network. Names that lead
/// into it are stopped where they are looked up.
pub fn is_public(url: &Url) -> bool {
    let literal = url.host_str().is_some_and(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok());
    url.scheme() == "https" && url.port().is_none() && !literal
}

/// Whether the address is one of the internet at large.
pub fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(address) => is_public_v4(address),
            None => {
                let first = address.segments()[0];
                // Global unicast is 2000::/3; 2001:db8::/32 is for documentation, 2001:0::/32 tunnels IPv4.
                let special = first == 0x2001 && matches!(address.segments()[1], 0 | 0xdb8);
                (first & 0xe000) == 0x2000 && !special
            }
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (second & 0xc0) == 64;
    let protocol = first == 192 && second == 0 && third == 0;
    let benchmark = first == 198 && (second & 0xfe) == 18;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || first == 0
        || first >= 224
        || shared
        || protocol
        || benchmark)
}

/// The IPv4 address inside of a mapped, compatible, 6to4 or NAT64 one.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match parts {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(of(high, low)),
        [0x64, 0xff9b, .., high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_at_large_is_public() {
        let check =
            |address: &str, expected| assert_eq!(is_public_address(address.parse().expect("an address")), expected, "{address}");
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "100.63.0.1", "2002:0101:0101::1"] {
            check(public, true);
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            check(private, false);
        }
    }

    #[test]
    fn files_come_from_public_places_only() {
        let check = |url: &str, expected: bool| assert_eq!(is_public(&Url::parse(url).expect("a URL")), expected, "{url}");
        check("https://images.example.com/a.jpg", true);
        check("http://images.example.com/a.jpg", false);
        check("https://images.example.com:8443/a.jpg", false);
        check("https://127.0.0.1/a.jpg", false);
        check("https://[::1]/a.jpg", false);
        check("https://2130706433/a.jpg", false);
        check("file:///etc/passwd", false);
    }
}

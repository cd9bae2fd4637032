//! Which addresses of the network belong to the internet at large, and which of the others somebody has allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Machines of one's own network that may be asked nevertheless.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    networks: Vec<IpNet>,
    names: Vec<String>,
}

impl AllowList {
    /// Reads networks (`192.168.1.0/24`), addresses and names of machines.
    ///
    /// # Errors
    /// With the entry that is none of them.
    pub fn parse(entries: &[String]) -> Result<Self, String> {
        let mut list = Self::default();
        for entry in entries {
            let text = entry.trim();
            let is_name = |text: &str| {
                let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
                letters
                    && text.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && text.contains(|c: char| c.is_ascii_alphabetic())
            };
            if let Ok(network) = text.parse::<IpNet>() {
                list.networks.push(network.trunc());
            } else if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
                list.networks.push(IpNet::from(address));
            } else if is_name(text) {
                list.names.push(text.trim_end_matches('.').to_ascii_lowercase());
            } else {
                return Err(format!(
                    "{entry:?} is neither a network such as 192.168.1.0/24 nor an address nor the name of a machine such as nas.local"
                ));
            }
        }
        Ok(list)
    }

    /// Whether nobody is allowed.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.names.is_empty()
    }

    /// Whether the machine of that name, at that address, may be asked.
    pub fn allows(&self, host: &str, address: IpAddr) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = address.to_canonical();
        self.names.contains(&host) || self.networks.iter().any(|network| network.contains(&address))
    }
}

/// Whether the address is one of the internet at large.
pub fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(address) => is_public_v4(address),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    // Carrier-grade NAT, protocol assignments, the 6to4 relay, benchmarks.
    let shared = first == 100 && (second & 0xc0) == 64;
    let protocol = first == 192 && second == 0 && third == 0;
    let relay = first == 192 && second == 88 && third == 99;
    let benchmark = first == 198 && (second & 0xfe) == 18;
    let special = shared || protocol || relay || benchmark;
    // 0/8 is this network, 224/4 multicast, 240/4 reserved.
    let ordinary = !(address.is_private() || address.is_loopback() || address.is_link_local() || address.is_documentation());
    ordinary && !special && first != 0 && first < 224
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Of global unicast (2000::/3): 2001:0::/32 is Teredo, which hides an IPv4 address; 2001:0::/23 holds other protocol
    // assignments; 2001:db8::/32 and 3fff::/20 are for documentation.
    let assigned = first == 0x2001 && second < 0x0200;
    let documentation = (first == 0x2001 && second == 0xdb8) || (first == 0x3fff && second < 0x1000);
    (first & 0xe000) == 0x2000 && !assigned && !documentation
}

/// The IPv4 address inside of a mapped, compatible, 6to4 or NAT64 one.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(of(high, low)),
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(of(high, low)),
        [0x64, 0xff9b, .., high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(addresses: &[&str], expected: bool) {
        for address in addresses {
            assert_eq!(is_public_address(address.parse().expect("an address")), expected, "{address}");
        }
    }

    #[test]
    fn the_internet_at_large_is_public() {
        check(&["1.1.1.1", "93.184.216.34", "100.63.0.1", "100.128.0.1", "172.15.0.1", "172.32.0.1", "223.255.255.254"], true);
        check(&["2606:4700::1111", "2a00:1450:4001::1", "::ffff:1.1.1.1", "2002:101:101::1", "64:ff9b::101:101"], true);
    }

    #[test]
    fn everything_else_is_not() {
        check(
            &["127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
            false,
        );
        // Metadata of clouds, carriers' networks, multicast, broadcast, documentation, benchmarks, assignments, reserved.
        check(&["169.254.169.254", "100.64.0.1", "100.127.255.255", "224.0.0.1", "239.1.1.1", "255.255.255.255"], false);
        check(
            &["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.0.1", "192.0.0.1", "192.88.99.1", "240.0.0.1"],
            false,
        );
        check(
            &["::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1", "3fff::1", "100::1"],
            false,
        );
        // IPv4 in IPv6: mapped, compatible, translated, 6to4, NAT64, Teredo.
        check(&["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1"], false);
        check(&["2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2001:0:4136:e378::1"], false);
        check(&["fd00:ec2::254", "2001:10::1", "2001:20::1"], false);
    }

    #[test]
    fn a_network_of_ones_own_can_be_allowed() {
        let entries = ["192.168.1.0/24", "NAS.local", "10.0.0.7", "fd00::/8"].map(str::to_owned);
        let list = AllowList::parse(&entries).expect("good entries");
        let check = |host: &str, address: &str, expected: bool| {
            assert_eq!(list.allows(host, address.parse().expect("an address")), expected, "{host} {address}");
        };
        check("x.example", "192.168.1.200", true);
        check("x.example", "::ffff:192.168.1.200", true);
        check("x.example", "192.168.2.1", false);
        check("nas.local.", "172.16.0.9", true);
        check("evil-nas.local", "172.16.0.9", false);
        check("x.example", "10.0.0.7", true);
        check("x.example", "10.0.0.8", false);
        check("x.example", "fd12::1", true);
        for wrong in ["", "*", "192.168.1.0/40", "a b", "http://nas.local", "300.1.1.1"] {
            assert!(AllowList::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}

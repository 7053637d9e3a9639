//! The addresses that a registry may refer to.
//!
//! A registry on the Internet must not make this machine call its own network, where metadata services and unprotected
//! ports are. So a redirect or a token service may not have an address that is nearer than the registry's own: public
//! registries may refer to public addresses, private ones to private or public ones. Link-local addresses are never
//! allowed.
//!
//! This module classifies addresses. Names are checked when they are resolved, by [`resolver`](super::resolver).

use std::net::{IpAddr, Ipv4Addr};

use tokio::net::lookup_host;
use url::{Host, Url};

/// How near an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// On the Internet.
    Public,
    /// In a private network.
    Private,
    /// This machine.
    Loopback,
    /// Link-local, multicast, unspecified: never a registry's address.
    Nowhere,
}

impl Reach {
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => {
                let segments = address.segments();
                if let Some(address) = address.to_ipv4_mapped() {
                    Self::of_v4(address)
                } else if address.is_loopback() {
                    Self::Loopback
                } else if address.is_unspecified() || address.is_multicast() || segments[0] & 0xffc0 == 0xfe80 {
                    Self::Nowhere
                } else if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] = segments {
                    // NAT64 and 6to4 addresses contain an IPv4 address.
                    let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
                    Self::of_v4(Ipv4Addr::new(a, b, c, d))
                } else if segments[0] & 0xfe00 == 0xfc00 {
                    Self::Private
                } else {
                    Self::Public
                }
            }
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, ..] = address.octets();
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_link_local() || address.is_multicast() || a == 0 || a >= 240 {
            Self::Nowhere
        } else if address.is_private() || a == 100 && b & 0xc0 == 64 || a == 198 && b & 0xfe == 18 {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// How near the host of `url` is, without resolving names: `None` for a name.
    pub fn of_literal(url: &Url) -> Option<Self> {
        match url.host()? {
            Host::Ipv4(address) => Some(Self::of(address.into())),
            Host::Ipv6(address) => Some(Self::of(address.into())),
            Host::Domain(name) => is_localhost(name).then_some(Self::Loopback),
        }
    }

    /// How near the host of `url` is. A name that cannot be resolved here, for example because a proxy resolves it, is public.
    pub async fn of_host(url: &Url) -> Self {
        if let Some(reach) = Self::of_literal(url) {
            return reach;
        }
        let Some(name) = url.host_str() else { return Self::Public };
        match lookup_host((name, 0)).await {
            Ok(addresses) => addresses.map(|address| Self::of(address.ip())).min().unwrap_or(Self::Public),
            Err(_) => Self::Public,
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_classified() {
        for (address, expected) in [
            ("8.8.8.8", Reach::Public),
            ("172.32.0.1", Reach::Public),
            ("2001:4860:4860::8888", Reach::Public),
            ("10.1.2.3", Reach::Private),
            ("172.16.0.1", Reach::Private),
            ("192.168.0.1", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("fd00::1", Reach::Private),
            ("::ffff:10.0.0.1", Reach::Private),
            ("64:ff9b::a00:1", Reach::Private),
            ("2002:a00:1::", Reach::Private),
            ("127.0.0.1", Reach::Loopback),
            ("127.9.9.9", Reach::Loopback),
            ("::1", Reach::Loopback),
            ("::ffff:127.0.0.1", Reach::Loopback),
            ("169.254.169.254", Reach::Nowhere),
            ("169.254.0.23", Reach::Nowhere),
            ("fe80::1", Reach::Nowhere),
            ("0.0.0.0", Reach::Nowhere),
            ("::", Reach::Nowhere),
            ("224.0.0.1", Reach::Nowhere),
            ("255.255.255.255", Reach::Nowhere),
        ] {
            assert_eq!(Reach::of(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn hosts_in_disguise_are_recognized() {
        for (url, expected) in [
            ("http://localhost:5000/", Some(Reach::Loopback)),
            ("http://LOCALHOST./", Some(Reach::Loopback)),
            ("http://a.localhost/", Some(Reach::Loopback)),
            ("http://2130706433/", Some(Reach::Loopback)),
            ("http://0x7f.1/", Some(Reach::Loopback)),
            ("http://[::ffff:7f00:1]/", Some(Reach::Loopback)),
            ("http://registry.example.com/", None),
        ] {
            assert_eq!(Reach::of_literal(&url.parse().unwrap()), expected, "{url}");
        }
    }
}

//! Host names: in messages, and in lists of hosts with special treatment.

use std::collections::BTreeSet;

use url::Url;

/// The list entry that matches every host.
const ALL_HOSTS: &str = "all";

/// The host, with its port if that is not the scheme's default. Never the path or query, which may be signed.
pub(super) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "an address without a host".to_owned(),
    }
}

pub(super) fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// Whether a list matches the host: `host:port`, `host` for every port, or the entry for all hosts.
pub(super) fn lists(list: &BTreeSet<String>, authority: &str) -> bool {
    let host = without_port(authority);
    list.iter()
        .any(|entry| entry == ALL_HOSTS || entry.eq_ignore_ascii_case(authority) || entry.eq_ignore_ascii_case(host))
}

pub(super) fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// The host of a proxy, whose address may lack a scheme.
pub(super) fn proxy_host(address: &str) -> Option<String> {
    let url =
        Url::parse(address).ok().filter(Url::has_host).or_else(|| Url::parse(&format!("http://{address}")).ok())?;
    url.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_name_hosts_with_and_without_port() {
        for (list, authority, expected) in [
            ("r.io", "r.io:443", true),
            ("R.io:5000", "r.io:5000", true),
            ("r.io:5000", "r.io:443", false),
            ("[::1]", "[::1]:5000", true),
            ("other.io", "r.io:443", false),
            ("all", "r.io:443", true),
            ("all", "[::1]:5000", true),
        ] {
            assert_eq!(lists(&[list.to_owned()].into(), authority), expected, "{list} {authority}");
        }
    }

    #[test]
    fn proxies_have_hosts_with_and_without_a_scheme() {
        for (address, expected) in [
            ("http://proxy.example.com:3128", "proxy.example.com"),
            ("http://me:pw@10.0.0.1:3128/", "10.0.0.1"),
            ("proxy.example.com:3128", "proxy.example.com"),
            ("proxy", "proxy"),
        ] {
            assert_eq!(proxy_host(address).as_deref(), Some(expected), "{address}");
        }
    }
}

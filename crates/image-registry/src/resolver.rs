//! Restricts the addresses of host names, when they are resolved.
//!
//! The host name of a redirect or a token service is chosen by a registry, and may resolve to this machine or its network. So
//! each name is limited to the [`Reach`] of the registry that referred to it. Names from the configuration (registries of images,
//! mirrors, hosts in lists, proxies) have no limit, nor do those of the platform's object storage: they resolve to link-local
//! addresses inside its network, and only the platform controls them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use super::address::Reach;

/// Domains of Tencent Cloud's object storage, to which its registries refer for layers.
const PLATFORM_STORAGE: [&str; 2] = [".myqcloud.com", ".tencentcos.cn"];

/// The limits of names. A name without one must have a public address.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolver(Arc<Mutex<HashMap<String, Limit>>>);

/// How near the addresses of a name may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Limit {
    Within(Reach),
    /// The host is named in the configuration.
    None,
}

impl Resolver {
    /// Removes the limit of a host that is named in the configuration.
    pub fn trust(&self, host: &str) {
        self.raise(host, Limit::None);
    }

    /// Allows addresses of a host up to `reach`.
    pub fn allow(&self, host: &str, reach: Reach) {
        self.raise(host, Limit::Within(reach));
    }

    fn raise(&self, host: &str, limit: Limit) {
        let mut limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = limits.entry(host.to_ascii_lowercase()).or_insert(limit);
        *known = limit.max(*known);
    }

    fn permits(&self, host: &str, address: &SocketAddr) -> bool {
        let host = host.to_ascii_lowercase();
        let limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match limits.get(&host).unwrap_or(&Limit::Within(Reach::Public)) {
            Limit::None => true,
            Limit::Within(_) if PLATFORM_STORAGE.iter().any(|domain| host.ends_with(domain)) => true,
            Limit::Within(reach) => Reach::of(address.ip()) <= *reach,
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let all: Vec<_> = lookup_host((host, 0)).await?.collect();
            let count = all.len();
            let permitted: Vec<_> = all.into_iter().filter(|address| resolver.permits(host, address)).collect();
            if permitted.is_empty() && count > 0 {
                return Err("its name resolves to an address of this machine or of a private network".into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_limited_by_reach() {
        let resolver = Resolver::default();
        resolver.trust("Registry.example.com");
        resolver.allow("registry.example.com", Reach::Public);
        resolver.allow("auth.corp.example.com", Reach::Private);
        for (host, address, expected) in [
            ("cdn.example.com", "8.8.8.8", true),
            ("cdn.example.com", "10.0.0.1", false),
            ("cdn.example.com", "127.0.0.1", false),
            ("cdn.example.com", "169.254.169.254", false),
            ("cdn.example.com", "::1", false),
            ("cdn.example.com", "::ffff:10.0.0.1", false),
            ("registry.example.com", "10.0.0.1", true),
            ("REGISTRY.example.com", "127.0.0.1", true),
            ("auth.corp.example.com", "10.0.0.1", true),
            ("auth.corp.example.com", "127.0.0.1", false),
            ("bucket.cos.ap-guangzhou.myqcloud.com", "169.254.0.47", true),
            ("myqcloud.com.example.com", "169.254.0.47", false),
        ] {
            let address = SocketAddr::new(address.parse().unwrap(), 443);
            assert_eq!(resolver.permits(host, &address), expected, "{host} {address}");
        }
    }

    #[tokio::test]
    async fn name_of_this_machine_is_refused_unless_it_is_trusted() {
        let resolver = Resolver::default();
        let resolve = || resolver.resolve("localhost".parse().unwrap());
        let error = resolve().await.err().expect("refused").to_string();
        assert!(error.contains("resolves to an address of this machine"), "{error}");
        resolver.trust("localhost");
        assert!(resolve().await.unwrap().next().is_some());
    }
}

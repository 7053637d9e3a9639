//! Where each service is reached: `<protocol>://<service>.<domain>`, unless an override names another base URL.

use std::collections::BTreeMap;

use url::Url;

/// The base URL of every service.
#[derive(Debug, Clone)]
pub struct Endpoints {
    scheme: &'static str,
    domain: String,
    overrides: BTreeMap<String, Url>,
}

/// A part of an endpoint that cannot be used. The message says which and why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what} {value:?}: {problem}")]
pub struct InvalidEndpoint {
    what: String,
    value: String,
    problem: String,
}

/// The root of the host names of Tencent Cloud's mainland site.
pub const DEFAULT_DOMAIN: &str = "tencentcloudapi.com";

impl Default for Endpoints {
    /// `https://<service>.tencentcloudapi.com`.
    fn default() -> Self {
        Self { scheme: "https", domain: DEFAULT_DOMAIN.to_owned(), overrides: BTreeMap::new() }
    }
}

impl Endpoints {
    /// Endpoints of `protocol` (`HTTPS` or `HTTP`, in any case) below `domain`, without overrides.
    ///
    /// # Errors
    ///
    /// When the protocol is neither, or `<service>.<domain>` would not be a host name.
    pub fn new(protocol: &str, domain: &str) -> Result<Self, InvalidEndpoint> {
        let invalid = |what: &str, value: &str, problem: &str| InvalidEndpoint {
            what: what.to_owned(),
            value: value.to_owned(),
            problem: problem.to_owned(),
        };
        let scheme = match protocol.to_ascii_lowercase().as_str() {
            "https" => "https",
            "http" => "http",
            _ => return Err(invalid("protocol", protocol, "expected HTTPS or HTTP")),
        };
        let expected = "expected a host name without protocol or path, for example \"tencentcloudapi.com\"";
        match Url::parse(&format!("{scheme}://tke.{domain}")) {
            Ok(url) if !domain.is_empty() && is_origin(&url) => {
                Ok(Self { scheme, domain: domain.to_owned(), overrides: BTreeMap::new() })
            }
            _ => Err(invalid("domain", domain, expected)),
        }
    }

    /// Reaches `service` at `base_url` instead: scheme, host and port, `http` allowed.
    ///
    /// # Errors
    ///
    /// When it is not such a URL. A path is refused, because the signature always covers the path `/`.
    pub fn with_override(mut self, service: &str, base_url: &str) -> Result<Self, InvalidEndpoint> {
        let invalid = |problem: String| InvalidEndpoint {
            what: format!("endpoint of {service}"),
            value: base_url.to_owned(),
            problem,
        };
        let url = Url::parse(base_url)
            .map_err(|error| invalid(format!("{error}; expected a URL, for example \"https://{service}.internal\"")))?;
        if !is_origin(&url) {
            return Err(invalid("expected http or https, a host and a port at most".to_owned()));
        }
        self.overrides.insert(service.to_owned(), url);
        Ok(self)
    }

    /// The URL to which calls of `service` are posted.
    ///
    /// # Errors
    ///
    /// When `service` makes no host name together with the domain; no service of this client does.
    pub fn url(&self, service: &str) -> Result<Url, url::ParseError> {
        match self.overrides.get(service) {
            Some(url) => Ok(url.clone()),
            None => Url::parse(&format!("{}://{service}.{}", self.scheme, self.domain)),
        }
    }
}

/// True for `http(s)://host[:port]` and nothing more.
fn is_origin(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_host_below_the_domain() {
        for (protocol, domain, expected) in [
            ("HTTPS", "tencentcloudapi.com", "https://tke.tencentcloudapi.com/"),
            ("http", "internal.tencentcloudapi.com", "http://tke.internal.tencentcloudapi.com/"),
        ] {
            let endpoints = Endpoints::new(protocol, domain).unwrap();
            assert_eq!(endpoints.url("tke").unwrap().as_str(), expected);
        }
    }

    #[test]
    fn an_override_concerns_its_service_only() {
        let endpoints = Endpoints::default().with_override("tke", "http://127.0.0.1:8080").unwrap();
        assert_eq!(endpoints.url("tke").unwrap().as_str(), "http://127.0.0.1:8080/");
        assert_eq!(endpoints.url("sts").unwrap().as_str(), "https://sts.tencentcloudapi.com/");
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for protocol in ["", "ftp", "https://"] {
            Endpoints::new(protocol, DEFAULT_DOMAIN).unwrap_err();
        }
        for domain in ["", "https://tencentcloudapi.com", "tencentcloudapi.com/path", "a b", "x@y"] {
            Endpoints::new("HTTPS", domain).unwrap_err();
        }
        for url in ["", "127.0.0.1:80", "ftp://host", "https://host/path", "https://host?query", "https://user@host"] {
            Endpoints::default().with_override("tke", url).unwrap_err();
        }
    }
}

//! The endpoint of each service: `<protocol>://<service>.<domain>`, unless an override names another base URL.

use std::collections::BTreeMap;

use url::Url;

/// The base URL of every service.
#[derive(Debug, Clone)]
pub struct Endpoints {
    scheme: &'static str,
    domain: String,
    overrides: BTreeMap<String, Url>,
}

/// An invalid part of an endpoint. The message says which and why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what}{}: {problem}", value.as_ref().map(|value| format!(" {value:?}")).unwrap_or_default())]
pub struct InvalidEndpoint {
    what: String,
    /// `None` if it must not be shown.
    value: Option<String>,
    problem: String,
}

impl InvalidEndpoint {
    fn new(what: impl Into<String>, value: &str, problem: impl Into<String>) -> Self {
        let value = (!has_userinfo(value)).then(|| value.to_owned());
        Self { what: what.into(), value, problem: problem.into() }
    }

    /// Whether the value may contain a password, so that its source line must not be shown either.
    pub fn holds_secret(&self) -> bool {
        self.value.is_none()
    }
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
    /// The protocol is neither, or `<service>.<domain>` is not a host name.
    pub fn new(protocol: &str, domain: &str) -> Result<Self, InvalidEndpoint> {
        let scheme = match protocol.to_ascii_lowercase().as_str() {
            "https" => "https",
            "http" => "http",
            _ => return Err(InvalidEndpoint::new("protocol", protocol, "expected HTTPS or HTTP")),
        };
        let expected = "expected a host name without protocol or path, for example \"tencentcloudapi.com\"";
        match Url::parse(&format!("{scheme}://tke.{domain}")) {
            Ok(url) if !domain.is_empty() && is_origin(&url) => {
                Ok(Self { scheme, domain: domain.to_owned(), overrides: BTreeMap::new() })
            }
            _ => Err(InvalidEndpoint::new("domain", domain, expected)),
        }
    }

    /// Overrides the endpoint of `service` with `base_url`: scheme, host and port; `http` is allowed.
    ///
    /// # Errors
    ///
    /// It is not such a URL. A path is refused, because the signature always covers the path `/`.
    pub fn with_override(mut self, service: &str, base_url: &str) -> Result<Self, InvalidEndpoint> {
        let expected =
            format!("expected http or https, a host and a port at most, for example \"https://{service}.internal\"");
        let with_scheme = format!("https://{base_url}");
        let problem = match Url::parse(base_url) {
            Ok(url) if is_origin(&url) => {
                self.overrides.insert(service.to_owned(), url);
                return Ok(self);
            }
            _ if has_userinfo(base_url) => format!("remove the user name and the password; {expected}"),
            _ if Url::parse(&with_scheme).is_ok_and(|url| is_origin(&url)) => {
                format!("the scheme is missing; write \"{with_scheme}\"")
            }
            Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => expected,
            Err(error) => format!("{error}; {expected}"),
        };
        Err(InvalidEndpoint::new(format!("endpoint of {service}"), base_url, problem))
    }

    /// The URL to which calls of `service` are posted.
    ///
    /// # Errors
    ///
    /// `service` and the domain do not form a host name, which is not so for any service of this client.
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

/// Whether `url` may contain a user name and a password, even if it cannot be parsed.
fn has_userinfo(url: &str) -> bool {
    url.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_is_a_host_below_the_domain() {
        for (protocol, domain, expected) in [
            ("HTTPS", "tencentcloudapi.com", "https://tke.tencentcloudapi.com/"),
            ("http", "internal.tencentcloudapi.com", "http://tke.internal.tencentcloudapi.com/"),
        ] {
            let endpoints = Endpoints::new(protocol, domain).unwrap();
            assert_eq!(endpoints.url("tke").unwrap().as_str(), expected);
        }
    }

    #[test]
    fn override_affects_its_service_only() {
        let endpoints = Endpoints::default().with_override("tke", "http://127.0.0.1:8080").unwrap();
        assert_eq!(endpoints.url("tke").unwrap().as_str(), "http://127.0.0.1:8080/");
        assert_eq!(endpoints.url("sts").unwrap().as_str(), "https://sts.tencentcloudapi.com/");
    }

    #[test]
    fn urls_with_more_than_an_origin_are_refused() {
        for protocol in ["", "ftp", "https://"] {
            Endpoints::new(protocol, DEFAULT_DOMAIN).unwrap_err();
        }
        for domain in ["", "https://tencentcloudapi.com", "tencentcloudapi.com/path", "a b", "x@y"] {
            Endpoints::new("HTTPS", domain).unwrap_err();
        }
    }

    #[test]
    fn override_error_shows_the_form() {
        for (url, expected) in [
            (
                "tke.example.com",
                "endpoint of tke \"tke.example.com\": the scheme is missing; write \"https://tke.example.com\"",
            ),
            (
                "localhost:8080",
                "endpoint of tke \"localhost:8080\": the scheme is missing; write \"https://localhost:8080\"",
            ),
            ("127.0.0.1:80", "endpoint of tke \"127.0.0.1:80\": the scheme is missing; write \"https://127.0.0.1:80\""),
            ("", "endpoint of tke \"\": expected http or https, a host and a port at most"),
            ("host/path", "endpoint of tke \"host/path\": expected http or https"),
            ("https://host/path", "endpoint of tke \"https://host/path\": expected http or https"),
            ("https://host?query", "endpoint of tke \"https://host?query\": expected http or https"),
            ("ftp://host", "endpoint of tke \"ftp://host\": expected http or https"),
            ("https://host:x", "endpoint of tke \"https://host:x\": invalid port number; expected http or https"),
        ] {
            let error = Endpoints::default().with_override("tke", url).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
            assert!(!error.holds_secret(), "{url}");
        }
    }

    #[test]
    fn user_name_and_password_are_not_shown() {
        let of_url = |url: &str| Endpoints::default().with_override("tke", url).unwrap_err();
        for error in [
            of_url("https://joe:secret@host"),
            of_url("https://joe@host"),
            of_url("https://joe:secret@host/path"),
            of_url("https://joe:se/cret@host"),
            of_url("https://joe:secret@host:port"),
            of_url("joe:secret@host"),
            Endpoints::new("HTTPS", "joe:secret@host").unwrap_err(),
            Endpoints::new("https://joe:secret@host", DEFAULT_DOMAIN).unwrap_err(),
        ] {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("joe") && !text.contains("cret"), "{text}");
            assert!(error.holds_secret(), "{text}");
        }
        let text = of_url("https://joe:secret@host").to_string();
        assert!(text.starts_with("endpoint of tke: remove the user name and the password; expected"), "{text}");
    }
}

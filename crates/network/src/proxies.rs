//! Proxies from the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`. The spelling in lower case takes
//! precedence, as in curl.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, NoProxy};
use url::Url;

/// The proxies of an environment.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    https: Option<Setting>,
    http: Option<Setting>,
    no_proxy: Option<String>,
}

#[derive(Debug, Clone)]
struct Setting {
    proxy: Proxy,
    /// With the password.
    url: Secret,
}

/// A URL that may contain a password.
#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A proxy in use, as messages name it: `127.0.0.1:3128 (from HTTPS_PROXY)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Host and port.
    pub authority: String,
    /// The variable that names it.
    pub variable: String,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (from {})", self.authority, self.variable)
    }
}

/// A proxy variable whose value is not the URL of a proxy. The value may contain a password, and is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidProxy {
    /// The variable.
    pub variable: String,
}

impl fmt::Display for InvalidProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable } = self;
        write!(
            f,
            "the environment variable {variable} is not the URL of a proxy. Write it as http://host:port, or \
             http://user:password@host:port with special characters of the password percent-encoded"
        )
    }
}

impl std::error::Error for InvalidProxy {}

impl Proxies {
    /// The proxies of an environment in which `get` looks up a variable.
    ///
    /// # Errors
    ///
    /// A variable is set and is not a URL: ignoring it would bypass the proxy.
    pub fn from_environment<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Self, InvalidProxy> {
        let variable = |name: &str| {
            let value =
                |name: &str| get(name).filter(|value| !value.trim().is_empty()).map(|value| (name.to_owned(), value));
            value(name).or_else(|| value(&name.to_uppercase()))
        };
        let setting = |name: &str| match variable(name).or_else(|| variable("all_proxy")) {
            None => Ok(None),
            Some((variable, value)) => Setting::new(&variable, value.trim()).map(Some),
        };
        let no_proxy = variable("no_proxy").map(|(_, value)| value.to_owned());
        Ok(Self { https: setting("https_proxy")?, http: setting("http_proxy")?, no_proxy })
    }

    /// The proxies of this process.
    ///
    /// # Errors
    ///
    /// As [`Proxies::from_environment`].
    pub fn of_process() -> Result<Self, InvalidProxy> {
        let names = ["https_proxy", "http_proxy", "all_proxy", "no_proxy"];
        let both = names.iter().flat_map(|name| [name.to_string(), name.to_uppercase()]);
        let variables: Vec<_> = both.filter_map(|name| Some((std::env::var(&name).ok()?, name))).collect();
        Self::from_environment(|name| {
            variables.iter().find(|(_, known)| known == name).map(|(value, _)| value.as_str())
        })
    }

    /// A client that uses these proxies and no others.
    ///
    /// # Errors
    ///
    /// The library's error, for a URL that it does not accept.
    pub fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, InvalidProxy> {
        let mut builder = builder.no_proxy();
        let no_proxy = self.no_proxy.as_deref().and_then(NoProxy::from_string);
        type Make = fn(&str) -> reqwest::Result<reqwest::Proxy>;
        let kinds: [(_, Make); 2] =
            [(&self.https, |url| reqwest::Proxy::https(url)), (&self.http, |url| reqwest::Proxy::http(url))];
        for (setting, make) in kinds {
            let Some(Setting { proxy, url }) = setting else { continue };
            let made = make(&url.0).map_err(|_| InvalidProxy { variable: proxy.variable.clone() })?;
            builder = builder.proxy(made.no_proxy(no_proxy.clone()));
        }
        Ok(builder)
    }

    /// Whether a request to `url` uses TLS: with the server, or with the proxy.
    pub fn need_tls(&self, url: &Url) -> bool {
        let is_tls_proxy = self.http.as_ref().is_some_and(|setting| setting.url.0.starts_with("https:"));
        url.scheme() == "https" || (is_tls_proxy && self.of(url).is_some())
    }

    /// The proxy through which `url` is reached.
    pub fn of(&self, url: &Url) -> Option<&Proxy> {
        let setting = if url.scheme() == "https" { &self.https } else { &self.http }.as_ref()?;
        let excluded = self.no_proxy.as_deref().unwrap_or_default();
        let matcher = Matcher::builder().all("http://proxy.invalid").no(excluded).build();
        let uri = url.as_str().parse().ok()?;
        matcher.intercept(&uri).map(|_| &setting.proxy)
    }
}

impl Setting {
    fn new(variable: &str, value: &str) -> Result<Self, InvalidProxy> {
        let invalid = || InvalidProxy { variable: variable.to_owned() };
        // As in curl, a proxy without a scheme is an HTTP proxy.
        let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
        let parsed = Url::parse(&url).map_err(|_| invalid())?;
        let host = parsed.host_str().filter(|_| matches!(parsed.scheme(), "http" | "https")).ok_or_else(invalid)?;
        if let Some(password) = parsed.password() {
            safe_text::remember(password);
        }
        let authority = format!("{host}:{}", parsed.port_or_known_default().unwrap_or_default());
        Ok(Self { proxy: Proxy { authority, variable: variable.to_owned() }, url: Secret(url) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&'static str, &'static str)]) -> Result<Proxies, InvalidProxy> {
        Proxies::from_environment(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    #[test]
    fn proxy_by_scheme_and_no_proxy() {
        let both = [
            ("HTTPS_PROXY", "http://u:p%40ss@one:3128"),
            ("http_proxy", "two:8080"),
            ("NO_PROXY", "example.com,10.0.0.0/8"),
        ];
        for (variables, url, expected) in [
            (&both[..], "https://tke.tencentcloudapi.com", Some("one:3128 (from HTTPS_PROXY)")),
            (&both, "http://tke.tencentcloudapi.com", Some("two:8080 (from http_proxy)")),
            (&both, "https://tke.example.com", None),
            (&both, "https://10.1.2.3", None),
            (&[("ALL_PROXY", "http://three")], "https://a", Some("three:80 (from ALL_PROXY)")),
            (&[("HTTPS_PROXY", "one"), ("https_proxy", "two")], "https://a", Some("two:80 (from https_proxy)")),
            (&[("HTTPS_PROXY", "")], "https://a", None),
            (&[("HTTPS_PROXY", "one"), ("NO_PROXY", "*")], "https://a", None),
            (&[], "https://a", None),
        ] {
            let proxies = proxies(variables).unwrap();
            let _: ClientBuilder = proxies.apply(reqwest::Client::builder()).unwrap();
            let proxy = proxies.of(&Url::parse(url).unwrap()).map(ToString::to_string);
            assert_eq!(proxy.as_deref(), expected, "{variables:?} {url}");
            assert!(!format!("{proxies:?}").contains("p%40ss"));
        }
    }

    #[test]
    fn plain_url_needs_tls_only_for_its_proxy() {
        let both = [("HTTP_PROXY", "https://one"), ("NO_PROXY", "b")];
        for (variables, url, expected) in [
            (&[][..], "http://a", false),
            (&[], "https://a", true),
            (&both, "http://a", true),
            (&both, "http://b", false),
            (&[("HTTP_PROXY", "one")], "http://a", false),
        ] {
            let actual = proxies(variables).unwrap().need_tls(&Url::parse(url).unwrap());
            assert_eq!(actual, expected, "{variables:?} {url}");
        }
    }

    #[test]
    fn invalid_proxy_error_hides_the_value() {
        for value in ["not a url", "http://", "ftp://proxy", "http://user:secret@:3128", "://"] {
            let error = proxies(&[("HTTPS_PROXY", value)]).unwrap_err().to_string();
            assert!(error.contains("HTTPS_PROXY") && !error.contains("secret"), "{error}");
        }
    }
}

//! Pull-through mirrors of registries.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// A mirror: the base URL of a registry that serves the repositories of another one.
///
/// `https://mirror.example.com/hub` serves `library/nginx` at `https://mirror.example.com/hub/v2/library/nginx`. A path that
/// begins with `/v2/` names a project: `https://harbor.example.com/v2/hub` serves it at
/// `https://harbor.example.com/v2/hub/library/nginx`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror(Url);

/// Why a string is not a mirror.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    /// It cannot be parsed, or has no host.
    #[error("expected a URL, for example \"https://mirror.example.com\"")]
    NotAUrl,
    /// Neither HTTPS nor HTTP.
    #[error("expected a URL that begins with https:// or http://, got {0}://")]
    Scheme(String),
    /// A user name, password, query or fragment.
    #[error(
        "expected a URL without user name, password, query and fragment: credentials come from image_registry_credentials or the user's registry configuration"
    )]
    Extra,
}

impl FromStr for Mirror {
    type Err = MirrorError;

    fn from_str(text: &str) -> Result<Self, MirrorError> {
        let url = Url::parse(text).map_err(|_| MirrorError::NotAUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(MirrorError::Scheme(url.scheme().to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(MirrorError::NotAUrl);
        }
        let has_extra =
            !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some();
        if has_extra { Err(MirrorError::Extra) } else { Ok(Self(url)) }
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Mirror {
    /// The base of the mirror's API, and the namespace that it puts before each repository.
    pub(super) fn base(&self) -> (Url, &str) {
        let mut base = self.0.clone();
        let path = self.0.path().trim_end_matches('/');
        match path.strip_prefix("/v2") {
            Some(namespace) if namespace.is_empty() || namespace.starts_with('/') => {
                base.set_path("/v2/");
                (base, namespace.trim_matches('/'))
            }
            _ => {
                base.set_path(&format!("{path}/v2/"));
                (base, "")
            }
        }
    }

    /// The registry server of the mirror, for which credentials are looked up: the host, with its port unless it is the scheme's
    /// default.
    pub(super) fn server(&self) -> String {
        super::hosts::host(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_parsed() {
        for (text, base, namespace, server) in [
            ("https://m.example.com", "https://m.example.com/v2/", "", "m.example.com"),
            ("https://m.example.com/", "https://m.example.com/v2/", "", "m.example.com"),
            ("http://10.0.0.1:5000/hub/", "http://10.0.0.1:5000/hub/v2/", "", "10.0.0.1:5000"),
            ("https://m.example.com/v2", "https://m.example.com/v2/", "", "m.example.com"),
            ("https://m.example.com/v2/hub/", "https://m.example.com/v2/", "hub", "m.example.com"),
            ("https://m.example.com/v2/a/b", "https://m.example.com/v2/", "a/b", "m.example.com"),
            ("https://m.example.com/v2x", "https://m.example.com/v2x/v2/", "", "m.example.com"),
        ] {
            let mirror: Mirror = text.parse().unwrap();
            let (actual, actual_namespace) = mirror.base();
            assert_eq!((actual.as_str(), actual_namespace, &*mirror.server()), (base, namespace, server), "{text}");
        }
    }

    #[test]
    fn malformed_mirrors_are_refused() {
        for (text, expected) in [
            ("", "expected a URL, for example"),
            ("m.example.com", "expected a URL, for example"),
            ("https://", "expected a URL, for example"),
            ("m.example.com:443", "begins with https:// or http://, got m.example.com://"),
            ("ftp://m.example.com", "begins with https:// or http://, got ftp://"),
            ("https://me:pw@m.example.com", "without user name"),
            ("https://m.example.com?x=1", "without user name"),
            ("https://m.example.com#x", "without user name"),
        ] {
            let error = text.parse::<Mirror>().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("pw"), "{text}: {error}");
        }
    }
}

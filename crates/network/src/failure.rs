//! Why a request got no response.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use url::Url;

use crate::certificate::Refused;
use crate::proxies::{Proxies, Proxy};

/// Why a request got no response. `Display` writes a part of a sentence, without URL and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    text: String,
    subject: Subject,
    is_permanent: bool,
}

/// What failed, which decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The server, or the route to it.
    Server,
    /// A proxy.
    Proxy,
    /// The server's certificate.
    Certificate,
    /// The server does not speak TLS, but probably plain HTTP.
    NoTls,
    /// The variables or certificates of this machine.
    Machine,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Failure {}

impl Failure {
    /// Diagnoses `error`, which a request to `url` returned.
    pub fn new(error: reqwest::Error, url: &Url, proxies: &Proxies) -> Self {
        let error = error.without_url();
        let causes: Vec<&(dyn Error + 'static)> = causes(&error);
        let proxy = proxies.of(url);
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or("the server").to_owned(),
        };
        if let Some(refused) = causes.iter().find_map(|cause| cause.downcast_ref::<Refused>()) {
            return Self { text: refused.to_string(), subject: Subject::Certificate, is_permanent: true };
        }
        if let Some(proxy) = proxy
            && causes.iter().any(|cause| cause.to_string().contains("proxy authorization required"))
        {
            return Self::proxy_authentication(proxy);
        }
        let (peer, subject) = match proxy {
            Some(proxy) if error.is_connect() => (format!("the proxy {proxy}"), Subject::Proxy),
            _ => (host.clone(), Subject::Server),
        };
        if let Some(tls) = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            return Self::of_tls(tls, &host);
        }
        let kind = causes.iter().find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
        let text = if causes.iter().any(|cause| cause.to_string().contains("dns error")) {
            let name = peer_name(&peer);
            format!("the name {name} cannot be resolved")
        } else if causes.iter().any(|cause| cause.to_string().contains("tunnel error: unsuccessful")) {
            let proxy = proxy.map(ToString::to_string).unwrap_or_default();
            format!("the proxy {proxy} does not connect to {host}")
        } else if causes.iter().any(|cause| cause.to_string().contains("connection closed before message completed")) {
            format!("{peer} closed the connection")
        } else if error.is_timeout() || kind == Some(ErrorKind::TimedOut) {
            format!("{peer} does not respond in time")
        } else {
            match kind {
                Some(ErrorKind::ConnectionRefused) => format!("{peer} refuses connections"),
                Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof) => {
                    format!("{peer} closed the connection")
                }
                Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable) => {
                    format!("there is no route to {peer}")
                }
                _ => {
                    let innermost = causes.last().map(ToString::to_string).unwrap_or_default();
                    format!("{peer}: {}", safe_text::quote(&innermost, 200))
                }
            }
        };
        Self { text, subject, is_permanent: false }
    }

    /// A proxy that responded 407.
    pub fn proxy_authentication(proxy: &Proxy) -> Self {
        Self { text: wants_authentication(proxy), subject: Subject::Proxy, is_permanent: true }
    }

    /// A failure on this machine, which another attempt does not fix.
    pub fn permanent(text: impl Into<String>) -> Self {
        Self { text: text.into(), subject: Subject::Machine, is_permanent: true }
    }

    /// A failure of the server that may be transient.
    pub fn transient(text: impl Into<String>) -> Self {
        Self { text: text.into(), subject: Subject::Server, is_permanent: false }
    }

    /// What failed.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// Whether another attempt would fail in the same way: a certificate, a missing password of a proxy.
    pub fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    /// This failure, after the given number of attempts in the given time.
    #[must_use]
    pub fn after(mut self, attempts: u32, time: Duration) -> Self {
        self.text += &self::attempts(attempts, time);
        self
    }

    fn of_tls(error: &rustls::Error, host: &str) -> Self {
        use rustls::{Error, InvalidMessage};
        match error {
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                let text = format!("{host} does not speak TLS; if it speaks plain HTTP, its URL begins with http://");
                Self { text, subject: Subject::NoTls, is_permanent: true }
            }
            Error::AlertReceived(_) | Error::PeerIncompatible(_) => {
                let text = format!("{host} and this program have no TLS version or cipher suite in common");
                Self { text, subject: Subject::Server, is_permanent: true }
            }
            error => Self::transient(format!("TLS with {host} failed: {error}")),
        }
    }
}

/// ` (6 attempts in 27 seconds)`; empty for one attempt.
pub fn attempts(attempts: u32, time: Duration) -> String {
    match (attempts, time.as_secs()) {
        (..=1, _) => String::new(),
        (_, 0) => format!(" ({attempts} attempts in less than a second)"),
        (_, 1) => format!(" ({attempts} attempts in 1 second)"),
        (_, seconds) => format!(" ({attempts} attempts in {seconds} seconds)"),
    }
}

/// What to do about a proxy that responds 407.
fn wants_authentication(proxy: &Proxy) -> String {
    let Proxy { authority, variable } = proxy;
    format!(
        "the proxy {proxy} requires authentication (407). Set it in {variable}: http://user:password@{authority}, with \
         special characters of the password percent-encoded"
    )
}

/// An error and its sources, including errors that I/O errors wrap and do not report as their source.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        causes.push(cause);
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let other = cause.downcast_ref::<rustls::Error>().and_then(|error| match error {
            rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => {
                Some(&*other.0 as &(dyn Error + 'static))
            }
            _ => None,
        });
        next = other.or(wrapped.map(|wrapped| wrapped as &(dyn Error + 'static))).or_else(|| cause.source());
    }
    causes
}

/// The name to resolve, of `host:port`; `of` and the proxy, of `the proxy host:port (from X)`.
fn peer_name(peer: &str) -> String {
    match peer.split_once(' ') {
        Some(_) => format!("of {peer}"),
        None => peer.rsplit_once(':').map_or(peer, |(host, _)| host).to_owned(),
    }
}

#[cfg(test)]
mod tests;

//! Why an image could not be inspected.

use std::time::Duration;

use network::{Failure, Subject};
use reqwest::StatusCode;

use super::Reference;
use super::credentials::CredentialsError;
use super::platform::Platform;

/// Why an image could not be inspected. The message names the image and the registry, and never contains a
/// credential.
#[derive(Debug, thiserror::Error)]
#[error("cannot inspect the image {image} in the registry {}: {cause}", image.registry())]
pub struct InspectError {
    /// The image.
    pub image: Reference,
    /// The cause.
    pub cause: Cause,
}

/// The cause of a failed inspection.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No connection.
    #[error("no response from {host}: {failure}")]
    Unreachable { host: String, failure: Failure },
    /// The connection broke, or the stream was refused.
    #[error("no complete response from {host}: {reason}")]
    Interrupted { host: String, reason: String },
    /// A request took longer than its time limit.
    #[error("no complete response from {host} within {} seconds", .limit.as_secs())]
    TimedOut { host: String, limit: Duration },
    /// Credentials are missing or wrong.
    #[error("{host} refuses access {with}")]
    Unauthorized { host: String, with: &'static str },
    /// No such image, tag or digest.
    #[error("{host} has no {what}, or these credentials may not read it")]
    NotFound { host: String, what: String },
    /// An HTML page, which no registry sends.
    #[error("{host} responds with HTML{}, which no registry does: {excerpt}", if *status == 200 { String::new() } else { format!(" and status {}", status_line(*status)) })]
    NotARegistry { host: String, status: u16, excerpt: String },
    /// Any other status that is not a success.
    #[error("{host} responds with status {}{}{message}", status_line(*status), if message.is_empty() { "" } else { ": " })]
    Refused { host: String, status: u16, message: String },
    /// Too many requests, and the time limit does not allow waiting.
    #[error("{host} limits the rate of requests{}; try again later, or give credentials if there were none", wait(*.retry_after))]
    RateLimited { host: String, retry_after: Option<Duration> },
    /// A response exceeds its size limit.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge { what: &'static str, limit: usize },
    /// A redirect or token service that is not followed.
    #[error("the registry refers to {to}, which is not followed: {reason}")]
    Redirect { to: String, reason: &'static str },
    /// The manifest or index does not follow the specification.
    #[error("the manifest {digest} is not valid: {reason}")]
    InvalidManifest { digest: String, reason: String },
    /// Content and digest differ.
    #[error("the registry sent content with the digest {actual} where {expected} was expected")]
    DigestMismatch { expected: String, actual: String },
    /// A length differs from the one in the manifest.
    #[error("{digest} has {actual} bytes, but its manifest states {expected}")]
    SizeMismatch { digest: String, expected: u64, actual: u64 },
    /// An index without an image for the platform.
    #[error("the image is not available for {wanted}; it is available for {available}")]
    NoPlatform { wanted: Platform, available: String },
    /// The user's registry configuration, or a credential helper, is broken.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The HTTP client could not be created, for example because a proxy is not a URL.
    #[error("{0}")]
    Client(String),
    /// Both the mirror and the registry failed.
    #[error("{registry}. Before that, its mirror {host} failed: {mirror}")]
    Mirror { host: String, mirror: Box<Cause>, registry: Box<Cause> },
}

impl Cause {
    /// Whether there was no connection to `host`, or it broke.
    pub(super) fn has_no_connection_to(&self, host: &str) -> bool {
        match self {
            Self::Unreachable { host: failed, .. }
            | Self::Interrupted { host: failed, .. }
            | Self::TimedOut { host: failed, .. } => failed == host,
            _ => false,
        }
    }

    /// The subject of a failed connection; `None` if the registry responded.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Unreachable { failure, .. } => Some(failure.subject()),
            Self::Interrupted { .. } | Self::TimedOut { .. } => Some(Subject::Server),
            _ => None,
        }
    }

    /// The last cause: for a registry with a mirror, that of the registry.
    pub fn last(&self) -> &Self {
        match self {
            Self::Mirror { registry, .. } => registry.last(),
            other => other,
        }
    }
}

/// A status, with its name if it is a server error.
fn status_line(status: u16) -> String {
    let fault = StatusCode::from_u16(status).ok().filter(StatusCode::is_server_error);
    let reason = fault.and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

/// The beginning of an HTML page, if `body` is one.
pub(super) fn html(body: &[u8]) -> Option<String> {
    body.trim_ascii_start().starts_with(b"<").then(|| safe_text::quote_bytes(body, 120))
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!(" and asks to wait {} seconds", wait.as_secs())).unwrap_or_default()
}

/// A string from a registry as a part of a message, see [`safe_text`].
pub(super) fn shown(text: &str) -> String {
    safe_text::quote(text, 300)
}

/// The innermost message of an HTTP error. The outer ones repeat the URL, which may be signed and therefore secret.
pub(super) fn innermost(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &(dyn std::error::Error + 'static) = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if speaks_no_tls(cause) { "the response is not TLS".to_owned() } else { cause.to_string() }
}

/// Whether the peer's first bytes are not TLS: usually it speaks plain HTTP. rustls reports a corrupt message.
fn speaks_no_tls(mut cause: &(dyn std::error::Error + 'static)) -> bool {
    // An I/O error does not report the error that it wraps as its source.
    while let Some(wrapped) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        cause = wrapped;
    }
    let tls = cause.downcast_ref::<rustls::Error>();
    matches!(tls, Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)))
}

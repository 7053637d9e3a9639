//! A response of a registry, with a body bounded in size and time.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::error::{Cause, innermost};
use super::gate::Pass;
use super::hosts::host;

/// Time limit of a request, from the first attempt to the end of its response.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// A response. It counts as in flight until its body has been read or dropped.
pub(super) struct Reply {
    pub(super) response: Response,
    pub(super) deadline: Instant,
    pub(super) pass: Pass,
}

impl Reply {
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The length in the headers.
    pub fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The host that responded, which after a redirect may differ from the requested one.
    pub fn host(&self) -> String {
        host(self.response.url())
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<&str> {
        match self.status().as_u16() {
            301 | 302 | 303 | 307 | 308 => self.headers().get(LOCATION)?.to_str().ok(),
            _ => None,
        }
    }

    /// The delay that the host asks for.
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = httpdate::parse_http_date(value).ok()?;
        Some(until.duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// Reads a body of at most `limit` bytes; a longer one is an error.
    pub async fn body(mut self, what: &'static str, limit: usize) -> Result<Vec<u8>, Cause> {
        let too_large = || Cause::TooLarge { what, limit };
        if self.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Reads the first `len` bytes of a body, or all if it is shorter.
    pub async fn prefix(mut self, len: usize) -> Result<Vec<u8>, Cause> {
        let mut body = Vec::with_capacity(len);
        while body.len() < len
            && let Some(chunk) = self.chunk().await?
        {
            body.extend_from_slice(&chunk[..chunk.len().min(len - body.len())]);
        }
        Ok(body)
    }

    async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + std::ops::Deref<Target = [u8]>>, Cause> {
        let host = self.host();
        match timeout_at(self.deadline, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| Cause::Interrupted { host, reason: innermost(error) }),
            Err(_) => Err(Cause::TimedOut { host, limit: TIMEOUT }),
        }
    }
}

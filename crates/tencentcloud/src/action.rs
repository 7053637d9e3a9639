//! An API action: a request that serializes to the API's field names, and its response.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

/// One action of one service: the request is `Self`, the response [`Action::Response`].
///
/// Omitted fields must not be serialized: the API refuses `null` and unknown parameters (`InvalidParameter`,
/// `UnknownParameter`).
///
/// The log shows the parameters by `Debug`: secrets have types that hide them.
pub trait Action: Serialize + Debug + Send + Sync {
    /// First part of the host name, and part of the signature: `tke`, `sts`.
    const SERVICE: &'static str;
    /// Version of the service's API, a date: `2018-05-25`.
    const VERSION: &'static str;
    /// Name of the action: `DescribeImageCaches`.
    const NAME: &'static str;
    /// The longest response that is read, in bytes.
    const RESPONSE_LIMIT: usize = 16 << 20;
    /// The content of `Response` when the call succeeds.
    type Response: DeserializeOwned + Send;

    /// Whether it may be sent again when the outcome is unknown.
    fn retry(&self) -> Retry;
}

/// Whether to retry after a lost response: the connection broke or timed out, or the server failed.
///
/// A call that was certainly not carried out (throttled, never connected) is retried in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Sent again: the second call has no further effect.
    Idempotent,
    /// Sent once, because a second call could create a second object. The caller finds out what happened.
    Once,
    /// Best effort: never sent again, not even where that is safe.
    Never,
}

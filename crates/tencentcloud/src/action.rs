//! What one API action is: a request that serialises to the API's field names, and the response that belongs to it.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

/// One action of one service: the request is `Self`, the response [`Action::Response`].
///
/// Absent fields must not be serialised: the API refuses what it does not know, and `null` too
/// (`UnknownParameter`, `InvalidParameter`).
///
/// `Debug` is what the log shows of the parameters: secrets have types that hide them.
pub trait Action: Serialize + Debug + Send + Sync {
    /// First part of the host name, and part of the signature: `tke`, `sts`.
    const SERVICE: &'static str;
    /// Version of the service's API, a date: `2018-05-25`.
    const VERSION: &'static str;
    /// Name of the action: `DescribeImageCaches`.
    const NAME: &'static str;
    /// The longest response that is read, in bytes.
    const RESPONSE_LIMIT: usize = 16 << 20;
    /// What stands inside `Response` when the call succeeds.
    type Response: DeserializeOwned + Send;

    /// May it be sent again when it is unknown whether it was carried out?
    fn retry(&self) -> Retry;
}

/// What may happen after a response was lost: the connection broke, timed out, or ended in a server fault.
///
/// A call that was certainly not carried out (throttled, never connected) is repeated in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Doing it twice is the same as doing it once: it is sent again.
    Idempotent,
    /// Doing it twice may make two of something: it is sent once, and the caller finds out what happened.
    Once,
    /// Best effort: it is never sent again, not even where that is safe.
    Never,
}

//! What can go wrong with a request on purpose.

use std::time::Duration;

/// Whether a fault strikes before the action was carried out, or after it, when only the answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    BeforeActing,
    AfterActing,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The connection ends with a TCP reset, without an answer.
    Reset(Moment),
    /// HTTP 502 with an HTML page, as of a gateway.
    BadGateway(Moment),
    /// The error `InternalError`.
    InternalError(Moment),
    /// The error `RequestLimitExceeded`; never acts.
    Throttled,
    /// The error `AuthFailure.SignatureFailure`; never acts.
    AuthFailure,
    /// Any error of the API.
    Error { code: String, message: String, moment: Moment },
    /// Acts, and answers with the first half of the JSON.
    TruncatedJson,
    /// Acts, and answers with nothing.
    EmptyBody,
    /// Acts, and answers with each `text` in the JSON replaced: an unknown value, a missing field.
    Replaced { text: String, with: String },
    /// Acts and answers, but only after so long.
    Delay(Duration),
    /// Acts, and answers only after so long.
    DelayedAnswer(Duration),
}

impl Fault {
    /// One of each kind, delays of `delay`: for campaigns that try them all.
    pub fn all(delay: Duration) -> Vec<Self> {
        use Moment::{AfterActing, BeforeActing};
        vec![
            Self::Reset(BeforeActing),
            Self::Reset(AfterActing),
            Self::BadGateway(BeforeActing),
            Self::BadGateway(AfterActing),
            Self::InternalError(BeforeActing),
            Self::InternalError(AfterActing),
            Self::Throttled,
            Self::TruncatedJson,
            Self::EmptyBody,
            Self::Delay(delay),
            Self::DelayedAnswer(delay),
        ]
    }
}

//! What can go wrong with a request on purpose.

use std::time::Duration;

/// Whether a fault strikes before the action was carried out, or after it, when only the response is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    BeforeActing,
    AfterActing,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The connection ends with a TCP reset, without a response.
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
    /// Acts, and sends the first half of the JSON.
    TruncatedJson,
    /// Acts, and sends nothing.
    EmptyBody,
    /// Acts, and sends the JSON with each `text` replaced: an unknown value, a missing field.
    Replaced { text: String, with: String },
    /// Waits for the given time, then acts and responds.
    Delay(Duration),
    /// Acts, and responds after the given time.
    DelayedResponse(Duration),
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
            Self::DelayedResponse(delay),
        ]
    }
}

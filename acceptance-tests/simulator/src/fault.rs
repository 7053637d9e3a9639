//! Faults that a test can inject.

use std::time::Duration;

/// Whether a fault occurs before the action is carried out, or after it, so that only the response is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    BeforeActing,
    AfterActing,
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The connection ends with a TCP reset, without a response.
    Reset(Moment),
    /// HTTP 502 with an HTML page, as from a gateway.
    BadGateway(Moment),
    /// The error `InternalError`.
    InternalError(Moment),
    /// The error `RequestLimitExceeded`; the action is not carried out.
    Throttled,
    /// The error `AuthFailure.SignatureFailure`; the action is not carried out.
    AuthFailure,
    /// Another error of the API.
    Error { code: String, message: String, moment: Moment },
    /// Carries out the action, and sends the first half of the JSON.
    TruncatedJson,
    /// Carries out the action, and sends nothing.
    EmptyBody,
    /// Carries out the action, and sends the JSON with each `text` replaced, for example for an unknown value or a missing field.
    Replaced { text: String, with: String },
    /// Waits for the given time, then carries out the action and responds.
    Delay(Duration),
    /// Carries out the action, and responds after the given time.
    DelayedResponse(Duration),
}

impl Fault {
    /// One of each kind, with delays of `delay`, for campaigns.
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

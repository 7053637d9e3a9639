//! Which failed calls are retried, and when.
//!
//! | what happened | idempotent action | action with [`Retry::Once`] |
//! | --- | --- | --- |
//! | throttled by the API, or never connected | retried | retried |
//! | the outcome is unknown: no response, unreadable, 408, 429, 5xx, `InternalError` | retried | the caller finds out |
//! | a refused certificate, a proxy that requires a password, a page that is not the API's | an error | an error |
//! | anything else | an error | an error |
//!
//! An action with [`Retry::Never`] is sent once, whatever happened.

use std::time::Duration;

use backon::ExponentialBuilder;

use super::{Error, Retry};

/// How often a call is retried by default.
pub const DEFAULT_MAX_RETRIES: u32 = 5;

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(20);

/// True when a call of an action with this `retry` may be sent again after `error`.
pub fn may_repeat(error: &Error, retry: Retry) -> bool {
    let is_safe =
        error.is_throttling() || error.is_not_connected() || (retry == Retry::Idempotent && error.outcome_unknown());
    is_safe && retry != Retry::Never && !error.is_permanent()
}

/// The pauses between attempts: doubling, with jitter, so that calls which failed together are not retried together.
pub fn backoff(max_retries: u32) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_DELAY)
        .with_max_delay(LONGEST_DELAY)
        .with_max_times(max_retries as usize)
        .with_jitter()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use network::Failure;

    use super::*;

    #[test]
    fn unknown_outcome_is_retried_for_idempotent_actions_only() {
        let api = |code: &str| Error::Api {
            action: "A",
            code: code.to_owned(),
            message: String::new(),
            request_id: String::new(),
            http_status: 200,
        };
        let html = |http_status| Error::Unreadable {
            action: "A",
            http_status,
            request_id: None,
            problem: "not JSON".to_owned(),
            is_foreign: true,
        };
        let source = |text: &str| Arc::new(std::io::Error::other(text.to_owned()));
        for (error, idempotent, once) in [
            (api("RequestLimitExceeded"), true, true),
            (api("RequestLimitExceeded.UinLimitExceeded"), true, true),
            (
                Error::NotConnected { action: "A", endpoint: "e".into(), source: Failure::transient("refused") },
                true,
                true,
            ),
            (
                Error::NotConnected { action: "A", endpoint: "e".into(), source: Failure::permanent("407") },
                false,
                false,
            ),
            (html(200), false, false),
            (html(503), true, false),
            (html(429), true, false),
            (Error::NoResponse { action: "A", endpoint: "e".into(), source: source("reset") }, true, false),
            (api("InternalError"), true, false),
            (api("InvalidParameter"), false, false),
            (api("AuthFailure.SignatureFailure"), false, false),
            (api("LimitExceeded"), false, false),
        ] {
            assert_eq!(may_repeat(&error, Retry::Idempotent), idempotent, "{error}");
            assert_eq!(may_repeat(&error, Retry::Once), once, "{error}");
            assert!(!may_repeat(&error, Retry::Never), "{error}");
        }
    }
}

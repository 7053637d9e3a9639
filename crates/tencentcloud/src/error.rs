//! Errors of calls, by what a caller can do about them.
//!
//! The messages name action, code and request ID, which Tencent Cloud's support asks for. They never contain the request
//! or the response: requests contain passwords, responses contain keys.

use std::{sync::Arc, time::Duration};

use network::Failure;

use super::credentials::{AccountError, CredentialsError};

/// The cause of an error. Shared, because one call can serve many callers.
pub type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why a call to the Tencent Cloud API failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The API refused the call, or failed while it carried it out.
    #[error("{action}: {code}: {} (request {request_id}{})", message.trim_end_matches(['.', ' ']), status(*http_status))]
    Api {
        action: &'static str,
        /// `Class` or `Class.Detail`: <https://cloud.tencent.com/document/api/213/30435>.
        code: String,
        message: String,
        request_id: String,
        http_status: u16,
    },
    /// The machine's clock and the server's are more than five minutes apart, and correcting for it did not help.
    #[error("{action}: {} (request {request_id})", skew(*seconds_behind))]
    ClockSkew {
        action: &'static str,
        /// How far this machine's clock is behind the server's; negative when ahead. `None` if the server did not send
        /// its time.
        seconds_behind: Option<i64>,
        request_id: String,
    },
    /// The request is invalid, and trying again does not help.
    #[error("{action}: {problem}")]
    Unsendable { action: &'static str, problem: &'static str, source: Source },
    /// The call was never sent: no connection was made.
    #[error("{action}: no connection to {endpoint}")]
    NotConnected { action: &'static str, endpoint: String, source: Failure },
    /// The call was sent, and no response arrived: connection reset or timed out. It may have been carried out.
    #[error("{action}: no response from {endpoint}")]
    NoResponse { action: &'static str, endpoint: String, source: Source },
    /// The response does not have this API's format.
    #[error("{action}: unusable response, HTTP status {http_status}{}{}: {problem}", reason(*http_status), request(request_id.as_deref()))]
    Unreadable {
        action: &'static str,
        http_status: u16,
        request_id: Option<String>,
        /// What is wrong, with the first characters of a response that is not JSON.
        problem: String,
        /// The response is not JSON: it comes from a proxy, a login page or another server.
        is_foreign: bool,
    },
    /// There are no credentials, or they are not known yet.
    #[error("{action}: {}", unsigned(.source))]
    Credentials { action: &'static str, source: Arc<CredentialsError> },
    /// The operation was canceled or its deadline passed before the call was sent.
    #[error("{action}: not sent, because the operation was ended")]
    Ended { action: &'static str },
    /// The call was not sent: the credentials belong to an account that the lists exclude, or to an unknown one.
    #[error("{action}: not sent")]
    Account { action: &'static str, source: Arc<AccountError> },
}

impl Error {
    /// The API's error code, if it returned one, for example `InvalidParameter`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Api { code, .. } => Some(code),
            Self::ClockSkew { .. } => Some("AuthFailure.SignatureExpire"),
            _ => None,
        }
    }

    /// The ID that Tencent Cloud's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Api { request_id, .. } | Self::ClockSkew { request_id, .. } => Some(request_id),
            Self::Unreadable { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }

    /// The object does not exist, or no longer exists: the class `ResourceNotFound`, and codes such as
    /// `InternalError.DbRecordNotFound`. It is not about images that a registry lacks, or keys that do not exist.
    pub fn is_not_found(&self) -> bool {
        let other = self.is_class("AuthFailure") || self.detail() == Some("ImageNotFound");
        self.is_class("ResourceNotFound") || !other && self.detail().is_some_and(|detail| detail.ends_with("NotFound"))
    }

    /// The permission that the caller lacks, as CAM names it, for example `tke:DescribeImageCaches`.
    pub fn missing_permission(&self) -> Option<String> {
        let Self::Api { action, code, .. } = self else { return None };
        let is_missing = self.is_class("UnauthorizedOperation")
            || code == "AuthFailure.UnauthorizedOperation"
            || self.detail().is_some_and(|detail| detail.ends_with("NoAuth"));
        let service = match *action {
            "CreateInstanceToken" => "tcr",
            action if action.starts_with("AssumeRole") => "sts",
            "GetCallerIdentity" | "GetSessionToken" => "sts",
            _ => "tke",
        };
        is_missing.then(|| format!("{service}:{action}"))
    }

    /// The error may depend on the objects that the call names: a call for others, or for all of them, may succeed. Not so for
    /// credentials, permissions, quota, and a missing response.
    pub fn concerns_the_objects(&self) -> bool {
        let other = ["AuthFailure", "LimitExceeded", "UnsupportedRegion", "InvalidAction", "NoSuchVersion"];
        match self {
            Self::Api { .. } => {
                !self.is_throttling()
                    && self.missing_permission().is_none()
                    && !other.iter().any(|class| self.is_class(class))
            }
            _ => self.is_unexplained_refusal(),
        }
    }

    /// The object exists, but its state does not allow the call. The code is not documented for every action:
    /// `FailedOperation.TaskAlreadyRunning` and its class count as well.
    pub fn is_unsupported_now(&self) -> bool {
        let classes = ["UnsupportedOperation", "FailedOperation", "ResourceInUse", "ResourceUnavailable"];
        classes.iter().any(|class| self.is_class(class)) && !self.is_refused_by_its_detail()
    }

    /// The call was refused with an HTTP status and without an error of the API, so that the reason is unknown. Statuses that
    /// state the reason do not count: authentication (401, 403, 407), timeout (408) and quota (429).
    pub fn is_unexplained_refusal(&self) -> bool {
        match self {
            Self::Unreadable { http_status, .. } => {
                matches!(http_status, 400..=499) && !matches!(http_status, 401 | 403 | 407 | 408 | 429)
            }
            _ => false,
        }
    }

    /// The API refused the value of a parameter.
    pub fn is_invalid_parameter(&self) -> bool {
        self.is_class("InvalidParameter") || self.is_class("InvalidParameterValue") || self.detail() == Some("Param")
    }

    /// The key or the token is invalid or has expired, and the call was not carried out. Which of the two codes an expired
    /// session returns is not documented.
    pub(crate) fn is_authentication_failure(&self) -> bool {
        matches!(self.code(), Some("AuthFailure.TokenFailure" | "AuthFailure.SecretIdNotFound"))
    }

    /// Too many calls, by the API's error code: this one was not carried out, and may be retried later.
    pub fn is_throttling(&self) -> bool {
        self.is_class("RequestLimitExceeded")
    }

    /// Too many calls, by the API's error code, or by the HTTP status of a gateway, which may have passed the call on.
    pub fn is_rate_limited(&self) -> bool {
        self.is_throttling() || matches!(self, Self::Unreadable { http_status: 429, .. })
    }

    /// No connection was made: the call was certainly not carried out.
    pub fn is_not_connected(&self) -> bool {
        matches!(self, Self::NotConnected { .. })
    }

    /// Another attempt would fail in the same way: a refused certificate, a proxy that requires a password, or a page that
    /// does not come from the API and has a status below 500.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::NotConnected { source, .. } => source.is_permanent(),
            Self::Unreadable { http_status, is_foreign, .. } => {
                *is_foreign && *http_status < 500 && !matches!(http_status, 408 | 429)
            }
            _ => false,
        }
    }

    /// The cause, if every other call would fail in the same way: no connection, no usable credentials, a wrong clock, a missing
    /// permission. Errors with the same cause are reported once. An unexplained refusal may depend on the object.
    pub fn common_cause(&self) -> Option<String> {
        match self {
            _ if self.is_unexplained_refusal() => None,
            Self::NotConnected { .. } | Self::NoResponse { .. } | Self::Unsendable { .. } => {
                Some("no connection".to_owned())
            }
            Self::Unreadable { is_foreign: true, .. } => Some("no connection".to_owned()),
            Self::Credentials { .. } => Some("no credentials".to_owned()),
            Self::ClockSkew { .. } => Some("clock".to_owned()),
            _ if self.is_class("AuthFailure") => self.code().map(str::to_owned),
            _ => self.missing_permission(),
        }
    }

    /// This error, with the number of attempts and their total time.
    #[must_use]
    pub(crate) fn after(self, attempts: u32, time: Duration) -> Self {
        match self {
            Self::NotConnected { action, endpoint, source } => {
                Self::NotConnected { action, endpoint, source: source.after(attempts, time) }
            }
            Self::Unreadable { action, http_status, request_id, problem, is_foreign } if attempts > 1 => {
                let problem = format!("{problem}{}", network::attempts(attempts, time));
                Self::Unreadable { action, http_status, request_id, problem, is_foreign }
            }
            Self::NoResponse { action, endpoint, source } if attempts > 1 => {
                let endpoint = format!("{endpoint}{}", network::attempts(attempts, time));
                Self::NoResponse { action, endpoint, source }
            }
            other => other,
        }
    }

    /// Whether it is unknown if the call was carried out.
    ///
    /// True when no response arrived or it could not be read, and for server errors: `InternalError`, any 5xx status. A refusal
    /// by a gateway (another status without an error of the API) is definite, except 408 and 429: the gateway may have passed
    /// the request on.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::NoResponse { .. } => true,
            Self::Unreadable { http_status, .. } => matches!(http_status, 200..=299 | 408 | 429 | 500..),
            Self::Api { http_status, .. } => {
                !self.is_throttling()
                    && !self.is_refused_by_its_detail()
                    && (*http_status >= 500 || self.is_class("InternalError") || self.is_class("ServiceUnavailable"))
            }
            Self::ClockSkew { .. }
            | Self::Unsendable { .. }
            | Self::NotConnected { .. }
            | Self::Credentials { .. }
            | Self::Ended { .. }
            | Self::Account { .. } => false,
        }
    }

    /// The last segment of the code says why the call was not carried out, whatever its class:
    /// `InternalError.CamNoAuth`, `FailedOperation.Param`, `InternalError.DbRecordNotFound`.
    fn is_refused_by_its_detail(&self) -> bool {
        self.missing_permission().is_some() || self.is_not_found() || self.detail() == Some("Param")
    }

    /// The last segment of a code that has more than one.
    fn detail(&self) -> Option<&str> {
        self.code()?.rsplit_once('.').map(|(_, detail)| detail)
    }

    /// True for the code `class` and for every `class.Detail`.
    fn is_class(&self, class: &str) -> bool {
        self.code().is_some_and(|code| code.split('.').next() == Some(class))
    }
}

fn status(http_status: u16) -> String {
    if http_status == 200 { String::new() } else { format!(", HTTP status {http_status}") }
}

/// The name of a status that is not a success: ` Bad Gateway`.
fn reason(http_status: u16) -> String {
    let status = reqwest::StatusCode::from_u16(http_status).ok().filter(|status| !status.is_success());
    status.and_then(|status| status.canonical_reason()).map(|reason| format!(" {reason}")).unwrap_or_default()
}

fn request(id: Option<&str>) -> String {
    id.map(|id| format!(" (request {id})")).unwrap_or_default()
}

fn unsigned(why: &CredentialsError) -> &'static str {
    match why {
        CredentialsError::Unsettled { .. } => "cannot be called yet",
        _ => "no usable credentials",
    }
}

fn skew(seconds_behind: Option<i64>) -> String {
    match seconds_behind {
        // The clocks agree, and the signature was old when it arrived.
        Some(seconds) if seconds.unsigned_abs() < 60 => {
            "the request arrived more than 5 minutes after it was signed, although \
            the clocks agree: the machine was suspended, or the network delayed the request; run the command again"
                .to_owned()
        }
        Some(seconds) => format!(
            "this machine's clock is {} seconds {} Tencent Cloud's; set it, because signatures expire after 5 minutes",
            seconds.unsigned_abs(),
            if seconds < 0 { "ahead of" } else { "behind" }
        ),
        None => "this machine's clock is more than 5 minutes off Tencent Cloud's; set it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: &str, http_status: u16) -> Error {
        let (message, request_id) = ("message".to_owned(), "id".to_owned());
        Error::Api { action: "CreateImageCache", code: code.to_owned(), message, request_id, http_status }
    }

    fn source(text: &str) -> Source {
        Arc::new(std::io::Error::other(text.to_owned()))
    }

    fn unreadable(http_status: u16) -> Error {
        Error::Unreadable {
            action: "CreateImageCache",
            http_status,
            request_id: None,
            problem: "HTML".to_owned(),
            is_foreign: true,
        }
    }

    #[test]
    fn outcome_is_unknown_after_server_errors_and_unreadable_responses() {
        for (error, expected) in [
            (api("InternalError", 200), true),
            (api("InternalError.Db", 200), true),
            (api("ServiceUnavailable", 200), true),
            (api("FailedOperation", 503), true),
            (api("RequestLimitExceeded", 503), false),
            (api("InvalidParameter", 200), false),
            (api("InternalErrors", 200), false),
            (api("InternalError.UnexceptedInternal", 200), true),
            (api("InternalError.CamNoAuth", 200), false),
            (api("InternalError.Param", 500), false),
            (api("InternalError.DbRecordNotFound", 200), false),
            (unreadable(200), true),
            (unreadable(502), true),
            (unreadable(408), true),
            (unreadable(429), true),
            (unreadable(403), false),
            (unreadable(302), false),
            (Error::NoResponse { action: "A", endpoint: "e".into(), source: source("reset") }, true),
            (Error::NotConnected { action: "A", endpoint: "e".into(), source: Failure::transient("refused") }, false),
        ] {
            assert_eq!(error.outcome_unknown(), expected, "{error}");
        }
    }

    #[test]
    fn causes_of_every_call_are_common() {
        let refused = Error::NotConnected { action: "A", endpoint: "e".into(), source: Failure::transient("refused") };
        let lost = Error::NoResponse { action: "A", endpoint: "e".into(), source: source("reset") };
        assert_eq!(refused.common_cause(), lost.common_cause());
        for (error, expected) in [
            (refused, Some("no connection")),
            (unreadable(502), Some("no connection")),
            (unreadable(403), Some("no connection")),
            (unreadable(400), None),
            (api("AuthFailure.SignatureFailure", 200), Some("AuthFailure.SignatureFailure")),
            (api("UnauthorizedOperation", 200), Some("tke:CreateImageCache")),
            (api("InvalidParameter", 200), None),
            (api("ResourceNotFound", 200), None),
            (api("InternalError", 200), None),
            (Error::Ended { action: "A" }, None),
        ] {
            assert_eq!(error.common_cause().as_deref(), expected, "{error}");
        }
    }

    #[test]
    fn class_includes_its_details() {
        assert!(api("RequestLimitExceeded.UinLimitExceeded", 200).is_throttling());
        assert!(!api("LimitExceeded", 200).is_throttling());
        assert!(unreadable(429).is_rate_limited() && !unreadable(429).is_throttling());
        assert!(api("ResourceNotFound.ImageCache", 200).is_not_found());
        assert!(!api("ResourceNotFoundElsewhere", 200).is_not_found());
        assert!(api("FailedOperation.TaskAlreadyRunning", 200).is_unsupported_now());
    }

    #[test]
    fn last_segment_takes_precedence_over_the_class() {
        for (code, permission, not_found, invalid, unsupported_now, objects) in [
            ("InternalError.CamNoAuth", true, false, false, false, false),
            ("FailedOperation.CamNoAuth", true, false, false, false, false),
            ("UnauthorizedOperation", true, false, false, false, false),
            ("UnauthorizedOperation.CamNoAuth", true, false, false, false, false),
            ("AuthFailure.UnauthorizedOperation", true, false, false, false, false),
            ("InternalError.Param", false, false, true, false, true),
            ("FailedOperation.Param", false, false, true, false, true),
            ("InternalError.DbRecordNotFound", false, true, false, false, true),
            ("FailedOperation.RecordNotFound", false, true, false, false, true),
            ("InvalidParameter.ResourceNotFound", false, true, true, false, true),
            ("InvalidParameterValue.ImageNotFound", false, false, true, false, true),
            ("AuthFailure.SecretIdNotFound", false, false, false, false, false),
            ("FailedOperation.TaskAlreadyRunning", false, false, false, true, true),
            ("InternalError", false, false, false, false, true),
            ("LimitExceeded", false, false, false, false, false),
        ] {
            let error = api(code, 200);
            let actual = (
                error.missing_permission().is_some(),
                error.is_not_found(),
                error.is_invalid_parameter(),
                error.is_unsupported_now(),
                error.concerns_the_objects(),
            );
            assert_eq!(actual, (permission, not_found, invalid, unsupported_now, objects), "{code}");
        }
        assert_eq!(api("X.CamNoAuth", 200).missing_permission().as_deref(), Some("tke:CreateImageCache"));
    }

    #[test]
    fn refusal_without_api_error_is_explained_by_its_status() {
        for (http_status, expected) in
            [(400, true), (404, true), (401, false), (429, false), (500, false), (200, false)]
        {
            assert_eq!(unreadable(http_status).is_unexplained_refusal(), expected, "{http_status}");
        }
        assert!(!api("ResourceNotFound", 404).is_unexplained_refusal());
    }

    #[test]
    fn messages_name_action_code_and_request() {
        assert_eq!(
            api("InvalidParameter", 200).to_string(),
            "CreateImageCache: InvalidParameter: message (request id)"
        );
        assert_eq!(
            unreadable(502).to_string(),
            "CreateImageCache: unusable response, HTTP status 502 Bad Gateway: HTML"
        );
        let late = Error::ClockSkew { action: "A", seconds_behind: Some(0), request_id: "id".into() };
        assert!(
            late.to_string().contains("the machine was suspended") && !late.to_string().contains("0 seconds"),
            "{late}"
        );
        let behind = Error::ClockSkew { action: "A", seconds_behind: Some(-700), request_id: "id".into() };
        assert!(behind.to_string().contains("700 seconds ahead of"), "{behind}");
    }
}

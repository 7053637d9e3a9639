//! Errors of credentials, one variant for each remedy. The messages name the source and what to do, and never contain a secret; a
//! value is shown only if it cannot be one (a profile's name, a role's ARN).

use std::{fmt, path::PathBuf, sync::Arc, time::SystemTime};

use super::super::Error;

/// Why there are no credentials.
///
/// It can be cloned, because all callers that waited for the same attempt get the same result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CredentialsError {
    /// No source is configured.
    #[error(
        "no credentials found{}\nSet secret_id and secret_key in the {configuration}, the variables \
         TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run \"tccli configure\"",
        list(.tried)
    )]
    NotFound {
        /// [`Caller::configuration`](super::Caller::configuration).
        configuration: &'static str,
        /// The sources in the order in which they were tried, and why each has no credentials.
        tried: Vec<(&'static str, String)>,
    },
    /// Only some of the arguments that belong together are set.
    #[error("{origin}: {present} is set, {missing} is not; set both in the same place, or neither")]
    Incomplete { origin: String, present: &'static str, missing: &'static str },
    /// An invalid value, or two mutually exclusive ones.
    #[error("{origin}: {problem}")]
    Invalid { origin: String, problem: String },
    /// The credentials, or the endpoint, are not known yet. This is not a fault of the credentials.
    #[error("{problem}")]
    Unsettled {
        /// The unknown argument, and what to do.
        problem: String,
    },
    /// A file that cannot be read or parsed.
    #[error("{}{}: {problem}", .path.display(), line_suffix(*.line))]
    File {
        path: PathBuf,
        /// Counted from 1; `None` if the problem is the whole file.
        line: Option<usize>,
        problem: String,
    },
    /// The configured profile does not exist.
    #[error("profile {profile:?} does not exist: looked for {}; create it with \"tccli configure --profile {profile}\", or name another in profile or TENCENTCLOUD_PROFILE", join_paths(.searched))]
    NoProfile { profile: String, searched: Vec<PathBuf> },
    /// The credentials have expired, and cannot be renewed.
    #[error("{origin}: expired {expired_at}, {remedy}")]
    Expired {
        origin: String,
        /// "at", and the time in RFC 3339, UTC.
        expired_at: String,
        /// Why they could not be renewed, and what to do.
        remedy: &'static str,
    },
    /// STS returned no credentials. The cause is the [source](std::error::Error::source).
    #[error("{origin}: {request} failed{}", .advice.map(|advice| format!(" ({advice})")).unwrap_or_default())]
    Sts {
        origin: String,
        /// The requested action and role.
        request: String,
        advice: Option<&'static str>,
        source: Arc<Error>,
    },
    /// The instance metadata service returned no credentials.
    #[error("instance role: {problem}")]
    Metadata { problem: String },
}

impl CredentialsError {
    pub(super) fn invalid(origin: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self::Invalid { origin: origin.into(), problem: problem.to_string() }
    }

    pub(super) fn expired(origin: impl Into<String>, end: Option<SystemTime>, remedy: &'static str) -> Self {
        let end = end.and_then(|end| jiff::Timestamp::try_from(end).ok());
        let expired_at = end.map(|end| format!("at {end}")).unwrap_or_default();
        Self::Expired { origin: origin.into(), expired_at, remedy }
    }

    /// A failed STS call, with advice for errors with one remedy.
    ///
    /// The codes are those of the STS error lists, <https://cloud.tencent.com/document/api/1312/48197>.
    pub(super) fn sts(origin: impl Into<String>, request: String, error: Error) -> Self {
        let advice = match error.code() {
            Some("ResourceNotFound.RoleNotFound" | "InternalError.GetRoleError" | "InternalError.IllegalRole") => {
                Some("check the role's ARN: the account (uin) and the role's name")
            }
            Some(code) if code.starts_with("UnauthorizedOperation") || code.starts_with("AuthFailure.Unauthorized") => {
                Some("the role's trust policy must name this caller, and the caller needs permission for this action")
            }
            Some("InvalidParameter.OverTimeError") => {
                Some("the session is longer than the role's maximum session duration: lower it")
            }
            Some("InvalidParameter.WebIdentityTokenError") => {
                Some("the token was refused: check its issuer, its audience, its age, and provider_id")
            }
            Some("AuthFailure.MFAFailure") => Some("the MFA code was refused: each code works once, set the next one"),
            _ => None,
        };
        Self::Sts { origin: origin.into(), request, advice, source: Arc::new(error) }
    }
}

fn list(tried: &[(&'static str, String)]) -> String {
    tried.iter().map(|(source, reason)| format!("\n  - {source}: {reason}")).collect()
}

fn line_suffix(line: Option<usize>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

fn join_paths(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ")
}

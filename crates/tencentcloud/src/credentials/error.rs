//! Why there are no credentials: one variant per cure. The messages name the source and what to do, and never hold a
//! secret; a value is repeated only where it cannot be one (a profile's name, a role's ARN).

use std::{fmt, path::PathBuf, sync::Arc, time::SystemTime};

use super::super::Error;

/// Why there are no credentials.
///
/// It can be cloned, because every caller that waited for the same attempt gets the same result.
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
        /// Every source in the order in which it was tried, and why it had nothing.
        tried: Vec<(&'static str, String)>,
    },
    /// Some of what belongs together is set, and the rest is not.
    #[error("{origin}: {present} is set, {missing} is not; set both in the same place, or neither")]
    Incomplete { origin: String, present: &'static str, missing: &'static str },
    /// A value that cannot be right, or two that are mutually exclusive.
    #[error("{origin}: {problem}")]
    Invalid { origin: String, problem: String },
    /// Who calls, or where the API is, is not known yet: there is nothing wrong with the credentials.
    #[error("{problem}")]
    Unsettled {
        /// What is not known yet, and what to do.
        problem: String,
    },
    /// A file that cannot be read, or not be understood.
    #[error("{}{}: {problem}", .path.display(), line_suffix(*.line))]
    File {
        path: PathBuf,
        /// Counted from 1; `None` when the problem is the file as a whole.
        line: Option<usize>,
        problem: String,
    },
    /// The profile that was asked for does not exist.
    #[error("profile {profile:?} does not exist: looked for {}; create it with \"tccli configure --profile {profile}\", or name another in profile or TENCENTCLOUD_PROFILE", join_paths(.searched))]
    NoProfile { profile: String, searched: Vec<PathBuf> },
    /// The credentials have expired, and nothing can renew them.
    #[error("{origin}: expired {expired_at}, {remedy}")]
    Expired {
        origin: String,
        /// "at", and the time in RFC 3339, UTC.
        expired_at: String,
        /// Why they could not be renewed, and what to do.
        remedy: &'static str,
    },
    /// STS did not give credentials. The cause is the [source](std::error::Error::source).
    #[error("{origin}: {request} failed{}", .advice.map(|advice| format!(" ({advice})")).unwrap_or_default())]
    Sts {
        origin: String,
        /// What was asked for: action and role.
        request: String,
        advice: Option<&'static str>,
        source: Arc<Error>,
    },
    /// The instance metadata service did not give credentials.
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

    /// A failed STS call, with advice for the refusals that have one cure.
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
            Some("AuthFailure.MFAFailure") => Some("the MFA code was refused: each code works once, give the next one"),
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

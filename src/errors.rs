//! Diagnostics of failed calls: the operation, the object, the API's error, and what to do.

use tencentcloud::Error;
use tencentcloud::credentials::{AccountError, CredentialsError};
use tencentcloud::endpoints::InvalidEndpoint;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};
use terraform_plugin::framework::Subject;

/// A call for an object failed. `doing` is a word such as "reading".
pub fn api(doing: &str, subject: &Subject, error: &Error) -> Diagnostic {
    Diagnostic::error(format!("Error {doing} {}", subject.kind), format!("While {doing} {subject}: {}", cause(error)))
}

/// No token could be created for the registry instance `id`.
pub fn registry_token(id: &str, region: &str, error: &Error) -> Diagnostic {
    let advice = match error.code().unwrap_or_default() {
        code if code.starts_with("ResourceNotFound") => " Check the ID of the instance, and the region.".to_owned(),
        _ => advice(error),
    };
    Diagnostic::error(
        "Error creating registry token",
        format!("While creating a token for registry {id} in {region}: {}.{advice}", chain(error)),
    )
}

/// No region is configured.
pub fn no_region() -> Diagnostic {
    Diagnostic::error(
        "No region",
        "The API needs a region, and none is set. Set region in the provider block, or TENCENTCLOUD_REGION, for example \
        \"ap-guangzhou\". A resource or a data source may also set its own.",
    )
    .at(AttributePath::root("region"))
}

/// A region of the financial cloud, with the domain of the public cloud.
pub fn financial_region(region: &str) -> Diagnostic {
    Diagnostic::warning(
        "Financial region without domain",
        format!(
            "The region {region:?} belongs to the financial cloud, whose API has a domain for each region. Set domain of the \
             provider block, or TENCENTCLOUD_DOMAIN, to \"{region}.tencentcloudapi.com\"."
        ),
    )
    .at(AttributePath::root("region"))
}

/// The region of the provider block is unknown.
pub fn region_not_known_yet() -> Diagnostic {
    Diagnostic::error(
        "Region not known yet",
        "The region of the provider block is known only after apply, but is needed now. Set it to a constant, for example \
        \"ap-guangzhou\". A resource or a data source may also set its own.",
    )
    .at(AttributePath::root("region"))
}

/// The argument at `at` of the provider block is not a valid endpoint. Terraform prints the line that a diagnostic refers to,
/// so one about a value with a password refers to none.
pub fn endpoint(error: &InvalidEndpoint, at: AttributePath) -> Diagnostic {
    let at = if error.holds_secret() { AttributePath::default() } else { at };
    Diagnostic::error("Invalid endpoint", format!("{error}.")).at(at)
}

/// The provider block does not allow this account.
pub fn account(error: &AccountError) -> Diagnostic {
    Diagnostic::error(
        "Account not allowed",
        format!(
            "Nothing was read or changed: {}. Use credentials of the right account, or change allowed_account_ids or \
             forbidden_account_ids in the provider block.",
            chain(error)
        ),
    )
}

/// The account is unknown, for another reason than missing credentials.
pub fn account_unknown(error: &Error) -> Diagnostic {
    account(&AccountError::Unknown(error.clone()))
}

/// An object was created in another account than that of the credentials, where it does not exist.
pub fn other_account(subject: &Subject, created_in: &str, account: &str) -> Diagnostic {
    Diagnostic::error(
        "Credentials of another account",
        format!(
            "The {subject} belongs to account {created_in}, but the credentials to account {account}, which does not list it. \
             It stays in the state. Use credentials of account {created_in}. To create it again in account {account}, first \
             remove it from the state with `terraform state rm`."
        ),
    )
}

/// There are no credentials, or they are incomplete.
pub fn credentials(error: &CredentialsError) -> Diagnostic {
    let summary = match error {
        CredentialsError::NotFound { .. } => "Missing credentials",
        CredentialsError::Incomplete { .. } => "Incomplete credentials",
        CredentialsError::Expired { .. } => "Expired credentials",
        _ => "Invalid credentials",
    };
    Diagnostic::error(summary, format!("The API needs credentials: {}.", chain(error)))
}

/// Refers to the same error, which was reported in full for another object.
pub fn reported(summary: &str) -> Diagnostic {
    let detail = format!("See the error {summary:?} for the cause and what to do.");
    Diagnostic::error("API cannot be called", detail)
}

/// Why a call failed and, if known, what to do, as sentences.
pub fn cause(error: &Error) -> String {
    format!("{}.{}", chain(error), advice(error))
}

/// An error and its causes, innermost last, as one sentence without its full stop.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text.trim_end_matches('.').to_owned()
}

/// What to do about an error with a known cause.
fn advice(error: &Error) -> String {
    let error = failed_call(error);
    if let Some(permission) = error.missing_permission() {
        return format!(" The credentials lack a permission. Grant {permission} in CAM.");
    }
    let advice = match error.code().unwrap_or_default() {
        code if code.starts_with("InvalidAction") => {
            "The action is not available in this region or site, nor on the international site. Check region, and domain or \
            endpoints of the provider block."
        }
        "AuthFailure.SecretIdNotFound" | "AuthFailure.InvalidSecretId" => {
            "The key does not exist. Check secret_id, or TENCENTCLOUD_SECRET_ID."
        }
        "AuthFailure.SignatureFailure" => "Check that secret_key belongs to secret_id.",
        "AuthFailure.TokenFailure" => {
            "The temporary credentials are wrong or have expired. Get new ones, with secret_id, secret_key and \
             security_token from the same session."
        }
        "UnsupportedRegion" => "The service is not available in this region. Check region.",
        code if code.starts_with("LimitExceeded") => {
            "A quota of the account is used up. Ask Tencent Cloud to raise it."
        }
        code if code.starts_with("RequestLimitExceeded") => {
            "Other programs use the API's quota as well. Lower requests_per_second, or raise max_retries."
        }
        _ if error.is_not_connected() && !error.is_permanent() => {
            "Check the network, the proxy variables, and endpoints or domain of the provider block."
        }
        _ if matches!(error, Error::Unreadable { is_foreign: true, .. }) && error.is_permanent() => {
            "The response is not from the API. Check endpoints and domain of the provider block, and whether the network shows \
            a login page."
        }
        _ if matches!(error, Error::Unreadable { http_status: 500.., .. }) => {
            "The API, or a proxy in front of it, is down. Apply again later."
        }
        _ => return String::new(),
    };
    format!(" {advice}")
}

/// The failed call: that of the credentials, if it is the reason that there are none.
fn failed_call(error: &Error) -> &Error {
    match error {
        Error::Credentials { source, .. } => match &**source {
            CredentialsError::Sts { source, .. } => source,
            _ => error,
        },
        _ => error,
    }
}

#[cfg(test)]
mod variants;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_permission_names_the_refused_action() {
        let refused = Error::Api {
            action: "GetMostSuitableImageCache",
            code: "InternalError.CamNoAuth".to_owned(),
            message: "no".to_owned(),
            request_id: "r".to_owned(),
            http_status: 200,
        };
        let detail = cause(&refused);
        assert!(detail.ends_with("Grant tke:GetMostSuitableImageCache in CAM."), "{detail}");
    }
}

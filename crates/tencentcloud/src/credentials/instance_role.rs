//! The role of this instance, from the instance metadata service.
//!
//! If the role is not configured, no response means that this machine is not an instance. If it is configured by name, or by a
//! profile of the type `cvm-role`, the service must respond.
//!
//! Source: <https://cloud.tencent.com/document/product/213/4934>.

use std::time::{Duration, SystemTime};

use safe_text::{QUOTE_LIMIT, quote};
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    Credentials, CredentialsError, Services,
    config::given,
    source::{Context, Outcome},
};
use crate::secret;

const PATH: &str = "/latest/meta-data/cam/security-credentials/";

/// The service's response for a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleCredentials {
    code: String,
    #[serde(default, deserialize_with = "secret::received_option")]
    tmp_secret_id: Option<SecretString>,
    #[serde(default, deserialize_with = "secret::received_option")]
    tmp_secret_key: Option<SecretString>,
    #[serde(default, deserialize_with = "secret::received_option")]
    token: Option<SecretString>,
    /// Seconds since 1970.
    expired_time: Option<u64>,
}

pub(super) async fn provide<S: Services>(context: &Context<S>) -> Result<Outcome, CredentialsError> {
    let variable = || context.environment.get("TENCENTCLOUD_CAM_ROLE_NAME").map(str::to_owned);
    if let Some(role) = given(context.config.cam_role_name.clone()).or_else(variable) {
        return Ok(credentials_of(&context.services, &role).await?.into());
    }
    match bound_role(&context.services).await {
        Ok(Some(role)) => Ok(credentials_of(&context.services, &role).await?.into()),
        Ok(None) => Ok(Outcome::NotConfigured("no role is bound to this instance".to_owned())),
        Err(CredentialsError::Metadata { problem }) => Ok(Outcome::NotConfigured(problem)),
        Err(error) => Err(error),
    }
}

/// Credentials of the instance's role; an error if it has none.
pub(crate) async fn credentials<S: Services>(services: &S) -> Result<Credentials, CredentialsError> {
    match bound_role(services).await.map_err(must_respond)? {
        Some(role) => credentials_of(services, &role).await,
        None => Err(metadata("no role is bound to this instance; bind one in the CVM console")),
    }
}

async fn bound_role<S: Services>(services: &S) -> Result<Option<String>, CredentialsError> {
    let response = services.metadata(PATH).await?;
    let role = response.as_deref().and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty()));
    // An HTML page is not the name of a role, and its first line would become a path.
    match role {
        Some(role) if !role.chars().all(|c| c.is_alphanumeric() || "+=,.@_-".contains(c)) => {
            Err(metadata(format!("the metadata service responded {:?} instead of a role's name", quote(role, 80))))
        }
        role => Ok(role.map(str::to_owned)),
    }
}

async fn credentials_of<S: Services>(services: &S, role: &str) -> Result<Credentials, CredentialsError> {
    let response = services.metadata(&format!("{PATH}{role}")).await.map_err(must_respond)?.ok_or_else(|| {
        metadata(format!("the role {role:?} is not bound to this instance; bind it, or correct cam_role_name"))
    })?;
    // Not the parser's message, which contains values.
    let response: RoleCredentials = serde_json::from_str(&response)
        .map_err(|_| metadata(format!("the metadata service's response for {role:?} is not as documented")))?;
    match response {
        RoleCredentials {
            code,
            tmp_secret_id: Some(secret_id),
            tmp_secret_key: Some(secret_key),
            token: Some(token),
            expired_time: Some(seconds),
        } if code == "Success" => Ok(Credentials {
            secret_id,
            secret_key,
            token: Some(token),
            expires_at: SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
        }),
        RoleCredentials { code, .. } => {
            let (role, code) = (quote(role, QUOTE_LIMIT), quote(&code, QUOTE_LIMIT));
            Err(metadata(format!("the metadata service returned no credentials for {role:?}, but the code {code:?}")))
        }
    }
}

/// The error if the service does not respond, although it is the configured source.
fn must_respond(error: CredentialsError) -> CredentialsError {
    match error {
        CredentialsError::Metadata { problem } => metadata(format!(
            "{problem}; it exists only on instances of Tencent Cloud, elsewhere use other credentials"
        )),
        other => other,
    }
}

fn metadata(problem: impl Into<String>) -> CredentialsError {
    CredentialsError::Metadata { problem: problem.into() }
}

//! A role for an OpenID Connect token, by `AssumeRoleWithWebIdentity`, from the configuration or a Pod in TKE.
//!
//! A token in a file is read again for each renewal, because it is replaced before it expires.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    Credentials, CredentialsError, Environment, Services, limits, profile,
    requests::{Token, WebIdentity},
    source::{Context, Outcome},
};
use crate::{Auth, sts};

const POD_PROVIDER_ID: &str = "TKE_PROVIDER_ID";
const POD_REGION: &str = "TKE_REGION";
const POD_ROLE_ARN: &str = "TKE_ROLE_ARN";
const POD_TOKEN_FILE: &str = "TKE_WEB_IDENTITY_TOKEN_FILE";

/// The name of the Pod's identity in messages.
pub(super) const POD_IDENTITY: &str = "TKE Pod identity";

/// The token file in JSON, as in the official provider.
#[derive(Deserialize)]
struct TokenFile {
    web_identity_token: SecretString,
}

/// The web identity of the configuration or its variables.
pub(super) async fn configured<S: Services>(context: &Context<S>) -> Result<Outcome, CredentialsError> {
    match context.config.web_identity(&context.environment)? {
        Some(identity) => assume(context, identity, None).await,
        None => Ok(Outcome::NotConfigured("assume_role_with_web_identity is not set".to_owned())),
    }
}

/// The identity of this Pod: four variables, set by TKE for a service account with a role. The region is that of STS calls, and
/// may be missing.
pub(super) async fn pod<S: Services>(context: &Context<S>) -> Result<Outcome, CredentialsError> {
    let region = context.environment.get(POD_REGION);
    match pod_identity(&context.environment, context.config.caller.session_name)? {
        Some(identity) => assume(context, identity, region).await,
        None => Ok(Outcome::NotConfigured(format!("{POD_TOKEN_FILE} is not set"))),
    }
}

fn pod_identity(environment: &Environment, session_name: &str) -> Result<Option<WebIdentity>, CredentialsError> {
    let origin = POD_IDENTITY;
    let identifying = [POD_TOKEN_FILE, POD_PROVIDER_ID, POD_ROLE_ARN];
    let Some(present) = identifying.into_iter().find(|name| environment.get(name).is_some()) else { return Ok(None) };
    let required = |name: &'static str| {
        let missing = || CredentialsError::Incomplete { origin: origin.to_owned(), present, missing: name };
        environment.get(name).ok_or_else(missing)
    };
    let token_file = required(POD_TOKEN_FILE)?;
    let provider_id = required(POD_PROVIDER_ID)?.to_owned();
    let role_arn = required(POD_ROLE_ARN)?.to_owned();
    limits::role_arn(&role_arn).map_err(|error| CredentialsError::invalid(POD_ROLE_ARN, error))?;
    let token = Token::File(PathBuf::from(token_file));
    let session_name = session_name.to_owned();
    Ok(Some(WebIdentity { origin, provider_id, token, role_arn, session_name, duration_seconds: None }))
}

async fn assume<S: Services>(
    context: &Context<S>,
    identity: WebIdentity,
    region: Option<&str>,
) -> Result<Outcome, CredentialsError> {
    let web_identity_token = match identity.token {
        Token::Text(token) => token,
        Token::File(path) => read_token(&path).await?,
    };
    let request = sts::AssumeRoleWithWebIdentity {
        provider_id: identity.provider_id,
        web_identity_token,
        role_arn: identity.role_arn,
        role_session_name: identity.session_name,
        duration_seconds: identity.duration_seconds,
    };
    let session = context.services.sts(region, Auth::Skip, &request).await.map_err(|error| {
        CredentialsError::sts(identity.origin, format!("AssumeRoleWithWebIdentity of {}", request.role_arn), error)
    })?;
    Ok(Credentials::from(session).into())
}

/// The token in the file: raw, or JSON with the member `web_identity_token`.
async fn read_token(path: &Path) -> Result<SecretString, CredentialsError> {
    let file =
        |problem: &str| CredentialsError::File { path: path.to_owned(), line: None, problem: problem.to_owned() };
    let text = profile::read(path).await?.ok_or_else(|| {
        file("the web identity token file does not exist; write the token to it first, or correct the path")
    })?;
    let text = text.expose_secret().trim();
    let token = if text.starts_with('{') {
        profile::json::<TokenFile>(path, text, "an object with the string \"web_identity_token\"")?.web_identity_token
    } else {
        SecretString::from(text)
    };
    if token.expose_secret().is_empty() {
        return Err(file("the web identity token file is empty"));
    }
    Ok(token)
}

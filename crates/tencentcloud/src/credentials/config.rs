//! What the configuration gives, and how each of its blocks is completed by variables.
//!
//! A block's own value comes first, then the variable; an empty value counts as absent. Keys are the exception: an ID,
//! its key and its token belong together, and come from one place.
//!
//! `TENCENTCLOUD_ASSUME_ROLE_ARN`, `_SESSION_NAME` and `_SESSION_DURATION` serve three blocks. Without an `assume_role`
//! block they mean the role of the web identity or the SAML assertion where one of these is configured, and otherwise a
//! role to assume with the keys that are found; this is how the official provider reads them.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::{CredentialsError, Environment, limits};
use crate::sts;

/// The credentials part of a configuration, decoded. Everything is optional.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct CredentialsConfig {
    pub secret_id: Option<SecretString>,
    pub secret_key: Option<SecretString>,
    pub security_token: Option<SecretString>,
    pub profile: Option<String>,
    pub shared_credentials_dir: Option<String>,
    pub assume_role: Option<AssumeRoleConfig>,
    pub assume_role_with_web_identity: Option<WebIdentityConfig>,
    pub assume_role_with_saml: Option<SamlConfig>,
    pub mfa_certification: Option<MfaConfig>,
    pub cam_role_name: Option<String>,
    /// The program that has this configuration.
    #[cfg_attr(test, serde(skip))]
    pub caller: Caller,
}

/// What messages and STS name of the program that uses this crate.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The place of the arguments of [`CredentialsConfig`], for example `provider block`.
    pub configuration: &'static str,
    /// Session name of a role when none is given.
    pub session_name: &'static str,
}

impl Default for Caller {
    fn default() -> Self {
        Self { configuration: "configuration", session_name: env!("CARGO_PKG_NAME") }
    }
}

/// `assume_role`: a role to assume on top of whatever credentials are found.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct AssumeRoleConfig {
    pub role_arn: Option<String>,
    pub session_name: Option<String>,
    /// In seconds: [`limits::SESSION_DURATION`].
    pub session_duration: Option<i64>,
    /// JSON, not URL-encoded.
    pub policy: Option<String>,
    pub external_id: Option<String>,
    pub source_identity: Option<String>,
    pub serial_number: Option<String>,
    pub token_code: Option<SecretString>,
}

/// `assume_role_with_web_identity`: a role for an OpenID Connect token.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct WebIdentityConfig {
    /// `OIDC` if omitted, as in the official provider.
    pub provider_id: Option<String>,
    pub web_identity_token: Option<SecretString>,
    /// The token as it is, or JSON with the member `web_identity_token`. Read again for each renewal.
    pub web_identity_token_file: Option<String>,
    pub role_arn: Option<String>,
    pub session_name: Option<String>,
    /// In seconds: [`limits::SESSION_DURATION`].
    pub session_duration: Option<i64>,
}

/// `assume_role_with_saml`: a role for a SAML assertion.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct SamlConfig {
    /// Base64.
    pub saml_assertion: Option<SecretString>,
    pub principal_arn: Option<String>,
    pub role_arn: Option<String>,
    pub session_name: Option<String>,
    /// In seconds: [`limits::SESSION_DURATION`].
    pub session_duration: Option<i64>,
}

/// `mfa_certification`: an MFA code, which makes a session of the keys that are found.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct MfaConfig {
    pub serial_number: Option<String>,
    pub token_code: Option<SecretString>,
    /// In seconds: [`limits::MFA_DURATION`].
    pub duration_seconds: Option<i64>,
}

/// A web identity with its block and variables put together: all but the token's text, which a file may hold.
#[derive(Debug, Clone)]
pub(super) struct WebIdentity {
    pub origin: &'static str,
    pub provider_id: String,
    pub token: Token,
    pub role: RoleSession,
}

/// Where the token of a web identity is.
#[derive(Debug, Clone)]
pub(super) enum Token {
    Text(SecretString),
    File(PathBuf),
}

/// A role, and the session to make of it: what the three ways to assume a role have in common.
#[derive(Debug, Clone)]
pub(super) struct RoleSession {
    pub role_arn: String,
    pub session_name: String,
    pub duration_seconds: Option<i64>,
}

pub(super) const ASSUME_ROLE: &str = "assume_role";
pub(super) const WEB_IDENTITY: &str = "assume_role_with_web_identity";
pub(super) const SAML: &str = "assume_role_with_saml";
pub(super) const MFA: &str = "mfa_certification";

const WEB_IDENTITY_TOKEN: &str = "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN";
const WEB_IDENTITY_TOKEN_FILE: &str = "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE";
const PRINCIPAL_ARN: &str = "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN";
const ROLE_ARN: &str = "TENCENTCLOUD_ASSUME_ROLE_ARN";
const SAML_ASSERTION: &str = "TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION";

impl CredentialsConfig {
    /// The role to assume on top of what is found, or `None`.
    pub(super) fn role(&self, environment: &Environment) -> Result<Option<sts::AssumeRole>, CredentialsError> {
        let variable = |name: &str| environment.get(&format!("TENCENTCLOUD_ASSUME_ROLE_{name}")).map(str::to_owned);
        let shared_variables_are_taken = self.has_web_identity(environment) || self.has_saml(environment);
        if self.assume_role.is_none() && (shared_variables_are_taken || variable("ARN").is_none()) {
            return Ok(None);
        }
        let block = self.assume_role.clone().unwrap_or_default();
        let session =
            self.role_session(ASSUME_ROLE, block.role_arn, block.session_name, block.session_duration, environment)?;
        let policy = given(block.policy);
        let external_id = given(block.external_id).or_else(|| variable("EXTERNAL_ID"));
        let serial_number = given(block.serial_number).or_else(|| variable("SERIAL_NUMBER"));
        let token_code = secret(block.token_code).or_else(|| environment.secret("TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE"));
        policy.as_deref().map_or(Ok(()), limits::policy).map_err(at("assume_role.policy"))?;
        external_id.as_deref().map_or(Ok(()), limits::external_id).map_err(at("assume_role.external_id"))?;
        serial_number.as_deref().map_or(Ok(()), limits::mfa_serial_number).map_err(at("assume_role.serial_number"))?;
        match (&serial_number, &token_code) {
            (Some(_), None) => return Err(incomplete(ASSUME_ROLE, "serial_number", "token_code")),
            (None, Some(_)) => return Err(incomplete(ASSUME_ROLE, "token_code", "serial_number")),
            _ => {}
        }
        Ok(Some(sts::AssumeRole {
            role_arn: session.role_arn,
            role_session_name: session.session_name,
            duration_seconds: session.duration_seconds,
            // STS wants the policy URL-encoded inside the JSON body as well.
            policy: policy.map(|policy| url::form_urlencoded::byte_serialize(policy.as_bytes()).collect()),
            external_id: external_id.map(Into::into),
            source_identity: given(block.source_identity).or_else(|| variable("SOURCE_IDENTITY")),
            serial_number,
            token_code,
        }))
    }

    /// The web identity of the block or the variables, or `None`.
    pub(super) fn web_identity(&self, environment: &Environment) -> Result<Option<WebIdentity>, CredentialsError> {
        if !self.has_web_identity(environment) {
            return Ok(None);
        }
        if self.has_saml(environment) {
            return Err(CredentialsError::invalid(
                WEB_IDENTITY,
                "a SAML assertion is configured as well; remove assume_role_with_web_identity or assume_role_with_saml, or their variables",
            ));
        }
        let block = self.assume_role_with_web_identity.clone().unwrap_or_default();
        let path = |path: &str| Token::File(environment.expand(path));
        let token = secret(block.web_identity_token)
            .map(Token::Text)
            .or_else(|| given(block.web_identity_token_file).as_deref().map(path))
            .or_else(|| environment.secret(WEB_IDENTITY_TOKEN).map(Token::Text))
            .or_else(|| environment.get(WEB_IDENTITY_TOKEN_FILE).map(path))
            .ok_or_else(|| {
                missing(WEB_IDENTITY, "web_identity_token or web_identity_token_file", WEB_IDENTITY_TOKEN_FILE)
            })?;
        let provider_id = given(block.provider_id)
            .or_else(|| environment.get("TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID").map(str::to_owned))
            .unwrap_or_else(|| "OIDC".to_owned());
        let role =
            self.role_session(WEB_IDENTITY, block.role_arn, block.session_name, block.session_duration, environment)?;
        Ok(Some(WebIdentity { origin: WEB_IDENTITY, provider_id, token, role }))
    }

    /// The SAML assertion of the block or the variables, as the request to send, or `None`.
    pub(super) fn saml(&self, environment: &Environment) -> Result<Option<sts::AssumeRoleWithSaml>, CredentialsError> {
        if !self.has_saml(environment) {
            return Ok(None);
        }
        let block = self.assume_role_with_saml.clone().unwrap_or_default();
        let saml_assertion = secret(block.saml_assertion)
            .or_else(|| environment.secret(SAML_ASSERTION))
            .ok_or_else(|| missing(SAML, "saml_assertion", SAML_ASSERTION))?;
        let principal_arn = given(block.principal_arn)
            .or_else(|| environment.get(PRINCIPAL_ARN).map(str::to_owned))
            .ok_or_else(|| missing(SAML, "principal_arn", PRINCIPAL_ARN))?;
        limits::principal_arn(&principal_arn).map_err(at("assume_role_with_saml.principal_arn"))?;
        let role = self.role_session(SAML, block.role_arn, block.session_name, block.session_duration, environment)?;
        Ok(Some(sts::AssumeRoleWithSaml {
            saml_assertion,
            principal_arn,
            role_arn: role.role_arn,
            role_session_name: role.session_name,
            duration_seconds: role.duration_seconds,
        }))
    }

    /// The MFA code of the block or the variables, as the request to send, or `None`.
    pub(super) fn mfa(&self, environment: &Environment) -> Result<Option<sts::GetSessionToken>, CredentialsError> {
        let variable = |name: &str| environment.get(&format!("TENCENTCLOUD_MFA_CERTIFICATION_{name}"));
        let block = self.mfa_certification.clone();
        let configured = block.is_some();
        let block = block.unwrap_or_default();
        let serial_number = given(block.serial_number).or_else(|| variable("SERIAL_NUMBER").map(str::to_owned));
        let token_code =
            secret(block.token_code).or_else(|| environment.secret("TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE"));
        let (serial_number, token_code) = match (serial_number, token_code) {
            (Some(serial_number), Some(token_code)) => (serial_number, token_code),
            (Some(_), None) => return Err(incomplete(MFA, "serial_number", "token_code")),
            (None, Some(_)) => return Err(incomplete(MFA, "token_code", "serial_number")),
            (None, None) if configured => {
                return Err(missing(MFA, "serial_number", "TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER"));
            }
            (None, None) => return Ok(None),
        };
        limits::mfa_serial_number(&serial_number).map_err(at("mfa_certification.serial_number"))?;
        let name = "TENCENTCLOUD_MFA_CERTIFICATION_DURATION_SECONDS";
        let seconds =
            block.duration_seconds.map_or_else(|| whole_seconds(name, environment), |seconds| Ok(Some(seconds)))?;
        seconds.map_or(Ok(()), limits::mfa_duration).map_err(at("mfa_certification.duration_seconds"))?;
        let duration_seconds = seconds.filter(|seconds| *seconds != 0);
        Ok(Some(sts::GetSessionToken { serial_number, token_code, duration_seconds }))
    }

    /// Whether an MFA code is configured, which works once.
    pub fn has_one_time_code(&self, environment: &Environment) -> bool {
        let role = self.assume_role.as_ref().is_some_and(|role| secret(role.token_code.clone()).is_some());
        let mfa = self.mfa_certification.as_ref().is_some_and(|mfa| secret(mfa.token_code.clone()).is_some());
        let variables = ["TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE", "TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE"];
        role || mfa || variables.iter().any(|name| environment.get(name).is_some())
    }

    fn has_web_identity(&self, environment: &Environment) -> bool {
        self.assume_role_with_web_identity.is_some()
            || [WEB_IDENTITY_TOKEN, WEB_IDENTITY_TOKEN_FILE].iter().any(|name| environment.get(name).is_some())
    }

    fn has_saml(&self, environment: &Environment) -> bool {
        self.assume_role_with_saml.is_some() || environment.get(SAML_ASSERTION).is_some()
    }

    /// The role of `block`, completed by the variables and within the limits.
    fn role_session(
        &self,
        block: &'static str,
        role_arn: Option<String>,
        session_name: Option<String>,
        session_duration: Option<i64>,
        environment: &Environment,
    ) -> Result<RoleSession, CredentialsError> {
        let variable = |name: &str| environment.get(name).map(str::to_owned);
        let role_arn =
            given(role_arn).or_else(|| variable(ROLE_ARN)).ok_or_else(|| missing(block, "role_arn", ROLE_ARN))?;
        let session_name = given(session_name)
            .or_else(|| variable("TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"))
            .unwrap_or_else(|| self.caller.session_name.to_owned());
        let name = "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION";
        let seconds = session_duration.map_or_else(|| whole_seconds(name, environment), |seconds| Ok(Some(seconds)))?;
        limits::role_arn(&role_arn).map_err(at(format!("{block}.role_arn")))?;
        limits::session_name(&session_name).map_err(at(format!("{block}.session_name")))?;
        seconds.map_or(Ok(()), limits::session_duration).map_err(at(format!("{block}.session_duration")))?;
        Ok(RoleSession { role_arn, session_name, duration_seconds: seconds.filter(|seconds| *seconds != 0) })
    }
}

/// `value`, unless it is empty.
pub(super) fn given(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.is_empty())
}

/// Like [`given`], for a secret.
pub(super) fn secret(value: Option<SecretString>) -> Option<SecretString> {
    value.filter(|value| !value.expose_secret().is_empty())
}

fn whole_seconds(name: &str, environment: &Environment) -> Result<Option<i64>, CredentialsError> {
    let parse = |text: &str| {
        text.parse().map_err(|_| CredentialsError::invalid(name, "expected whole seconds, for example 3600"))
    };
    environment.get(name).map(parse).transpose()
}

fn incomplete(origin: &str, present: &'static str, missing: &'static str) -> CredentialsError {
    CredentialsError::Incomplete { origin: origin.to_owned(), present, missing }
}

fn missing(block: &'static str, argument: &str, variable: &str) -> CredentialsError {
    CredentialsError::invalid(block, format!("{argument} is missing; set it in the block, or {variable}"))
}

/// Says where a limit was broken.
fn at(origin: impl Into<String>) -> impl FnOnce(limits::LimitError) -> CredentialsError {
    move |error| CredentialsError::invalid(origin, error)
}

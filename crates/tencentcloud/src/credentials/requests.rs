//! The sessions of a configuration and its variables, as requests to STS.
//!
//! `TENCENTCLOUD_ASSUME_ROLE_ARN`, `_SESSION_NAME` and `_SESSION_DURATION` apply to three blocks. Without an `assume_role` block,
//! they apply to the web identity or the SAML assertion, if one is configured, and otherwise to a role to assume with the keys that
//! were found, as in the official provider.

use std::path::PathBuf;

use secrecy::SecretString;

use super::arguments::{
    ASSUME_ROLE, Argument, MFA, MFA_SERIAL_NUMBER, MFA_TOKEN_CODE, PRINCIPAL_ARN, ROLE_ARN, SAML, SAML_ASSERTION,
    SERIAL_NUMBER, TOKEN_CODE, WEB_IDENTITY, WEB_IDENTITY_TOKEN, WEB_IDENTITY_TOKEN_FILE, completed,
};
use super::config::secret;
use super::{CredentialsConfig, CredentialsError, Environment};
use crate::sts;

/// A web identity. Its token may be in a file.
#[derive(Debug, Clone)]
pub(super) struct WebIdentity {
    pub origin: &'static str,
    pub provider_id: String,
    pub token: Token,
    pub role_arn: String,
    pub session_name: String,
    pub duration_seconds: Option<u64>,
}

/// The token of a web identity, or its file.
#[derive(Debug, Clone)]
pub(super) enum Token {
    Text(SecretString),
    File(PathBuf),
}

impl CredentialsConfig {
    /// The role to assume with the found credentials, or `None`.
    pub(super) fn role(&self, environment: &Environment) -> Result<Option<sts::AssumeRole>, CredentialsError> {
        let shared_variables_are_taken = self.has_web_identity(environment) || self.has_saml(environment);
        if self.assume_role.is_none() && (shared_variables_are_taken || !ROLE_ARN.is_set(environment)) {
            return Ok(None);
        }
        let block = completed(&self.assume_role, environment)?;
        match (&block.serial_number, &block.token_code) {
            (Some(_), None) => return Err(incomplete(ASSUME_ROLE, &SERIAL_NUMBER, &TOKEN_CODE)),
            (None, Some(_)) => return Err(incomplete(ASSUME_ROLE, &TOKEN_CODE, &SERIAL_NUMBER)),
            _ => {}
        }
        Ok(Some(sts::AssumeRole {
            role_arn: required(ASSUME_ROLE, &ROLE_ARN, block.role_arn)?,
            role_session_name: self.session_name(block.session_name),
            duration_seconds: block.session_duration,
            // STS requires the policy to be URL-encoded, although the body is JSON.
            policy: block.policy.map(|policy| url::form_urlencoded::byte_serialize(policy.as_bytes()).collect()),
            external_id: block.external_id.map(Into::into),
            source_identity: block.source_identity,
            serial_number: block.serial_number,
            token_code: block.token_code,
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
                "a SAML assertion is also configured; remove assume_role_with_web_identity or assume_role_with_saml, or their variables",
            ));
        }
        let block = completed(&self.assume_role_with_web_identity, environment)?;
        let token = match (block.web_identity_token, block.web_identity_token_file) {
            (Some(token), _) => Token::Text(token),
            (None, Some(path)) => Token::File(environment.expand(&path)),
            (None, None) => {
                let arguments = format!("{} or {}", WEB_IDENTITY_TOKEN.name, WEB_IDENTITY_TOKEN_FILE.name);
                return Err(missing(WEB_IDENTITY, &arguments, &WEB_IDENTITY_TOKEN_FILE));
            }
        };
        Ok(Some(WebIdentity {
            origin: WEB_IDENTITY,
            provider_id: block.provider_id.unwrap_or_else(|| "OIDC".to_owned()),
            token,
            role_arn: required(WEB_IDENTITY, &ROLE_ARN, block.role_arn)?,
            session_name: self.session_name(block.session_name),
            duration_seconds: block.session_duration,
        }))
    }

    /// The SAML assertion of the block or the variables, as the request to send, or `None`.
    pub(super) fn saml(&self, environment: &Environment) -> Result<Option<sts::AssumeRoleWithSaml>, CredentialsError> {
        if !self.has_saml(environment) {
            return Ok(None);
        }
        let block = completed(&self.assume_role_with_saml, environment)?;
        Ok(Some(sts::AssumeRoleWithSaml {
            saml_assertion: required(SAML, &SAML_ASSERTION, block.saml_assertion)?,
            principal_arn: required(SAML, &PRINCIPAL_ARN, block.principal_arn)?,
            role_arn: required(SAML, &ROLE_ARN, block.role_arn)?,
            role_session_name: self.session_name(block.session_name),
            duration_seconds: block.session_duration,
        }))
    }

    /// The MFA code of the block or the variables, as the request to send, or `None`.
    pub(super) fn mfa(&self, environment: &Environment) -> Result<Option<sts::GetSessionToken>, CredentialsError> {
        let (serial_number, token_code) = (&MFA_SERIAL_NUMBER, &MFA_TOKEN_CODE);
        if self.mfa_certification.is_none() && ![serial_number, token_code].iter().any(|one| one.is_set(environment)) {
            return Ok(None);
        }
        let block = completed(&self.mfa_certification, environment)?;
        match (block.serial_number, block.token_code) {
            (Some(serial_number), Some(token_code)) => {
                let duration_seconds = block.duration_seconds;
                Ok(Some(sts::GetSessionToken { serial_number, token_code, duration_seconds }))
            }
            (Some(_), None) => Err(incomplete(MFA, serial_number, token_code)),
            (None, Some(_)) => Err(incomplete(MFA, token_code, serial_number)),
            (None, None) => Err(missing(MFA, serial_number.name, serial_number)),
        }
    }

    /// Whether a one-time MFA code is configured.
    pub fn has_one_time_code(&self, environment: &Environment) -> bool {
        let role = self.assume_role.as_ref().and_then(|role| secret(role.token_code.clone()));
        let mfa = self.mfa_certification.as_ref().and_then(|mfa| secret(mfa.token_code.clone()));
        role.or(mfa).is_some() || TOKEN_CODE.is_set(environment) || MFA_TOKEN_CODE.is_set(environment)
    }

    fn has_web_identity(&self, environment: &Environment) -> bool {
        self.assume_role_with_web_identity.is_some()
            || WEB_IDENTITY_TOKEN.is_set(environment)
            || WEB_IDENTITY_TOKEN_FILE.is_set(environment)
    }

    fn has_saml(&self, environment: &Environment) -> bool {
        self.assume_role_with_saml.is_some() || SAML_ASSERTION.is_set(environment)
    }

    fn session_name(&self, given: Option<String>) -> String {
        given.unwrap_or_else(|| self.caller.session_name.to_owned())
    }
}

/// The value of a required argument.
fn required<T>(block: &'static str, argument: &Argument, value: Option<T>) -> Result<T, CredentialsError> {
    value.ok_or_else(|| missing(block, argument.name, argument))
}

fn missing(block: &'static str, arguments: &str, argument: &Argument) -> CredentialsError {
    let or_variable = argument.variable.map(|variable| format!(", or {variable}")).unwrap_or_default();
    CredentialsError::invalid(block, format!("{arguments} is missing; set it in the block{or_variable}"))
}

fn incomplete(block: &'static str, present: &Argument, missing: &Argument) -> CredentialsError {
    CredentialsError::Incomplete { origin: block.to_owned(), present: present.name, missing: missing.name }
}

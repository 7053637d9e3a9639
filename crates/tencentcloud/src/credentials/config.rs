//! The configuration. Its blocks are completed and checked in [`arguments`](super::arguments).

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The credentials part of a configuration. Everything is optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
    #[serde(skip)]
    pub caller: Caller,
}

/// Names of the program that uses this crate, for messages and STS.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The place of the arguments of [`CredentialsConfig`], for example `provider block`.
    pub configuration: &'static str,
    /// Default session name of a role.
    pub session_name: &'static str,
}

impl Default for Caller {
    fn default() -> Self {
        Self { configuration: "configuration", session_name: env!("CARGO_PKG_NAME") }
    }
}

/// `assume_role`: a role to assume with the credentials that were found.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssumeRoleConfig {
    pub role_arn: Option<String>,
    pub session_name: Option<String>,
    /// In seconds.
    pub session_duration: Option<u64>,
    /// JSON, not URL-encoded.
    pub policy: Option<String>,
    pub external_id: Option<String>,
    pub source_identity: Option<String>,
    pub serial_number: Option<String>,
    pub token_code: Option<SecretString>,
}

/// `assume_role_with_web_identity`: a role for an OpenID Connect token.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebIdentityConfig {
    /// `OIDC` if omitted, as in the official provider.
    pub provider_id: Option<String>,
    pub web_identity_token: Option<SecretString>,
    /// A file with the token, raw or as JSON with the member `web_identity_token`. Read again for each renewal.
    pub web_identity_token_file: Option<String>,
    pub role_arn: Option<String>,
    pub session_name: Option<String>,
    /// In seconds.
    pub session_duration: Option<u64>,
}

/// `assume_role_with_saml`: a role for a SAML assertion.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamlConfig {
    /// Base64.
    pub saml_assertion: Option<SecretString>,
    pub principal_arn: Option<String>,
    pub role_arn: Option<String>,
    pub session_name: Option<String>,
    /// In seconds.
    pub session_duration: Option<u64>,
}

/// `mfa_certification`: an MFA code, which creates a session of the keys that were found.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MfaConfig {
    pub serial_number: Option<String>,
    pub token_code: Option<SecretString>,
    /// In seconds.
    pub duration_seconds: Option<u64>,
}

/// `value`, unless it is empty.
pub(super) fn given(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.is_empty())
}

/// Like [`given`], for a secret.
pub(super) fn secret(value: Option<SecretString>) -> Option<SecretString> {
    value.filter(|value| !value.expose_secret().is_empty())
}

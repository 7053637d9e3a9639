//! Credentials and their sources.
//!
//! [`CredentialsChain`] tries the sources in order. Each has one of three outcomes: found; not configured, try the next;
//! configured and broken, stop. A broken source never leads to another identity, and after a source has returned credentials,
//! renewals come only from it.
//!
//! | | source | configured by |
//! | --- | --- | --- |
//! | 1 | configuration | `secret_id`, `secret_key`, `security_token` |
//! | 2 | environment | `TENCENTCLOUD_SECRET_ID`, `_SECRET_KEY`, `_SECURITY_TOKEN` or `TENCENTCLOUD_TOKEN` |
//! | 3 | profile | tccli's files, then the SDK's INI file |
//! | 4 | web identity | `assume_role_with_web_identity`, `TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN[_FILE]` |
//! | 5 | SAML | `assume_role_with_saml`, `TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION` |
//! | 6 | TKE Pod identity | `TKE_*`, which the cluster sets |
//! | 7 | instance role | `cam_role_name`, `TENCENTCLOUD_CAM_ROLE_NAME`, or the role in the metadata service |
//!
//! Web identity and SAML are mutually exclusive, because both exchange a signed statement for a role. The credentials that were
//! found are then used for, in this order:
//!
//! - an **MFA session** (`mfa_certification`), before any role, because the device belongs to the user of the keys. Its code
//!   works once, so the session cannot be renewed.
//! - **`assume_role`**, once: the block or its variables, or else the role of the profile (`role-arn`). If both name a role,
//!   only that of the block is assumed, with the profile's keys.
//!
//! Arguments that an earlier source overrides are logged as warnings. If that source is static keys, [`overridden_by_keys`]
//! returns them as well, before anything is read.

mod account_guard;
mod arguments;
mod chain;
mod config;
mod environment;
mod error;
mod ini;
pub(crate) mod instance_role;
pub mod limits;
mod profile;
mod renewal;
mod requests;
mod saml;
mod services;
mod source;
mod static_keys;
mod web_identity;

#[cfg(test)]
mod replay;
#[cfg(test)]
mod scenarios;

use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};

pub use account_guard::{AccountError, AccountGuard};
pub use arguments::InvalidArgument;
pub use chain::CredentialsChain;
pub use config::{AssumeRoleConfig, Caller, CredentialsConfig, MfaConfig, SamlConfig, WebIdentityConfig};
pub use environment::Environment;
pub use error::CredentialsError;
#[cfg(any(test, fuzzing, feature = "testing"))]
pub use profile::fuzzing;
pub use profile::profile_region;
pub use services::{CloudServices, DEFAULT_METADATA_URL, Services};
pub use static_keys::overridden_by_keys;

/// A key pair, with the token and its expiry if it is temporary.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `SecretId`. Not secret by itself, but kept out of logs.
    pub secret_id: SecretString,
    /// `SecretKey`.
    pub secret_key: SecretString,
    /// `X-TC-Token` of temporary credentials.
    pub token: Option<SecretString>,
    /// When they expire; `None` for permanent keys.
    pub expires_at: Option<SystemTime>,
}

/// Provides the current credentials.
#[async_trait::async_trait]
pub trait ProvideCredentials: Send + Sync + std::fmt::Debug {
    /// The current credentials: cached, or renewed if they are about to expire.
    async fn credentials(&self) -> Result<Credentials, CredentialsError>;

    /// Checks the sources without calling STS, for example for an incomplete key pair, or a profile or token file that does not
    /// exist. Calls the instance metadata service if there is no other source.
    async fn check(&self) -> Result<(), CredentialsError> {
        Ok(())
    }

    /// Discards `credentials`, which the API refused before their expiry. They are returned again only if there are no others.
    fn discard(&self, credentials: &Credentials);
}

/// The names of the parts of a key pair in one source.
struct Names {
    id: &'static str,
    key: &'static str,
    token: &'static str,
}

impl Credentials {
    /// Whether these are the keys and the token of `other`.
    pub(crate) fn same_keys(&self, other: &Self) -> bool {
        fn parts(of: &Credentials) -> (&str, &str, Option<&str>) {
            let token = of.token.as_ref().map(SecretString::expose_secret);
            (of.secret_id.expose_secret(), of.secret_key.expose_secret(), token)
        }
        parts(self) == parts(other)
    }

    /// The pair, or `None` if no part of it is set.
    ///
    /// # Errors
    ///
    /// Only a part is set, or a part contains white space, as after a careless paste.
    fn from_parts(
        origin: &str,
        names: &Names,
        secret_id: Option<SecretString>,
        secret_key: Option<SecretString>,
        token: Option<SecretString>,
    ) -> Result<Option<Self>, CredentialsError> {
        let incomplete =
            |present, missing| Err(CredentialsError::Incomplete { origin: origin.to_owned(), present, missing });
        for (name, part) in [(names.id, &secret_id), (names.key, &secret_key), (names.token, &token)] {
            if part
                .as_ref()
                .is_some_and(|part| part.expose_secret().chars().any(|c| c.is_whitespace() || c.is_control()))
            {
                let problem = format!("{name} contains white space or a line break; remove it");
                return Err(CredentialsError::invalid(origin, problem));
            }
        }
        match (secret_id, secret_key, token) {
            (Some(secret_id), Some(secret_key), token) => {
                Ok(Some(Self { secret_id, secret_key, token, expires_at: None }))
            }
            (Some(_), None, _) => incomplete(names.id, names.key),
            (None, Some(_), _) => incomplete(names.key, names.id),
            (None, None, Some(_)) => incomplete(names.token, names.id),
            (None, None, None) => Ok(None),
        }
    }
}

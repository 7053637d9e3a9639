//! Who calls: keys, and where they come from.
//!
//! [`CredentialsChain`] tries the sources in order. Each has one of three outcomes: found; not configured, try
//! the next; configured and broken, stop. A source that is broken never leads to another identity, and once a source has
//! given credentials, their renewals come from it alone.
//!
//! | | source | configured by |
//! | --- | --- | --- |
//! | 1 | configuration | `secret_id`, `secret_key`, `security_token` |
//! | 2 | environment | `TENCENTCLOUD_SECRET_ID`, `_SECRET_KEY`, `_SECURITY_TOKEN` or `TENCENTCLOUD_TOKEN` |
//! | 3 | profile | tccli's files, then the SDK's INI file |
//! | 4 | web identity | `assume_role_with_web_identity`, `TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN[_FILE]` |
//! | 5 | SAML | `assume_role_with_saml`, `TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION` |
//! | 6 | TKE Pod identity | `TKE_*`, which the cluster sets |
//! | 7 | instance role | `cam_role_name`, `TENCENTCLOUD_CAM_ROLE_NAME`, or whatever the metadata service has |
//!
//! SAML stands beside the web identity, because both exchange a signed statement for a role; one of them may be
//! configured, not both. What was found is then used for, in this order:
//!
//! - an **MFA session** (`mfa_certification`), before any role, because the device belongs to the user whose keys were
//!   found. Its code works once, so that the session cannot be renewed.
//! - **`assume_role`**, once: the block or its variables, or else the role of the profile (`role-arn`). Where both name a
//!   role, the profile's is not assumed: the other is assumed with the profile's keys.
//!
//! An argument over which an earlier source takes precedence is named in a warning of the log, and where the keys of that source are
//! given as they are also by [`overridden_by_keys`], before anything is read.

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
    /// When they stop working; `None` for permanent keys.
    pub expires_at: Option<SystemTime>,
}

/// Something that gives the credentials to use now.
#[async_trait::async_trait]
pub trait ProvideCredentials: Send + Sync + std::fmt::Debug {
    /// The credentials to sign with now: cached, or renewed when they are about to expire.
    async fn credentials(&self) -> Result<Credentials, CredentialsError>;

    /// What is wrong with the sources, as far as it can be seen without a call of STS: an incomplete key pair, a profile or
    /// a token file that does not exist. Without another source the instance metadata service is asked.
    async fn check(&self) -> Result<(), CredentialsError> {
        Ok(())
    }

    /// The API refused `credentials` before their end: they are not given again, unless there are no others.
    fn discard(&self, credentials: &Credentials);
}

/// How one place calls the parts of a key pair.
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

    /// The pair, or `None` when no part of it is set.
    ///
    /// # Errors
    ///
    /// When only a part is set, or one has white space in it, which is what is left of a careless paste.
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
                let problem = format!("{name} has white space or a line break in it; remove it");
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

//! Who calls: keys, and where they come from.

use std::time::SystemTime;

use secrecy::SecretString;

/// A key pair, with the token and the end of its life where it is temporary.
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
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CredentialsError(pub String);

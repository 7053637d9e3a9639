//! Serialization of secrets in requests and responses. Both remember the secret, so that no message repeats it.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serializer};

/// Remembers `secret`: [`safe_text`] removes it from messages.
pub(crate) fn remember(secret: &SecretString) {
    safe_text::remember(secret.expose_secret());
}

/// `serialize_with` of a secret.
pub(crate) fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    remember(secret);
    serializer.serialize_str(secret.expose_secret())
}

/// `serialize_with` of an optional secret.
pub(crate) fn exposed_option<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(secret) = secret else { return serializer.serialize_none() };
    exposed(secret, serializer)
}

/// `deserialize_with` of a secret in a response.
pub(crate) fn received<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    let secret = SecretString::deserialize(deserializer)?;
    remember(&secret);
    Ok(secret)
}

/// `deserialize_with` of an optional secret in a response.
pub(crate) fn received_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let secret: Option<SecretString> = Deserialize::deserialize(deserializer)?;
    secret.iter().for_each(remember);
    Ok(secret)
}

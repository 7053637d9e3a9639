//! Secret strings.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string that `Debug` does not show and that is overwritten in memory when dropped.
///
/// It is serialized like any string, because Terraform needs sensitive attributes. Serialization passes through a
/// [`Value`](super::Value), which is not overwritten. No diagnostic, log line or progress message of this process contains it,
/// see [`safe_text`].
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret. Never log it or use it in a message.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        safe_text::remember(&secret);
        Self(secret.into())
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::from(secret.to_owned())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Attr, Value, from_value, to_value};

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?} {:#?}", Secret::from("hunter2"), Attr::Known(Secret::from("hunter2")));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn secret_is_serialized_like_a_string() {
        let secret = Secret::from("hunter2");
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(to_value(&secret), Ok(Value::from("hunter2")));
        assert_eq!(from_value(&Value::from("hunter2")), Ok(secret.clone()));
        assert_eq!(serde_json::to_string(&secret).expect("a string"), r#""hunter2""#);
        assert_eq!(serde_json::from_str::<Secret>(r#""hunter2""#).expect("a string"), secret);
        assert_ne!(secret, Secret::from("hunter3"));
        assert_eq!(schemars::schema_for!(Secret), schemars::schema_for!(String));
    }
}

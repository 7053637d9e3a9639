//! Deserializers for responses that are not always of the documented type: `null` for empty, numbers as strings, numbers
//! where a string is documented.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

/// A string; empty for `null`, the digits of a number.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(D::Error::custom("expected a string")),
    }
}

/// A whole number, also as a string; `None` for `null` and for an empty string.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let expected = || D::Error::custom("expected a whole number");
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => text.parse().map(Some).map_err(|_| expected()),
        Value::Number(number) => number.as_u64().map(Some).ok_or_else(expected),
        _ => Err(expected()),
    }
}

/// A list; empty for `null`.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

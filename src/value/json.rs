//! Values as a state file keeps them: JSON, typed by the schema.
//!
//! State may be older than the schema, so this reads generously: attributes that the schema no longer has are
//! ignored, those that it did not have are null, and a primitive may be written as another that means the same
//! (`"20"` for `20`), as Terraform itself reads it. Numbers keep every digit. There are no unknowns.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::types::tuple_length;
use super::{Type, Value, ValueError, nfc};

/// Reads the state of one object. Strings become NFC, sets sorted.
///
/// # Errors
///
/// Text that is not JSON, or JSON that is not of the type: with the path of the first mismatch.
pub fn decode_state(json: &[u8], ty: &Type) -> Result<Value, ValueError> {
    // serde_json's own message gives line and column, and does not quote the text.
    let json = serde_json::from_slice(json).map_err(|error| ValueError::new(format!("invalid JSON: {error}")))?;
    value(json, ty)
}

fn value(json: Json, ty: &Type) -> Result<Value, ValueError> {
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Bool, Json::Bool(bool)) => Ok(Value::Bool(bool)),
        (Type::Bool, Json::String(text)) => match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(ty.mismatch()),
        },
        (Type::Number, Json::Number(number)) => parse_number(number.as_str()),
        (Type::Number, Json::String(text)) => parse_number(&text),
        (Type::String, Json::String(string)) => Ok(Value::String(nfc(string))),
        (Type::String, Json::Number(number)) => Ok(Value::String(number.as_str().to_owned())),
        (Type::String, Json::Bool(bool)) => Ok(Value::String(bool.to_string())),
        (Type::List(element), Json::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(i, json)| value(json, element).map_err(|e| e.within_index(i)))
            .collect::<Result<_, _>>()
            .map(Value::List),
        (Type::Set(element), Json::Array(set)) => {
            Ok(Value::set(set.into_iter().map(|json| value(json, element)).collect::<Result<Vec<_>, _>>()?))
        }
        (Type::Tuple(types), Json::Array(list)) => {
            if list.len() != types.len() {
                return Err(tuple_length(types.len()));
            }
            let element = |(i, (json, ty))| value(json, ty).map_err(|e| e.within_index(i));
            list.into_iter().zip(types).enumerate().map(element).collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Map(element), Json::Object(map)) => map
            .into_iter()
            .map(|(key, json)| {
                let value = value(json, element).map_err(|e| e.within_key(&key))?;
                Ok((nfc(key), value))
            })
            .collect::<Result<_, _>>()
            .map(Value::Map),
        (Type::Object(attributes), Json::Object(mut object)) => attributes
            .iter()
            .map(|(name, ty)| {
                let json = object.remove(name).unwrap_or_default();
                Ok((name.clone(), value(json, ty).map_err(|e| e.within_attribute(name))?))
            })
            .collect::<Result<BTreeMap<_, _>, _>>()
            .map(Value::Map),
        _ => Err(ty.mismatch()),
    }
}

fn parse_number(text: &str) -> Result<Value, ValueError> {
    text.parse().map(Value::Number).map_err(|error: super::NumberError| ValueError::new(error.to_string()))
}

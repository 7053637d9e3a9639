//! Values in a state file, as Terraform may send them: JSON, typed by the schema.
//!
//! State may be older than the schema, so decoding is lenient: attributes that are not in the schema are ignored, missing ones are
//! null, and a primitive may be an equivalent one (`"20"` for `20`), as in Terraform. Numbers keep every digit. There are no
//! unknown values.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::types::tuple_length;
use super::{Dynamic, Type, Value, ValueError, nfc};

/// Decodes the state of one object. Strings become NFC, sets are sorted.
///
/// # Errors
///
/// The text is not JSON, or the JSON does not conform to the type; the error has the path of the first mismatch.
pub fn decode_state(json: &[u8], ty: &Type) -> Result<Value, ValueError> {
    // serde_json's message has line and column, and does not contain the text.
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
                Ok((key, value))
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Value::map),
        (Type::Object(attributes), Json::Object(mut object)) => {
            let mut map = BTreeMap::new();
            for (name, ty) in attributes {
                let json = object.remove(name).unwrap_or_default();
                map.insert(name.clone(), value(json, ty).map_err(|e| e.within_attribute(name))?);
            }
            Ok(Value::Map(map))
        }
        (Type::Dynamic, Json::Object(mut dynamic)) => {
            let own = dynamic.get("type").and_then(Type::from_json_value).filter(|own| *own != Type::Dynamic);
            let own = own.ok_or_else(|| ty.mismatch())?;
            let value = value(dynamic.remove("value").unwrap_or_default(), &own)?;
            Ok(Dynamic::new(own, value)?.into())
        }
        _ => Err(ty.mismatch()),
    }
}

fn parse_number(text: &str) -> Result<Value, ValueError> {
    text.parse().map(Value::Number).map_err(|error: super::NumberError| ValueError::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::arbitrary;
    use super::*;
    use proptest::prelude::*;

    fn ty(json: &str) -> Type {
        Type::from_json(json).unwrap_or_else(|| panic!("{json}"))
    }

    #[test]
    fn state_is_read_by_type() {
        let number = |text: &str| Value::Number(text.parse().expect("a number"));
        for (ty_json, json, expected) in [
            // The names of attributes are those of the type.
            (
                r#"["object",{"e\u0301":"bool"}]"#,
                r#"{"e\u0301":true}"#,
                Value::Map(BTreeMap::from([("e\u{301}".to_owned(), true.into())])),
            ),
            (r#""string""#, "null", Value::Null),
            (r#""string""#, r#""e\u0301""#, "\u{e9}".into()),
            (r#""string""#, "20.0", "20.0".into()),
            (r#""string""#, "true", "true".into()),
            (r#""bool""#, "true", true.into()),
            (r#""bool""#, r#""false""#, false.into()),
            (r#""number""#, "20.0", number("20")),
            (r#""number""#, r#""20""#, number("20")),
            (r#""number""#, "0.1", number("0.1")),
            (r#""number""#, "123456789012345678901234567890.5", number("123456789012345678901234567890.5")),
            (r#"["set","string"]"#, r#"["b","a","b"]"#, Value::list(["a", "b"])),
            (r#"["list","string"]"#, r#"["b","a","b"]"#, Value::list(["b", "a", "b"])),
            (r#"["map","bool"]"#, r#"{"e\u0301":true}"#, Value::map([("\u{e9}", true)])),
            (r#"["tuple",["string","bool"]]"#, r#"["a",null]"#, Value::List(vec!["a".into(), Value::Null])),
            (
                r#"["object",{"id":"string","name":"string"}]"#,
                r#"{"id":"imc-1","removed":{"a":[1]}}"#,
                Value::map([("id", "imc-1".into()), ("name", Value::Null)]),
            ),
            (
                r#""dynamic""#,
                r#"{"type":["set","string"],"value":["b","a"]}"#,
                Dynamic::new(ty(r#"["set","string"]"#), Value::list(["b", "a"])).expect("conforms").into(),
            ),
        ] {
            assert_eq!(decode_state(json.as_bytes(), &ty(ty_json)), Ok(expected), "{ty_json} {json}");
        }
    }

    #[test]
    fn state_of_another_type_is_an_error_with_a_path() {
        let deep = "[".repeat(100_000);
        for (ty_json, json, expected) in [
            (r#""string""#, "[]", "expected a string"),
            (r#""bool""#, "1", "expected a bool"),
            (r#""bool""#, r#""yes""#, "expected a bool"),
            (r#""number""#, r#""hunter2""#, "expected a decimal number"),
            (
                r#""number""#,
                "1e1000000000",
                "expected a number with at most 4096 digits on either side of the decimal point",
            ),
            (r#"["list","bool"]"#, "[true,{}]", "[1]: expected a bool"),
            (r#"["set","bool"]"#, "[true,{}]", "expected a bool"),
            (r#"["tuple",["bool"]]"#, "[]", "expected a tuple of length 1"),
            (r#"["object",{"a":["map","bool"]}]"#, r#"{"a":{"k":[]}}"#, r#"a["k"]: expected a bool"#),
            (r#"["object",{}]"#, "[]", "expected an object"),
            (r#""dynamic""#, r#""a""#, "expected a value with its type"),
            (r#""dynamic""#, r#"{"type":"dynamic","value":null}"#, "expected a value with its type"),
            (r#""dynamic""#, r#"{"value":"a"}"#, "expected a value with its type"),
            (r#""dynamic""#, r#"{"type":["list","bool"],"value":["a"]}"#, "[0]: expected a bool"),
            (r#""string""#, "", "invalid JSON: EOF while parsing a value at line 1 column 0"),
            (r#""string""#, "null null", "invalid JSON: trailing characters at line 1 column 6"),
            (r#"["list","bool"]"#, &deep, "invalid JSON: recursion limit exceeded at line 1 column 128"),
        ] {
            let error = decode_state(json.as_bytes(), &ty(ty_json)).expect_err(ty_json);
            assert_eq!(error.to_string(), expected, "{ty_json} {json:.40}");
        }
    }

    /// The value as Terraform writes it to a state file, which has no unknown values.
    fn state(value: &Value) -> Json {
        match value {
            Value::Null | Value::Unknown | Value::UnknownNotNull => Json::Null,
            Value::Bool(bool) => (*bool).into(),
            Value::Number(number) => serde_json::from_str(&number.to_string()).expect("a number is JSON"),
            Value::String(string) => string.as_str().into(),
            Value::List(list) => list.iter().map(state).collect(),
            Value::Map(map) => map.iter().map(|(key, v)| (key.clone(), state(v))).collect(),
            Value::Dynamic(dynamic) => {
                let ty: Json = serde_json::from_str(&dynamic.ty().to_json()).expect("JSON");
                serde_json::json!({ "type": ty, "value": state(dynamic.value()) })
            }
        }
    }

    proptest! {
        #[test]
        fn values_survive_a_round_trip((ty, value) in arbitrary::typed_value()) {
            let mut known = value.null_of_unknowns();
            known.canonicalize(&ty);
            prop_assert_eq!(decode_state(state(&known).to_string().as_bytes(), &ty), Ok(known));
        }
    }
}

//! Values of a schema's type, written as JSON. `"(unknown)"` is an unknown value.

use std::sync::LazyLock;

use eks::provider::EksProvider;
use serde_json::Value as Json;
use terraform_plugin::framework::Server;
use terraform_plugin::protocol::tfplugin6::{DynamicValue, ResourceIdentityData};
use terraform_plugin::value::{Type, Value, msgpack};

/// An unknown value.
pub const UNKNOWN: &str = "(unknown)";

/// The provider's own schemas.
pub static SCHEMAS: LazyLock<Server<EksProvider>> = LazyLock::new(Server::default);

/// The type of the resource `eks_image_cache`.
pub fn image_cache() -> &'static Type {
    &SCHEMAS.resources.get("eks_image_cache").unwrap().schema().ty
}

/// A value on the wire; attributes that `json` lacks are null.
pub fn dynamic(ty: &Type, json: &Json) -> Option<DynamicValue> {
    let mut value = value(ty, json);
    value.canonicalize(ty);
    Some(DynamicValue { msgpack: msgpack::encode(&value, ty), json: Vec::new() })
}

/// The JSON of a value on the wire.
#[track_caller]
pub fn json(ty: &Type, value: Option<&DynamicValue>) -> Json {
    to_json(&msgpack::decode(&value.expect("a value").msgpack, ty).unwrap())
}

/// The identity of an image cache.
pub fn identity(json: &Json) -> Option<ResourceIdentityData> {
    let ty = &SCHEMAS.resources.get("eks_image_cache").unwrap().identity_schema().ty;
    Some(ResourceIdentityData { identity_data: dynamic(ty, json) })
}

fn value(ty: &Type, json: &Json) -> Value {
    match (ty, json) {
        (_, Json::Null) => Value::Null,
        (_, Json::String(text)) if text == UNKNOWN => Value::Unknown,
        (_, Json::String(text)) => text.as_str().into(),
        (_, Json::Bool(bool)) => (*bool).into(),
        (_, Json::Number(number)) => number.as_i64().unwrap().into(),
        (Type::List(element) | Type::Set(element), Json::Array(elements)) => {
            Value::List(elements.iter().map(|json| value(element, json)).collect())
        }
        (Type::Map(element), Json::Object(entries)) => {
            Value::Map(entries.iter().map(|(key, json)| (key.clone(), value(element, json))).collect())
        }
        (Type::Object(attributes), Json::Object(entries)) => {
            let stray = entries.keys().find(|name| !attributes.contains_key(*name));
            assert_eq!(stray, None, "an attribute that the schema does not have");
            let attribute = |(name, ty): (&String, &Type)| (name.clone(), value(ty, &json[name]));
            Value::Map(attributes.iter().map(attribute).collect())
        }
        _ => panic!("{json} does not conform to {ty:?}"),
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Unknown | Value::UnknownNotNull => UNKNOWN.into(),
        Value::Bool(bool) => (*bool).into(),
        Value::Number(number) => number.as_i64().unwrap().into(),
        Value::String(text) => text.as_str().into(),
        Value::List(elements) => elements.iter().map(to_json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
        Value::Dynamic(dynamic) => to_json(dynamic.value()),
    }
}

/// `json` with the entries of `more`.
pub fn with(mut json: Json, more: Json) -> Json {
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json
}

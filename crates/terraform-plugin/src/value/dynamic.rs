//! A value with its own type, for `dynamic` in a schema or a signature.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Type, Value, ValueError, msgpack};

/// The newtype name of a `Dynamic` in serde. It is serialized as the bytes of its msgpack encoding.
pub(super) const DYNAMIC: &str = "$eks::Dynamic";

/// The keyword for the type `dynamic` in a JSON schema, which does not have such a type.
pub(crate) const DYNAMIC_KEYWORD: &str = "x-terraform-dynamic";

/// A value with its type. In a Rust struct, it is itself neither null nor unknown (an [`Attr`](super::Attr) around it may be);
/// parts of it may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dynamic {
    ty: Type,
    value: Value,
}

impl Dynamic {
    /// A value of type `ty`.
    ///
    /// # Errors
    ///
    /// The value does not conform to the type, or the type is `dynamic`, which is not the type of a value.
    pub fn new(ty: Type, mut value: Value) -> Result<Self, ValueError> {
        if ty == Type::Dynamic {
            return Err(ValueError::new("expected the type of a value, not \"dynamic\""));
        }
        value.conforms(&ty)?;
        value.canonicalize(&ty);
        Ok(Self { ty, value })
    }

    /// A value with its implied type, as from `jsondecode`: lists are tuples, maps are objects. `None` for null and unknown.
    pub fn implied(value: Value) -> Option<Self> {
        match Type::implied(&value) {
            Type::Dynamic => None,
            ty => Some(Self { ty, value }),
        }
    }

    /// Its type, never [`Type::Dynamic`].
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// The value, which conforms to the type.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Type and value.
    pub fn into_parts(self) -> (Type, Value) {
        (self.ty, self.value)
    }

    pub(super) fn canonicalize(&mut self) {
        self.value.canonicalize(&self.ty);
    }

    pub(super) fn null_unknowns(&mut self) {
        self.value.null_unknowns();
    }
}

impl From<Dynamic> for Value {
    fn from(dynamic: Dynamic) -> Self {
        Self::Dynamic(Box::new(dynamic))
    }
}

impl Serialize for Dynamic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = Value::from(self.clone());
        serializer.serialize_newtype_struct(DYNAMIC, &Encoded(&msgpack::encode(&value, &Type::Dynamic)))
    }
}

struct Encoded<'a>(&'a [u8]);

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Dynamic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(DYNAMIC, DynamicVisitor)
    }
}

struct DynamicVisitor;

impl Visitor<'_> for DynamicVisitor {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its type")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Dynamic, E> {
        match msgpack::decode_argument(bytes, &Type::Dynamic).map_err(E::custom)? {
            Value::Dynamic(dynamic) => Ok(*dynamic),
            _ => Err(E::custom("expected a value with its type")),
        }
    }
}

impl JsonSchema for Dynamic {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Dynamic".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ DYNAMIC_KEYWORD: true })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Attr, arbitrary, from_value, to_value};
    use super::*;

    fn ty(json: &str) -> Type {
        Type::from_json(json).unwrap_or_else(|| panic!("{json}"))
    }

    #[test]
    fn dynamic_value_conforms_to_its_type() {
        for (json, value, expected) in [
            (r#""string""#, Value::from("a"), None),
            (r#"["map","string"]"#, Value::map([("a", Value::Null)]), None),
            (r#"["object",{"a":"dynamic"}]"#, Value::map([("a", Value::Null)]), None),
            (r#""string""#, true.into(), Some("expected a string")),
            (r#"["tuple",["string"]]"#, Value::List(vec![1_i64.into()]), Some("[0]: expected a string")),
            (r#"["object",{"a":"dynamic"}]"#, Value::map([("a", "b")]), Some("a: expected a value with its type")),
            (r#""dynamic""#, Value::Null, Some("expected the type of a value, not \"dynamic\"")),
        ] {
            let error = Dynamic::new(ty(json), value.clone()).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected, "{json} {value:?}");
        }
    }

    #[test]
    fn implied_type_is_that_of_jsondecode() {
        let value = Value::map([
            ("name", Value::from("a")),
            ("list", Value::List(vec![1_i64.into(), true.into(), Value::Null])),
            ("none", Value::Map([].into())),
        ]);
        let json = r#"["object",{"list":["tuple",["number","bool","dynamic"]],"name":"string","none":["object",{}]}]"#;
        let dynamic = Dynamic::implied(value.clone()).expect("a type");
        assert_eq!((dynamic.ty(), dynamic.value()), (&ty(json), &value));
        assert_eq!(value.conforms(dynamic.ty()), Ok(()));
        assert_eq!(Dynamic::implied(Value::Null), None);
    }

    #[test]
    fn null_and_unknown_belong_to_the_enclosing_attr() {
        let typed = |value: Value| Value::from(Dynamic::new(Type::String, value).expect("conforms"));
        for (value, expected) in [
            (Value::Null, Attr::Null),
            (typed(Value::Null), Attr::Null),
            (Value::Unknown, Attr::Unknown),
            (typed(Value::Unknown), Attr::Unknown),
            (typed(Value::UnknownNotNull), Attr::Unknown),
            (typed("a".into()), Attr::Known(Dynamic { ty: Type::String, value: "a".into() })),
        ] {
            assert_eq!(from_value::<Attr<Dynamic>>(&value), Ok(expected), "{value:?}");
        }
        assert!(from_value::<Dynamic>(&Value::Unknown).expect_err("unknown").is_unknown());
        for value in [Value::Null, typed(Value::Null), Value::from("a")] {
            let error = from_value::<Dynamic>(&value).expect_err("no value with its type");
            assert!(error.message().starts_with("expected a value with its type"), "{error}");
        }
    }

    #[test]
    fn other_serializers_get_bytes() {
        let dynamic = Dynamic::implied("a".into()).expect("a type");
        let json = serde_json::to_string(&dynamic).expect("bytes are an array in JSON");
        assert!(serde_json::from_str::<Dynamic>(&json).is_err(), "{json}");
    }

    proptest! {
        #[test]
        fn dynamic_value_survives_serde((ty, value) in arbitrary::typed_value()) {
            prop_assume!(ty != Type::Dynamic && !value.is_null() && !value.is_unknown());
            let dynamic = Dynamic::new(ty, value).expect("conforms");
            let written = to_value(&dynamic).expect("a value");
            prop_assert_eq!(&written, &Value::from(dynamic.clone()));
            prop_assert_eq!(from_value::<Dynamic>(&written), Ok(dynamic));
        }
    }
}

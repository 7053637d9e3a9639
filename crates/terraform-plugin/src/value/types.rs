//! Types of values, in schemas and for checks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use super::{Value, ValueError, sort_set};

/// The type of a value, as a schema declares it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    Bool,
    Number,
    String,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    /// An object, a block, or a nested attribute. Every attribute is present, possibly null.
    Object(BTreeMap<String, Type>),
    /// Any type: each value contains its own, see [`Dynamic`](super::Dynamic).
    Dynamic,
}

/// Maximum nesting of the JSON of a type: two levels for each object or collection.
const MAX_DEPTH: usize = 512;

impl Type {
    /// Terraform's JSON for the type, without spaces: `"string"`, `["list","string"]`, `["object",{"id":"string"}]`.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a type is made of strings, arrays and maps with string keys")
    }

    /// Parses the output of [`Type::to_json`]. `None` if it is not the JSON of a type, or nests deeper than 256 types.
    pub fn from_json(json: &str) -> Option<Self> {
        let mut depth: usize = 0;
        for byte in json.bytes() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return None;
            }
        }
        // The depth is checked above: the limit of serde_json is too low for a manifest with a schema in it.
        let mut deserializer = serde_json::Deserializer::from_str(json);
        deserializer.disable_recursion_limit();
        let value = Json::deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Self::from_json_value(&value)
    }

    /// An object with these attributes.
    pub fn object(attributes: impl IntoIterator<Item = (String, Self)>) -> Self {
        // As [`Value::map`].
        let mut object = BTreeMap::new();
        object.extend(attributes);
        Self::Object(object)
    }

    /// The implied type of a value, as from `jsondecode`: lists are tuples, maps are objects.
    pub fn implied(value: &Value) -> Self {
        match value {
            Value::Null | Value::Unknown | Value::UnknownNotNull => Self::Dynamic,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::List(list) => Self::Tuple(list.iter().map(Self::implied).collect()),
            Value::Map(map) => Self::object(map.iter().map(|(name, v)| (name.clone(), Self::implied(v)))),
            Value::Dynamic(_) => Self::Dynamic,
        }
    }

    /// Whether the type contains `dynamic`.
    pub(crate) fn holds_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.holds_dynamic(),
            Self::Tuple(elements) => elements.iter().any(Self::holds_dynamic),
            Self::Object(attributes) => attributes.values().any(Self::holds_dynamic),
        }
    }

    pub(super) fn from_json_value(json: &Json) -> Option<Self> {
        if let Some(name) = json.as_str() {
            return match name {
                "bool" => Some(Self::Bool),
                "number" => Some(Self::Number),
                "string" => Some(Self::String),
                "dynamic" => Some(Self::Dynamic),
                _ => None,
            };
        }
        let [Json::String(kind), of] = json.as_array()?.as_slice() else { return None };
        let element = || Self::from_json_value(of).map(Box::new);
        match kind.as_str() {
            "list" => Some(Self::List(element()?)),
            "set" => Some(Self::Set(element()?)),
            "map" => Some(Self::Map(element()?)),
            "tuple" => of.as_array()?.iter().map(Self::from_json_value).collect::<Option<_>>().map(Self::Tuple),
            "object" => {
                let attribute = |(name, ty): (&String, _)| Some((name.clone(), Self::from_json_value(ty)?));
                of.as_object()?.iter().map(attribute).collect::<Option<Vec<_>>>().map(Self::object)
            }
            _ => None,
        }
    }

    /// The name of the type in messages: `a list`.
    fn noun(&self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a tuple",
            Self::Object(_) => "an object",
            Self::Dynamic => "a value with its type",
        }
    }

    pub(super) fn mismatch(&self) -> ValueError {
        ValueError::new(format!("expected {}", self.noun()))
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool => serializer.serialize_str("bool"),
            Self::Number => serializer.serialize_str("number"),
            Self::String => serializer.serialize_str("string"),
            Self::List(element) => ("list", element).serialize(serializer),
            Self::Set(element) => ("set", element).serialize(serializer),
            Self::Map(element) => ("map", element).serialize(serializer),
            Self::Tuple(elements) => ("tuple", elements).serialize(serializer),
            Self::Object(attributes) => ("object", attributes).serialize(serializer),
            Self::Dynamic => serializer.serialize_str("dynamic"),
        }
    }
}

impl Value {
    /// Checks the value against a type: an object has exactly its attributes, a tuple has its length. Null and unknown conform to
    /// every type.
    ///
    /// # Errors
    ///
    /// The first mismatch, with its path.
    pub fn conforms(&self, ty: &Type) -> Result<(), ValueError> {
        match (ty, self) {
            (_, Self::Null | Self::Unknown | Self::UnknownNotNull)
            | (Type::Bool, Self::Bool(_))
            | (Type::Number, Self::Number(_))
            | (Type::String, Self::String(_)) => Ok(()),
            (Type::List(element), Self::List(list)) => {
                list.iter().enumerate().try_for_each(|(i, v)| v.conforms(element).map_err(|e| e.within_index(i)))
            }
            (Type::Set(element), Self::List(set)) => set.iter().try_for_each(|v| v.conforms(element)),
            (Type::Tuple(types), Self::List(list)) => {
                if list.len() != types.len() {
                    return Err(tuple_length(types.len()));
                }
                list.iter()
                    .zip(types)
                    .enumerate()
                    .try_for_each(|(i, (v, ty))| v.conforms(ty).map_err(|e| e.within_index(i)))
            }
            (Type::Map(element), Self::Map(map)) => {
                map.iter().try_for_each(|(key, v)| v.conforms(element).map_err(|e| e.within_key(key)))
            }
            (Type::Object(attributes), Self::Map(map)) => {
                if let Some(name) = map.keys().find(|name| !attributes.contains_key(*name)) {
                    return Err(unexpected_attribute(name));
                }
                attributes.iter().try_for_each(|(name, ty)| {
                    let value = map.get(name).ok_or_else(|| missing_attribute(name))?;
                    value.conforms(ty).map_err(|e| e.within_attribute(name))
                })
            }
            (Type::Dynamic, Self::Dynamic(dynamic)) => dynamic.value().conforms(dynamic.ty()),
            _ => Err(ty.mismatch()),
        }
    }

    /// Sorts every set in the value and removes duplicates, so that equal values are equal in Rust. The decoders return canonical
    /// values; [`to_value`](super::to_value) and [`Value::null_of_unknowns`] may not, because they do not have types.
    pub fn canonicalize(&mut self, ty: &Type) {
        match (ty, self) {
            (Type::List(element), Self::List(list)) => list.iter_mut().for_each(|v| v.canonicalize(element)),
            (Type::Set(element), Self::List(set)) => {
                set.iter_mut().for_each(|v| v.canonicalize(element));
                sort_set(set);
            }
            (Type::Tuple(types), Self::List(list)) => {
                list.iter_mut().zip(types).for_each(|(v, ty)| v.canonicalize(ty));
            }
            (Type::Map(element), Self::Map(map)) => map.values_mut().for_each(|v| v.canonicalize(element)),
            (Type::Object(attributes), Self::Map(map)) => {
                for (name, value) in map {
                    if let Some(ty) = attributes.get(name) {
                        value.canonicalize(ty);
                    }
                }
            }
            (Type::Dynamic, Self::Dynamic(dynamic)) => dynamic.canonicalize(),
            _ => {}
        }
    }
}

pub(super) fn tuple_length(expected: usize) -> ValueError {
    ValueError::new(format!("expected a tuple of length {expected}"))
}

pub(super) fn unexpected_attribute(name: &str) -> ValueError {
    ValueError::new(format!("unexpected attribute {name:?}"))
}

pub(super) fn missing_attribute(name: &str) -> ValueError {
    ValueError::new(format!("missing attribute {name:?}"))
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
    fn type_is_terraforms_compact_json() {
        let object = BTreeMap::from([("id".to_owned(), Type::String), ("disk_size".to_owned(), Type::Number)]);
        for (ty, json) in [
            (Type::Bool, r#""bool""#),
            (Type::Number, r#""number""#),
            (Type::String, r#""string""#),
            (Type::List(Type::String.into()), r#"["list","string"]"#),
            (Type::Set(Type::Map(Type::Bool.into()).into()), r#"["set",["map","bool"]]"#),
            (Type::Tuple(vec![]), r#"["tuple",[]]"#),
            (Type::Dynamic, r#""dynamic""#),
            (Type::Tuple(vec![Type::String, Type::Number]), r#"["tuple",["string","number"]]"#),
            (Type::Object(object), r#"["object",{"disk_size":"number","id":"string"}]"#),
        ] {
            assert_eq!(ty.to_json(), json);
            assert_eq!(Type::from_json(json), Some(ty), "{json}");
        }
    }

    #[test]
    fn other_json_is_refused() {
        let deep = r#"["list","#.repeat(100_000);
        for json in [
            "",
            "string",
            r#""any""#,
            r#""list""#,
            r#"["list"]"#,
            r#"["list","string","string"]"#,
            r#"["list",["string"]]"#,
            r#"["tuple","string"]"#,
            r#"["object",["string"]]"#,
            r#"["object",{"id":"text"}]"#,
            r#"["vector","string"]"#,
            "null",
            &deep,
        ] {
            assert_eq!(Type::from_json(json), None, "{json:.40}");
        }
    }

    #[test]
    fn nonconforming_value_is_named_by_its_path() {
        let list = |elements: &[&str]| Value::list(elements.iter().copied());
        for (json, value, expected) in [
            (r#""bool""#, "true".into(), "expected a bool"),
            (r#""number""#, "1".into(), "expected a number"),
            (r#"["list","number"]"#, list(&["a"]), "[0]: expected a number"),
            (r#"["set","number"]"#, list(&["a"]), "expected a number"),
            (r#"["tuple",["string"]]"#, list(&["a", "b"]), "expected a tuple of length 1"),
            (r#"["tuple",["string","bool"]]"#, list(&["a", "b"]), "[1]: expected a bool"),
            (r#"["map","bool"]"#, Value::map([("a b", 1_i64)]), r#"["a b"]: expected a bool"#),
            (r#"["object",{"id":"bool"}]"#, Value::map([("id", 1_i64)]), "id: expected a bool"),
            (r#"["object",{"id":"bool"}]"#, Value::map([("di", 1_i64)]), r#"unexpected attribute "di""#),
            (r#"["object",{"id":"bool"}]"#, Value::map::<&str, Value>([]), r#"missing attribute "id""#),
            (
                r#"["object",{"a":["map",["list","string"]]}]"#,
                Value::map([("a", Value::map([("k", Value::list([1_i64]))]))]),
                r#"a["k"][0]: expected a string"#,
            ),
        ] {
            let error = value.conforms(&ty(json)).expect_err(json);
            assert_eq!(error.to_string(), expected, "{json}");
        }
    }

    #[test]
    fn canonicalize_sorts_sets_only() {
        let mut value = Value::map([("set", Value::list(["b", "a", "b"])), ("list", Value::list(["b", "a", "b"]))]);
        value.canonicalize(&ty(r#"["object",{"set":["set","string"],"list":["list","string"]}]"#));
        assert_eq!(value, Value::map([("set", Value::list(["a", "b"])), ("list", Value::list(["b", "a", "b"]))]));
    }

    proptest! {
        #[test]
        fn types_survive_json(ty in arbitrary::ty()) {
            prop_assert_eq!(Type::from_json(&ty.to_json()), Some(ty));
        }

        #[test]
        fn canonical_values_conform_and_do_not_change((ty, value) in arbitrary::typed_value()) {
            prop_assert_eq!(value.conforms(&ty), Ok(()));
            let mut again = value.clone();
            again.canonicalize(&ty);
            prop_assert_eq!(again, value);
        }
    }
}

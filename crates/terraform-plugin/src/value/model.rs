//! Conversion of Rust structs from and to values, by serde.
//!
//! | Rust | value |
//! | --- | --- |
//! | struct, map with string keys | map; a missing field of a struct reads as null |
//! | `Vec`, set, tuple | list |
//! | `Option` | null or the value |
//! | [`Attr`](super::Attr) | null, unknown or the value |
//! | integer, float, bool, string | number, bool, string |
//! | enum without data | string |
//!
//! An unknown that the Rust type cannot represent makes the nearest enclosing `Attr` unknown. An `f64` becomes the shortest
//! decimal that parses as that float, because that is what the user wrote.

mod de;
mod ser;

use serde::{Deserialize, Serialize};

use super::{Value, ValueError};

/// Converts to a Rust value.
///
/// # Errors
///
/// The value does not fit, for example null for a required value, a fraction for an integer, or an unknown outside any
/// [`Attr`](super::Attr). The error has the path.
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, ValueError> {
    T::deserialize(de::ValueDeserializer(value))
}

/// Converts from a Rust value. Sets have the order of the Rust set: [canonicalize](Value::canonicalize) with the type.
///
/// # Errors
///
/// The value cannot be represented in Terraform: enums with data, maps whose keys are not strings, NaN.
pub fn to_value<T: Serialize + ?Sized>(model: &T) -> Result<Value, ValueError> {
    model.serialize(ser::ValueSerializer)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::{Attr, Number, Secret};
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    enum DeletePolicy {
        Delete,
        KeepIt,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Credential {
        username: Attr<String>,
        password: Attr<Secret>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Model {
        images: Attr<BTreeSet<String>>,
        size: Attr<u32>,
        ratio: Attr<f64>,
        policy: Attr<DeletePolicy>,
        credentials: Attr<BTreeMap<String, Credential>>,
        #[serde(rename = "type")]
        kind: Option<String>,
    }

    fn model() -> Model {
        let credential = Credential { username: "u".to_owned().into(), password: Attr::Unknown };
        Model {
            images: BTreeSet::from(["b".to_owned(), "a".to_owned()]).into(),
            size: Attr::Null,
            ratio: 0.1.into(),
            policy: DeletePolicy::KeepIt.into(),
            credentials: BTreeMap::from([("example.com".to_owned(), credential)]).into(),
            kind: None,
        }
    }

    fn value() -> Value {
        let credential = Value::map([("username", "u".into()), ("password", Value::Unknown)]);
        Value::map([
            ("images", Value::list(["a", "b"])),
            ("size", Value::Null),
            ("ratio", Value::Number("0.1".parse().expect("a number"))),
            ("policy", "KEEP_IT".into()),
            ("credentials", Value::map([("example.com", credential)])),
            ("type", Value::Null),
        ])
    }

    /// The value with a different top-level attribute.
    fn with(name: &str, other: Value) -> Value {
        let Value::Map(mut map) = value() else { unreachable!() };
        map.insert(name.to_owned(), other);
        Value::Map(map)
    }

    #[test]
    fn model_and_value_convert_to_each_other() {
        assert_eq!(to_value(&model()), Ok(value()));
        assert_eq!(from_value(&value()), Ok(model()));
    }

    #[test]
    fn missing_field_is_null_and_additional_one_ignored() {
        let Value::Map(mut map) = value() else { unreachable!() };
        map.remove("size");
        map.remove("type");
        map.insert("other".to_owned(), Value::Unknown);
        assert_eq!(from_value(&Value::Map(map)), Ok(model()));
    }

    #[test]
    fn unknown_makes_the_nearest_attr_unknown() {
        let images = with("images", Value::List(vec!["a".into(), Value::Unknown]));
        assert_eq!(from_value(&images), Ok(Model { images: Attr::Unknown, ..model() }));
        let credentials = with("credentials", Value::map([("example.com", Value::Unknown)]));
        assert_eq!(from_value(&credentials), Ok(Model { credentials: Attr::Unknown, ..model() }));
        for unknown in ["images", "size", "ratio", "policy", "credentials"] {
            let read: Model = from_value(&with(unknown, Value::Unknown)).expect(unknown);
            assert_eq!(to_value(&read), Ok(with(unknown, Value::Unknown)), "{unknown}");
        }
        for value in [with("type", Value::Unknown), Value::Unknown] {
            let error = from_value::<Model>(&value).expect_err("no Attr around it");
            assert!(error.is_unknown(), "{error}");
        }
    }

    #[test]
    fn mismatch_error_has_the_path_but_not_the_value() {
        let number = |text: &str| Value::Number(text.parse().expect("a number"));
        for (value, expected) in [
            (Value::Null, "expected an object, not null"),
            ("hunter2".into(), "expected an object"),
            (with("size", number("20.5")), "size: expected a whole number from 0 to 4294967295"),
            (with("size", number("-1")), "size: expected a whole number from 0 to 4294967295"),
            (with("size", number("4294967296")), "size: expected a whole number from 0 to 4294967295"),
            (with("size", "hunter2".into()), "size: expected a number"),
            (with("policy", "hunter2".into()), "policy: expected one of DELETE, KEEP_IT"),
            (with("images", "hunter2".into()), "images: expected a list"),
            (with("images", Value::List(vec!["a".into(), Value::Null])), "images[1]: expected a string, not null"),
            (
                with("credentials", Value::map([("a.b", Value::map([("username", 5_i64)]))])),
                r#"credentials["a.b"].username: expected a string"#,
            ),
        ] {
            let error = from_value::<Model>(&value).expect_err(expected);
            assert_eq!(error.to_string(), expected);
            assert!(!error.is_unknown(), "{error}");
        }
    }

    #[test]
    fn integers_within_their_type_fit() {
        let number = |int: i128| Value::Number(Number::from(int));
        assert_eq!(from_value(&number(u64::MAX.into())), Ok(u64::MAX));
        assert_eq!(from_value(&number(i64::MIN.into())), Ok(i64::MIN));
        assert_eq!(to_value(&u64::MAX), Ok(number(u64::MAX.into())));
        assert_eq!(to_value(&i64::MIN), Ok(number(i64::MIN.into())));
        assert_eq!(from_value(&number(255)), Ok(u8::MAX));
        assert!(from_value::<u8>(&number(256)).is_err());
        assert!(from_value::<i64>(&number(i128::from(i64::MAX) + 1)).is_err());
    }

    #[test]
    fn strings_are_borrowed_from_the_value() {
        let value = Value::list(["a", "b"]);
        assert_eq!(from_value::<Vec<&str>>(&value), Ok(vec!["a", "b"]));
    }

    #[test]
    fn tuples_options_and_normal_forms_are_written() {
        for (written, expected) in [
            (to_value(&("a", true)), Value::List(vec!["a".into(), true.into()])),
            (to_value(&Some("e\u{301}")), "\u{e9}".into()),
            (to_value(&()), Value::Null),
            (to_value(&0.5_f32), Value::Number(Number::try_from(0.5).expect("not NaN"))),
            (to_value(&f64::INFINITY), Value::Number(Number::try_from(f64::INFINITY).expect("not NaN"))),
        ] {
            assert_eq!(written, Ok(expected));
        }
        assert_eq!(from_value::<(&str, bool)>(&Value::List(vec!["a".into(), true.into()])), Ok(("a", true)));
    }

    #[test]
    fn unrepresentable_values_are_errors_with_a_path() {
        #[derive(Serialize)]
        enum WithData {
            Id(u8),
            Ids(u8, u8),
            Named { id: u8 },
        }
        #[derive(Serialize)]
        struct Holder<T> {
            inner: T,
        }
        let variant = |name: &str| format!("inner: the variant {name:?} has data, which Terraform cannot represent");
        for (written, expected) in [
            (to_value(&Holder { inner: WithData::Id(1) }), variant("Id")),
            (to_value(&Holder { inner: WithData::Ids(1, 2) }), variant("Ids")),
            (to_value(&Holder { inner: WithData::Named { id: 1 } }), variant("Named")),
            (to_value(&Holder { inner: vec![f64::NAN] }), "inner[0]: expected a number, not NaN".to_owned()),
            (
                to_value(&Holder { inner: BTreeMap::from([(1, 2)]) }),
                "inner: the keys of a map must be strings".to_owned(),
            ),
        ] {
            assert_eq!(written.map_err(|error| error.to_string()), Err(expected));
        }
    }
}

//! One attribute of a model, in the three states that Terraform knows.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};

/// One attribute of a model: null, unknown, or known.
///
/// Conversion from and to a [`Value`](super::Value) keeps all three states. A nested unknown that the Rust type cannot represent
/// makes the nearest enclosing `Attr` unknown. In JSON, null is null, and unknown cannot be serialized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Attr<T> {
    #[default]
    Null,
    /// Not known before apply.
    Unknown,
    Known(T),
}

/// The newtype name that identifies an `Attr` to the deserializer of values.
///
/// That deserializer returns a sequence: empty for unknown, with one element for known. Others visit the inner value.
pub(super) const ATTR: &str = "$eks::Attr";

/// The newtype name that identifies an unknown to the serializer of values.
pub(super) const UNKNOWN: &str = "$eks::Unknown";

impl<T> Attr<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        self.as_ref().into_known()
    }

    /// The value, if it is known.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is neither null nor unknown.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Maps a known value; null and unknown stay.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Attr<U> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(f(value)),
        }
    }

    /// An `Attr` with a reference to the value.
    pub fn as_ref(&self) -> Attr<&T> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(value),
        }
    }

    /// This, or `other` if this is null.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_null() { other } else { self }
    }
}

impl Attr<String> {
    /// The string, if it is known.
    pub fn as_str(&self) -> Option<&str> {
        self.known().map(String::as_str)
    }
}

impl From<&str> for Attr<String> {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

impl<T> From<T> for Attr<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl<T: Serialize> Serialize for Attr<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Unknown => serializer.serialize_newtype_struct(UNKNOWN, &NotSerializable),
            Self::Known(value) => value.serialize(serializer),
        }
    }
}

/// An unknown for other serializers: an error.
struct NotSerializable;

impl Serialize for NotSerializable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("a value that is not known before apply cannot be written"))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Attr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(ATTR, AttrVisitor(PhantomData))
    }
}

struct AttrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AttrVisitor<T> {
    type Value = Attr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Attr<T>, E> {
        Ok(Attr::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Attr<T>, A::Error> {
        Ok(seq.next_element()?.map_or(Attr::Unknown, Attr::Known))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Attr<T>, D::Error> {
        Option::deserialize(deserializer).map(Attr::from)
    }
}

/// The schema of the inner type: every attribute may be null or unknown.
impl<T: JsonSchema> JsonSchema for Attr<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn or_replaces_null_only() {
        for (attr, expected) in
            [(Attr::Null, Attr::Known(2)), (Attr::Unknown, Attr::Unknown), (Attr::Known(1), Attr::Known(1))]
        {
            assert_eq!(attr.or(Attr::Known(2)), expected);
        }
    }

    #[test]
    fn map_keeps_null_and_unknown() {
        for (attr, expected) in [(Attr::Null, Attr::Null), (Attr::Unknown, Attr::Unknown), (20.into(), 40.into())] {
            assert_eq!(attr.map(|size: u32| size * 2), expected);
            assert_eq!(attr.known(), attr.into_known().as_ref());
        }
        assert_eq!(Attr::Known("a".to_owned()).as_str(), Some("a"));
        assert_eq!(Attr::<bool>::from(None), Attr::Null);
    }

    #[test]
    fn json_has_null_but_not_unknown() {
        for (attr, json) in [(Attr::Null, "null"), (Attr::Known(20), "20")] {
            assert_eq!(serde_json::to_string(&attr).expect(json), json);
            assert_eq!(serde_json::from_str::<Attr<u32>>(json).expect(json), attr);
        }
        let error = serde_json::to_string(&Attr::<u32>::Unknown).expect_err("unknown");
        assert_eq!(error.to_string(), "a value that is not known before apply cannot be written");
    }

    #[test]
    fn schema_is_that_of_the_inner_type() {
        assert_eq!(schemars::schema_for!(Attr<BTreeSet<String>>), schemars::schema_for!(BTreeSet<String>));
    }
}

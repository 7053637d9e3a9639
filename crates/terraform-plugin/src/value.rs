//! Terraform's values, and their codecs.
//!
//! A [`Value`] does not contain its type; a [`Type`] from the schema determines how to decode and encode it. If the type is
//! `dynamic`, the value is a [`Dynamic`], which contains its type. Of the refinements of unknown values, only "not null" is kept,
//! and only in arguments of functions. Strings are NFC, sets are sorted without duplicates, numbers compare by value: two equal
//! values are equal in Rust.
//!
//! | | reads | writes |
//! | --- | --- | --- |
//! | [`msgpack`] | requests of Terraform | responses |
//! | [`json`] | state of an earlier version | |
//! | [`from_value`], [`to_value`] | into a Rust struct | from one |
//!
//! A value may contain secrets and shows them in `Debug`: never log one.

#[cfg(test)]
mod arbitrary;
mod attr;
pub mod duration;
mod dynamic;
mod error;
pub mod json;
mod model;
pub mod msgpack;
mod number;
mod secret;
mod types;

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::diagnostics::{AttributePath, Step};

pub use attr::Attr;
pub(crate) use dynamic::DYNAMIC_KEYWORD;
pub use dynamic::Dynamic;
pub use error::ValueError;
pub use model::{from_value, to_value};
pub use number::{Number, NumberError};
pub use secret::Secret;
pub use types::Type;

/// A value: null, unknown until apply, or known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Value {
    #[default]
    Null,
    /// Not known before apply.
    Unknown,
    /// Not known before apply, but refined as not null. In arguments and results of functions only.
    UnknownNotNull,
    Bool(bool),
    Number(Number),
    /// Always in NFC.
    String(String),
    /// A list, a tuple, or a set; a set is sorted and has no duplicates.
    List(Vec<Value>),
    /// A map, an object, a block, or a nested attribute.
    Map(BTreeMap<String, Value>),
    /// A value with its type, if the type of the schema is `dynamic`. Null and unknown may be without a type.
    Dynamic(Box<Dynamic>),
}

impl Value {
    /// A set of these elements.
    ///
    /// Elements that are not wholly known are never duplicates: they may become different.
    pub fn set(elements: impl IntoIterator<Item = Self>) -> Self {
        let mut set: Vec<_> = elements.into_iter().collect();
        sort_set(&mut set);
        Self::List(set)
    }

    /// A list or a tuple of these elements.
    pub fn list(elements: impl IntoIterator<Item = impl Into<Self>>) -> Self {
        Self::List(elements.into_iter().map(Into::into).collect())
    }

    /// A map or an object of these entries.
    pub fn map<K: Into<String>, V: Into<Self>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        // `collect` would sort first, with code of its own for each type of iterator.
        let mut map = BTreeMap::new();
        map.extend(entries.into_iter().map(|(key, value)| (nfc(key.into()), value.into())));
        Self::Map(map)
    }

    /// Whether the value itself is null.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Dynamic(dynamic) => dynamic.value().is_null(),
            _ => matches!(self, Self::Null),
        }
    }

    /// Whether the value itself is unknown.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Dynamic(dynamic) => dynamic.value().is_unknown(),
            _ => matches!(self, Self::Unknown | Self::UnknownNotNull),
        }
    }

    /// Whether there is no unknown value at any depth.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown | Self::UnknownNotNull => false,
            Self::List(list) => list.iter().all(Self::is_wholly_known),
            Self::Map(map) => map.values().all(Self::is_wholly_known),
            Self::Dynamic(dynamic) => dynamic.value().is_wholly_known(),
            _ => true,
        }
    }

    /// The value with null for each unknown, to be saved if an apply fails.
    #[must_use]
    pub fn null_of_unknowns(mut self) -> Self {
        self.null_unknowns();
        self
    }

    fn null_unknowns(&mut self) {
        match self {
            Self::Unknown | Self::UnknownNotNull => *self = Self::Null,
            Self::List(list) => list.iter_mut().for_each(Self::null_unknowns),
            Self::Map(map) => map.values_mut().for_each(Self::null_unknowns),
            Self::Dynamic(dynamic) => dynamic.null_unknowns(),
            _ => {}
        }
    }

    /// The string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    /// The bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// The number.
    pub(crate) fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements of a list, a tuple or a set.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The entries of a map, or the attributes of an object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The value at a path; `None` if there is none, or the path leads into null or unknown.
    pub fn get(&self, path: &AttributePath) -> Option<&Self> {
        path.steps().iter().try_fold(self, |value, step| match (step, value) {
            (Step::Attribute(name) | Step::Key(name), Self::Map(map)) => map.get(name),
            (Step::Index(index), Self::List(list)) => list.get(usize::try_from(*index).ok()?),
            _ => None,
        })
    }

    /// [`Value::get`], mutable.
    pub fn get_mut(&mut self, path: &AttributePath) -> Option<&mut Self> {
        path.steps().iter().try_fold(self, |value, step| match (step, value) {
            (Step::Attribute(name) | Step::Key(name), Self::Map(map)) => map.get_mut(name),
            (Step::Index(index), Self::List(list)) => list.get_mut(usize::try_from(*index).ok()?),
            _ => None,
        })
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Number(int.into())
    }
}

impl From<u64> for Value {
    fn from(int: u64) -> Self {
        Self::Number(int.into())
    }
}

impl From<String> for Value {
    fn from(string: String) -> Self {
        Self::String(nfc(string))
    }
}

impl From<&str> for Value {
    fn from(string: &str) -> Self {
        string.to_owned().into()
    }
}

/// The string in Unicode normalization form C, which Terraform uses for all strings.
fn nfc(string: String) -> String {
    if string.is_ascii() {
        return string;
    }
    match ComposingNormalizerBorrowed::new_nfc().normalize(&string) {
        Cow::Borrowed(_) => string,
        Cow::Owned(normalized) => normalized,
    }
}

/// Sorts the elements of a set, and drops duplicates among the wholly known ones.
fn sort_set<T: Borrow<Value> + Ord>(set: &mut Vec<T>) {
    if !set.is_sorted() {
        set.sort();
    }
    set.dedup_by(|a, b| a == b && (*a).borrow().is_wholly_known());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Value {
        Value::Number(text.parse().expect("a number"))
    }

    #[test]
    fn equal_values_are_equal_in_rust() {
        for (left, right) in [
            (Value::from("\u{e9}"), Value::from("e\u{301}")),
            (number("1.50"), number("15e-1")),
            (Value::set(["b".into(), "a".into(), "b".into()]), Value::list(["a", "b"])),
            (Value::map([("e\u{301}", 1_i64)]), Value::map([("\u{e9}", 1_u64)])),
        ] {
            assert_eq!(left, right);
        }
    }

    #[test]
    fn partially_unknown_elements_of_a_set_are_not_duplicates() {
        let half = Value::map([("id", Value::Unknown), ("name", "a".into())]);
        for (elements, expected) in [
            (vec![Value::Unknown, "a".into(), Value::Unknown], 3),
            (vec![half.clone(), half.clone()], 2),
            (vec![Value::Null, Value::Null], 1),
        ] {
            assert_eq!(Value::set(elements.clone()).as_list().map(<[_]>::len), Some(expected), "{elements:?}");
        }
    }

    #[test]
    fn get_follows_a_path() {
        let mut value = Value::map([
            ("images", Value::list(["a", "b"])),
            ("tags", Value::map([("team", "x")])),
            ("name", Value::Null),
            ("id", Value::Unknown),
        ]);
        let root = AttributePath::root;
        for (path, expected) in [
            (root("images").index(1), Some(Value::from("b"))),
            (root("images").index(2), None),
            (root("images").key("a"), None),
            (root("tags").key("team"), Some("x".into())),
            (root("tags").key("owner"), None),
            (root("name"), Some(Value::Null)),
            (root("name").attribute("first"), None),
            (root("id").index(0), None),
            (root("other"), None),
            (AttributePath::default(), Some(value.clone())),
        ] {
            assert_eq!(value.get(&path), expected.as_ref(), "{path}");
            assert_eq!(value.get_mut(&path).cloned(), expected, "{path}");
        }
    }

    #[test]
    fn null_replaces_each_unknown() {
        let value = Value::map([
            ("id", Value::Unknown),
            ("name", "a".into()),
            ("events", Value::List(vec![Value::map([("time", Value::Unknown)])])),
        ]);
        assert!(!value.is_wholly_known());
        let known = value.null_of_unknowns();
        assert!(known.is_wholly_known());
        let event = Value::map([("time", Value::Null)]);
        let expected = [("id", Value::Null), ("name", "a".into()), ("events", Value::List(vec![event]))];
        assert_eq!(known, Value::map(expected));
    }
}

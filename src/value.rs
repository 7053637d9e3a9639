//! Terraform's values, and their codecs.
//!
//! A [`Value`] carries no type of its own; a [`Type`] from the schema says how to read and write it. No schema
//! here uses Terraform's `dynamic`, so there is no such type. Refinements of unknown values are accepted and
//! dropped. Strings are NFC, sets are sorted and free of duplicates, numbers compare by value: two equal values
//! are equal in Rust.

use std::collections::BTreeMap;

/// The type of a value, as a schema declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    Bool,
    Number,
    String,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    /// An object, a block, or a nested attribute: every attribute is there, perhaps null.
    Object(BTreeMap<String, Type>),
}

/// A value: null, unknown until apply, or known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Value {
    #[default]
    Null,
    /// Not known before apply.
    Unknown,
    Bool(bool),
    Number(Number),
    /// Always in NFC.
    String(String),
    /// A list, a tuple, or a set; a set is sorted and has no duplicates.
    List(Vec<Value>),
    /// A map, an object, a block, or a nested attribute.
    Map(BTreeMap<String, Value>),
}

/// A number of any size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(());

/// One attribute of a model: null, unknown, or known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Attr<T> {
    #[default]
    Null,
    /// Not known before apply.
    Unknown,
    Known(T),
}

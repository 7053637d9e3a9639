//! Rust structs from and to values, by serde.
//!
//! | Rust | value |
//! | --- | --- |
//! | struct, map with string keys | map; a struct has every field, an absent one reads as null |
//! | `Vec`, set, tuple | list |
//! | `Option` | null or the value |
//! | [`Attr`](super::Attr) | null, unknown or the value |
//! | integer, float, bool, string | number, bool, string |
//! | enum without data | string |
//!
//! An unknown where the Rust type has no place for it makes the nearest `Attr` around it unknown. A `f64` stands for
//! the shortest decimal that reads as that float, because that is what the user wrote.

mod de;
mod ser;

use serde::{Deserialize, Serialize};

use super::{Value, ValueError};

/// Reads a Rust value.
///
/// # Errors
///
/// A value that does not fit: null where one is required, a fraction for an integer, an unknown outside any
/// [`Attr`](super::Attr). With its path.
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, ValueError> {
    T::deserialize(de::ValueDeserializer(value))
}

/// Writes a Rust value. Sets come in the order of the Rust set: [canonicalize](Value::canonicalize) with the type.
///
/// # Errors
///
/// What has no form in Terraform: enums with data, maps with other keys than strings, NaN.
pub fn to_value<T: Serialize + ?Sized>(model: &T) -> Result<Value, ValueError> {
    model.serialize(ser::ValueSerializer)
}

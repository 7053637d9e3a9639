//! A [`Value`] as a serde deserializer. Borrows: only what the model owns is copied.

use std::collections::{BTreeMap, btree_map};
use std::fmt::Display;
use std::iter::Enumerate;
use std::slice;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use crate::value::attr::ATTR;
use crate::value::dynamic::DYNAMIC;
use crate::value::{Type, Value, ValueError, msgpack};

#[derive(Clone, Copy)]
pub(super) struct ValueDeserializer<'de>(pub(super) &'de Value);

impl ValueDeserializer<'_> {
    #[cold]
    fn mismatch(self, expected: &dyn Display) -> ValueError {
        match self.0 {
            value if value.is_unknown() => ValueError::unknown(),
            value if value.is_null() => ValueError::new(format!("expected {expected}, not null")),
            _ => ValueError::new(format!("expected {expected}")),
        }
    }
}

macro_rules! deserialize_integers {
    ($($deserialize:ident $visit:ident $integer:ty),* $(,)?) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            let number = self.0.as_number().ok_or_else(|| self.mismatch(&"a number"))?;
            let small = number.as_i64().and_then(|int| <$integer>::try_from(int).ok());
            match small.or_else(|| <$integer>::try_from(number.as_u64()?).ok()) {
                Some(integer) => visitor.$visit(integer),
                None => Err(self.mismatch(&format_args!(
                    "a whole number from {} to {}", <$integer>::MIN, <$integer>::MAX
                ))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for ValueDeserializer<'de> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Unknown | Value::UnknownNotNull => Err(ValueError::unknown()),
            Value::Bool(_) => self.deserialize_bool(visitor),
            Value::Number(number) if number.as_i64().is_some() => self.deserialize_i64(visitor),
            Value::Number(number) if number.as_u64().is_some() => self.deserialize_u64(visitor),
            Value::Number(_) => self.deserialize_f64(visitor),
            Value::String(_) => self.deserialize_str(visitor),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
            Value::Dynamic(dynamic) => ValueDeserializer(dynamic.value()).deserialize_any(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_bool(self.0.as_bool().ok_or_else(|| self.mismatch(&"a bool"))?)
    }

    deserialize_integers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_f64(self.0.as_number().ok_or_else(|| self.mismatch(&"a number"))?.as_f64())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_borrowed_str(self.0.as_str().ok_or_else(|| self.mismatch(&"a string"))?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.0 {
            value if name == ATTR && value.is_null() => visitor.visit_unit(),
            _ if name == ATTR => visitor.visit_seq(AttrAccess(self)),
            Value::Dynamic(dynamic)
                if name == DYNAMIC && !dynamic.value().is_null() && !dynamic.value().is_unknown() =>
            {
                visitor.visit_bytes(&msgpack::encode(self.0, &Type::Dynamic))
            }
            _ if name == DYNAMIC => Err(self.mismatch(&"a value with its type")),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let list = self.0.as_list().ok_or_else(|| self.mismatch(&"a list"))?;
        visitor.visit_seq(ListAccess(list.iter().enumerate()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let map = self.0.as_map().ok_or_else(|| self.mismatch(&"a map"))?;
        visitor.visit_map(EntryAccess { entries: map.iter(), next: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let object = self.0.as_map().ok_or_else(|| self.mismatch(&"an object"))?;
        visitor.visit_seq(FieldAccess { object, fields: fields.iter() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let name = self.0.as_str().ok_or_else(|| self.mismatch(&"a string"))?;
        visitor.visit_enum(BorrowedStrDeserializer::new(name))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple_struct identifier }
}

/// The content of an `Attr`: empty if it is unknown, or contains an unknown that its type cannot represent.
struct AttrAccess<'de>(ValueDeserializer<'de>);

impl<'de> de::SeqAccess<'de> for AttrAccess<'de> {
    type Error = ValueError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError> {
        match seed.deserialize(self.0) {
            Err(error) if error.is_unknown() => Ok(None),
            other => other.map(Some),
        }
    }
}

struct ListAccess<'de>(Enumerate<slice::Iter<'de, Value>>);

impl<'de> de::SeqAccess<'de> for ListAccess<'de> {
    type Error = ValueError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError> {
        let Some((i, value)) = self.0.next() else { return Ok(None) };
        seed.deserialize(ValueDeserializer(value)).map(Some).map_err(|e| e.within_index(i))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct EntryAccess<'de> {
    entries: btree_map::Iter<'de, String, Value>,
    next: Option<(&'de str, &'de Value)>,
}

impl<'de> de::MapAccess<'de> for EntryAccess<'de> {
    type Error = ValueError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError> {
        self.next = self.entries.next().map(|(key, value)| (key.as_str(), value));
        self.next.map(|(key, _)| seed.deserialize(BorrowedStrDeserializer::new(key))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ValueError> {
        let (key, value) = self.next.ok_or_else(|| ValueError::custom("a value was asked for before its key"))?;
        seed.deserialize(ValueDeserializer(value)).map_err(|e| e.within_key(key))
    }
}

/// The fields of the struct in their order, which takes less code and time than by name; other attributes of the object are ignored.
struct FieldAccess<'de> {
    object: &'de BTreeMap<String, Value>,
    /// The following fields.
    fields: slice::Iter<'static, &'static str>,
}

impl<'de> de::SeqAccess<'de> for FieldAccess<'de> {
    type Error = ValueError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError> {
        let Some(name) = self.fields.next() else { return Ok(None) };
        let value = self.object.get(*name).unwrap_or(&Value::Null);
        seed.deserialize(ValueDeserializer(value)).map(Some).map_err(|e| e.within_attribute(name))
    }
}

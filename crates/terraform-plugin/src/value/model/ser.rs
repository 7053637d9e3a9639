//! A serde serializer to a [`Value`].

use std::collections::BTreeMap;

use serde::ser::{self, Error as _, Impossible, Serialize, Serializer};

use crate::value::attr::UNKNOWN;
use crate::value::{Number, Type, Value, ValueError, msgpack};

pub(super) struct ValueSerializer;

macro_rules! serialize_integers {
    ($($serialize:ident $integer:ty),* $(,)?) => {$(
        fn $serialize(self, integer: $integer) -> Result<Value, ValueError> {
            Ok(Value::Number(integer.into()))
        }
    )*};
}

impl Serializer for ValueSerializer {
    type Ok = Value;
    type Error = ValueError;
    type SerializeSeq = ListSerializer;
    type SerializeTuple = ListSerializer;
    type SerializeTupleStruct = ListSerializer;
    type SerializeTupleVariant = Impossible<Value, ValueError>;
    type SerializeMap = MapSerializer;
    type SerializeStruct = MapSerializer;
    type SerializeStructVariant = Impossible<Value, ValueError>;

    fn serialize_bool(self, bool: bool) -> Result<Value, ValueError> {
        Ok(Value::Bool(bool))
    }

    serialize_integers! {
        serialize_i8 i8,
        serialize_i16 i16,
        serialize_i32 i32,
        serialize_i64 i64,
        serialize_u8 u8,
        serialize_u16 u16,
        serialize_u32 u32,
        serialize_u64 u64,
    }

    fn serialize_f32(self, float: f32) -> Result<Value, ValueError> {
        decimal(float.is_finite(), float.into(), &float.to_string())
    }

    fn serialize_f64(self, float: f64) -> Result<Value, ValueError> {
        decimal(float.is_finite(), float, &float.to_string())
    }

    fn serialize_char(self, char: char) -> Result<Value, ValueError> {
        Ok(char.to_string().into())
    }

    fn serialize_str(self, string: &str) -> Result<Value, ValueError> {
        Ok(string.into())
    }

    /// The bytes of a [`Dynamic`](crate::value::Dynamic): Terraform cannot represent other bytes.
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, ValueError> {
        let no_form = |_| ValueError::new("Terraform cannot represent bytes");
        msgpack::decode_argument(bytes, &Type::Dynamic).map_err(no_form)
    }

    fn serialize_none(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, ValueError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, ValueError> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        if name == UNKNOWN { Ok(Value::Unknown) } else { value.serialize(self) }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<Value, ValueError> {
        Err(variant_with_data(variant))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<ListSerializer, ValueError> {
        Ok(ListSerializer(Vec::with_capacity(len.unwrap_or_default())))
    }

    fn serialize_tuple(self, len: usize) -> Result<ListSerializer, ValueError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<ListSerializer, ValueError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, ValueError> {
        Err(variant_with_data(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapSerializer, ValueError> {
        Ok(MapSerializer::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<MapSerializer, ValueError> {
        Ok(MapSerializer::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, ValueError> {
        Err(variant_with_data(variant))
    }
}

fn variant_with_data(variant: &str) -> ValueError {
    ValueError::new(format!("the variant {variant:?} has data, which Terraform cannot represent"))
}

/// The number for `shortest`, the float as Rust prints it.
fn decimal(is_finite: bool, float: f64, shortest: &str) -> Result<Value, ValueError> {
    let number = if is_finite { shortest.parse() } else { Number::try_from(float) };
    number.map(Value::Number).map_err(ValueError::custom)
}

pub(super) struct ListSerializer(Vec<Value>);

impl ListSerializer {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        let value = value.serialize(ValueSerializer).map_err(|e| e.within_index(self.0.len()))?;
        self.0.push(value);
        Ok(())
    }
}

impl ser::SerializeSeq for ListSerializer {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::List(self.0))
    }
}

impl ser::SerializeTuple for ListSerializer {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::List(self.0))
    }
}

impl ser::SerializeTupleStruct for ListSerializer {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::List(self.0))
    }
}

#[derive(Default)]
pub(super) struct MapSerializer {
    map: BTreeMap<String, Value>,
    key: String,
}

impl ser::SerializeMap for MapSerializer {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        match key.serialize(ValueSerializer)? {
            Value::String(key) => self.key = key,
            _ => return Err(ValueError::new("the keys of a map must be strings")),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        let key = std::mem::take(&mut self.key);
        let value = value.serialize(ValueSerializer).map_err(|e| e.within_key(&key))?;
        self.map.insert(key, value);
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Map(self.map))
    }
}

impl ser::SerializeStruct for MapSerializer {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), ValueError> {
        let value = value.serialize(ValueSerializer).map_err(|e| e.within_attribute(name))?;
        self.map.insert(name.to_owned(), value);
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Map(self.map))
    }
}

//! Values as Terraform sends them: msgpack, typed by the schema.
//!
//! The type drives the reading, so the depth is the type's own, and no length is believed that the bytes left
//! cannot hold. Any extension is an unknown value; what a refined one (extension 12) says about the value is dropped.
//! Each value has one encoding here.

use std::collections::BTreeMap;

use rmp::Marker;
use rmp::decode::{self, NumValueReadError, ValueReadError};
use rmp::encode::{self, ValueWriteError};

use super::types::{missing_attribute, tuple_length, unexpected_attribute};
use super::{Number, Type, Value, ValueError, nfc};

/// Reads one value. Strings become NFC, sets sorted.
///
/// # Errors
///
/// Bytes that are not one whole value of the type: with the path of the first that is not, and for an object the
/// name of the attribute that is missing or not expected. Bytes after the value are an error too.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, ValueError> {
    let mut decoder = Decoder { rest: bytes };
    let value = decoder.value(ty)?;
    if decoder.rest.is_empty() { Ok(value) } else { Err(ValueError::new("there are bytes after the value")) }
}

/// Writes a value that conforms to the type. Sets are written sorted and without duplicates.
///
/// A value that does not [conform](Value::conforms) is a bug of the caller: it is written by its own shape, for
/// Terraform to refuse, and panics in debug builds.
pub fn encode(value: &Value, ty: &Type) -> Vec<u8> {
    debug_assert_eq!(value.conforms(ty), Ok(()));
    let mut bytes = Vec::with_capacity(256);
    write(&mut bytes, value, ty).expect("writing to memory cannot fail");
    bytes
}

struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    fn value(&mut self, ty: &Type) -> Result<Value, ValueError> {
        let marker = self.peek()?;
        match (marker, ty) {
            (Marker::Null, _) => {
                self.rest = &self.rest[1..];
                Ok(Value::Null)
            }
            (
                Marker::FixExt1
                | Marker::FixExt2
                | Marker::FixExt4
                | Marker::FixExt8
                | Marker::FixExt16
                | Marker::Ext8
                | Marker::Ext16
                | Marker::Ext32,
                _,
            ) => {
                let meta = decode::read_ext_meta(&mut self.rest).map_err(|_| truncated())?;
                self.rest = self.rest.get(meta.size as usize..).ok_or_else(truncated)?;
                Ok(Value::Unknown)
            }
            (_, Type::Bool) => decode::read_bool(&mut self.rest).map(Value::Bool).map_err(|e| unreadable(&e, ty)),
            (_, Type::Number) => self.number(marker).map(Value::Number),
            (_, Type::String) => Ok(Value::String(nfc(self.str("a string")?.into()))),
            (_, Type::List(element)) => self.list(ty, element).map(Value::List),
            (_, Type::Set(element)) => {
                let len = self.array_len(ty)?;
                let set = (0..len).map(|_| self.value(element)).collect::<Result<Vec<_>, _>>()?;
                Ok(Value::set(set))
            }
            (_, Type::Tuple(types)) => {
                if self.array_len(ty)? != types.len() {
                    return Err(tuple_length(types.len()));
                }
                let element = |(i, ty)| self.value(ty).map_err(|e| e.within_index(i));
                types.iter().enumerate().map(element).collect::<Result<_, _>>().map(Value::List)
            }
            (_, Type::Map(element)) => self.map(ty, element).map(Value::Map),
            (_, Type::Object(attributes)) => self.object(ty, attributes).map(Value::Map),
        }
    }

    fn list(&mut self, ty: &Type, element: &Type) -> Result<Vec<Value>, ValueError> {
        let len = self.array_len(ty)?;
        (0..len).map(|i| self.value(element).map_err(|e| e.within_index(i))).collect()
    }

    fn map(&mut self, ty: &Type, element: &Type) -> Result<BTreeMap<String, Value>, ValueError> {
        let mut map = BTreeMap::new();
        for _ in 0..self.map_len(ty)? {
            let key = nfc(self.str("a map key")?.into());
            let value = self.value(element).map_err(|e| e.within_key(&key))?;
            if map.contains_key(&key) {
                return Err(ValueError::new("the key is there twice").within_key(&key));
            }
            map.insert(key, value);
        }
        Ok(map)
    }

    fn object(
        &mut self,
        ty: &Type,
        attributes: &BTreeMap<String, Type>,
    ) -> Result<BTreeMap<String, Value>, ValueError> {
        let mut object = BTreeMap::new();
        for _ in 0..self.map_len(ty)? {
            let name = self.str("an attribute name")?;
            let (name, ty) = attributes.get_key_value(name).ok_or_else(|| unexpected_attribute(name))?;
            let value = self.value(ty).map_err(|e| e.within_attribute(name))?;
            if object.insert(name.clone(), value).is_some() {
                return Err(ValueError::new("the attribute is there twice").within_attribute(name));
            }
        }
        match attributes.keys().find(|name| !object.contains_key(*name)) {
            Some(name) => Err(missing_attribute(name)),
            None => Ok(object),
        }
    }

    /// An int, a uint, a float, or decimal text.
    fn number(&mut self, marker: Marker) -> Result<Number, ValueError> {
        let invalid = |error: super::NumberError| ValueError::new(error.to_string());
        match marker {
            Marker::FixPos(_) | Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => {
                decode::read_int::<u64, _>(&mut self.rest).map(Number::from).map_err(not_an_int)
            }
            Marker::FixNeg(_) | Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => {
                decode::read_int::<i64, _>(&mut self.rest).map(Number::from).map_err(not_an_int)
            }
            Marker::F32 => {
                let float = decode::read_f32(&mut self.rest).map_err(|_| truncated())?;
                Number::try_from(f64::from(float)).map_err(invalid)
            }
            Marker::F64 => {
                let float = decode::read_f64(&mut self.rest).map_err(|_| truncated())?;
                Number::try_from(float).map_err(invalid)
            }
            _ => self.str("a number")?.parse().map_err(invalid),
        }
    }

    fn str(&mut self, expected: &str) -> Result<&'a str, ValueError> {
        let len = decode::read_str_len(&mut self.rest).map_err(|error| match error {
            ValueReadError::TypeMismatch(_) => ValueError::new(format!("expected {expected}")),
            _ => truncated(),
        })?;
        let (text, rest) = self.rest.split_at_checked(len as usize).ok_or_else(truncated)?;
        self.rest = rest;
        std::str::from_utf8(text).map_err(|_| ValueError::new(format!("expected {expected} in UTF-8")))
    }

    /// A length of at most the bytes left, as each element takes one at least.
    fn array_len(&mut self, ty: &Type) -> Result<usize, ValueError> {
        let len = decode::read_array_len(&mut self.rest).map_err(|e| unreadable(&e, ty))? as usize;
        if len > self.rest.len() { Err(truncated()) } else { Ok(len) }
    }

    fn map_len(&mut self, ty: &Type) -> Result<usize, ValueError> {
        decode::read_map_len(&mut self.rest).map(|len| len as usize).map_err(|e| unreadable(&e, ty))
    }

    fn peek(&self) -> Result<Marker, ValueError> {
        self.rest.first().map(|byte| Marker::from_u8(*byte)).ok_or_else(truncated)
    }
}

fn truncated() -> ValueError {
    ValueError::new("the value ends before its end")
}

fn unreadable(error: &ValueReadError, expected: &Type) -> ValueError {
    match error {
        ValueReadError::TypeMismatch(_) => expected.mismatch(),
        _ => truncated(),
    }
}

/// The marker said that it is an integer that fits: what can be wrong is only its end.
fn not_an_int(_: NumValueReadError) -> ValueError {
    truncated()
}

fn write(bytes: &mut Vec<u8>, value: &Value, ty: &Type) -> Result<(), ValueWriteError> {
    match value {
        Value::Null => encode::write_nil(bytes).map_err(ValueWriteError::InvalidMarkerWrite),
        Value::Unknown => {
            bytes.extend([0xd4, 0, 0]);
            Ok(())
        }
        Value::Bool(bool) => encode::write_bool(bytes, *bool).map_err(ValueWriteError::InvalidMarkerWrite),
        Value::Number(number) => write_number(bytes, number),
        Value::String(string) => encode::write_str(bytes, string),
        Value::List(list) => match ty {
            Type::Set(element) => {
                let mut set: Vec<_> = list.iter().collect();
                super::sort_set(&mut set);
                write_list(bytes, set.into_iter().map(|v| (v, &**element)))
            }
            Type::Tuple(types) => write_list(bytes, list.iter().zip(types)),
            Type::List(element) => write_list(bytes, list.iter().map(|v| (v, &**element))),
            other => write_list(bytes, list.iter().map(|v| (v, other))),
        },
        Value::Map(map) => {
            encode::write_map_len(bytes, length(map.len()))?;
            for (key, value) in map {
                encode::write_str(bytes, key)?;
                let inner = match ty {
                    Type::Map(element) => element,
                    Type::Object(attributes) => attributes.get(key).unwrap_or(ty),
                    other => other,
                };
                write(bytes, value, inner)?;
            }
            Ok(())
        }
    }
}

fn write_list<'a>(
    bytes: &mut Vec<u8>,
    list: impl ExactSizeIterator<Item = (&'a Value, &'a Type)>,
) -> Result<(), ValueWriteError> {
    encode::write_array_len(bytes, length(list.len()))?;
    for (value, ty) in list {
        write(bytes, value, ty)?;
    }
    Ok(())
}

/// As Terraform does: an `i64` as an integer; what a float holds exactly as one, unless it is whole; else text.
fn write_number(bytes: &mut Vec<u8>, number: &Number) -> Result<(), ValueWriteError> {
    if let Some(int) = number.as_i64() {
        encode::write_sint(bytes, int).map(|_| ())
    } else if let Some(float) = number.to_exact_f64().filter(|_| !number.is_integer()) {
        encode::write_f64(bytes, float)
    } else {
        encode::write_str(bytes, &number.to_string())
    }
}

fn length(len: usize) -> u32 {
    u32::try_from(len).expect("a message holds far fewer than 2^32 elements")
}

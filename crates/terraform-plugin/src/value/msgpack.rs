//! Values as Terraform sends them: msgpack, typed by the schema.
//!
//! Decoding follows the type, which bounds the depth; a length that exceeds the remaining bytes is an error. Any extension is an
//! unknown value; of the refinements (extension 12) only "not null" is read, and only in arguments of functions. A value of type
//! `dynamic` is an array of its type, in JSON as bytes, and the value. Encoding is canonical.

use std::collections::BTreeMap;

use rmp::Marker;
use rmp::decode::{self, NumValueReadError, ValueReadError};
use rmp::encode::{self, ValueWriteError};

use super::types::{missing_attribute, tuple_length, unexpected_attribute};
use super::{Dynamic, Number, Type, Value, ValueError, nfc};

/// Maximum nesting of values of type `dynamic`: each contains its type, so the schema's type does not bound the depth.
const MAX_DYNAMIC_DEPTH: u8 = 16;

/// Decodes one value. Strings become NFC, sets are sorted.
///
/// # Errors
///
/// The bytes are not exactly one value of the type. The error has the path of the first mismatch, and for an object the name of
/// the missing or unexpected attribute.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, ValueError> {
    decode_with(bytes, ty, false)
}

/// [`decode()`] with [`Value::UnknownNotNull`] for unknown values that are refined as not null.
///
/// # Errors
///
/// As [`decode()`].
pub(crate) fn decode_argument(bytes: &[u8], ty: &Type) -> Result<Value, ValueError> {
    decode_with(bytes, ty, true)
}

fn decode_with(bytes: &[u8], ty: &Type, refined: bool) -> Result<Value, ValueError> {
    let mut decoder = Decoder { rest: bytes, refined, dynamic_depth: 0 };
    let value = decoder.value(ty)?;
    if decoder.rest.is_empty() { Ok(value) } else { Err(ValueError::new("unexpected bytes after the value")) }
}

/// Encodes a value that conforms to the type. Sets are sorted without duplicates.
///
/// A value that does not [conform](Value::conforms) is a bug of the caller: in debug builds it panics; otherwise it is encoded by
/// its own structure, and Terraform refuses it.
pub fn encode(value: &Value, ty: &Type) -> Vec<u8> {
    debug_assert_eq!(value.conforms(ty), Ok(()));
    let mut bytes = Vec::with_capacity(256);
    write(&mut bytes, value, ty).expect("writing to memory cannot fail");
    bytes
}

struct Decoder<'a> {
    rest: &'a [u8],
    /// Whether the refinement "not null" is kept.
    refined: bool,
    /// The number of values of type `dynamic` around the current one.
    dynamic_depth: u8,
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
                let (refinements, rest) = self.rest.split_at_checked(meta.size as usize).ok_or_else(truncated)?;
                self.rest = rest;
                let not_null = self.refined && meta.typeid == REFINED && is_not_null(refinements);
                Ok(if not_null { Value::UnknownNotNull } else { Value::Unknown })
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
            (_, Type::Dynamic) => self.dynamic(ty),
        }
    }

    /// A type and a value of it.
    fn dynamic(&mut self, ty: &Type) -> Result<Value, ValueError> {
        if self.array_len(ty)? != 2 {
            return Err(ty.mismatch());
        }
        let len = decode::read_bin_len(&mut self.rest).map_err(|e| unreadable(&e, ty))? as usize;
        let (json, rest) = self.rest.split_at_checked(len).ok_or_else(truncated)?;
        self.rest = rest;
        let own = std::str::from_utf8(json).ok().and_then(Type::from_json).filter(|own| *own != Type::Dynamic);
        let own = own.ok_or_else(|| ValueError::new("expected a type of Terraform"))?;
        if self.dynamic_depth == MAX_DYNAMIC_DEPTH {
            return Err(ValueError::new("values with types of their own are nested too deep"));
        }
        self.dynamic_depth += 1;
        let value = self.value(&own)?;
        self.dynamic_depth -= 1;
        Ok(Dynamic::new(own, value)?.into())
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
                return Err(ValueError::new("the key occurs twice").within_key(&key));
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
                return Err(ValueError::new("the attribute occurs twice").within_attribute(name));
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

    /// A length, at most the remaining bytes, because each element has at least one.
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

/// The extension of a refined unknown value: a map of refinements by number.
const REFINED: i8 = 12;

/// Whether the value is refined as not null: `false` for the number 1, which Terraform writes first.
fn is_not_null(mut refinements: &[u8]) -> bool {
    let bytes = &mut refinements;
    decode::read_map_len(bytes).is_ok_and(|len| len > 0)
        && decode::read_int::<i64, _>(bytes).is_ok_and(|number| number == 1)
        && decode::read_bool(bytes).is_ok_and(|may_be_null| !may_be_null)
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

/// The marker is that of an integer that fits, so the only possible error is a truncated value.
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
        // An unknown value without a type cannot be refined.
        Value::UnknownNotNull if *ty == Type::Dynamic => write(bytes, &Value::Unknown, ty),
        Value::UnknownNotNull => {
            bytes.extend([0xc7, 3, REFINED.cast_unsigned(), 0x81, 1, 0xc2]);
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
        Value::Dynamic(dynamic) => {
            let json = dynamic.ty().to_json();
            encode::write_array_len(bytes, 2)?;
            encode::write_bin(bytes, json.as_bytes())?;
            write(bytes, dynamic.value(), dynamic.ty())
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

/// As Terraform: an `i64` as an integer; a fraction that a float represents exactly as a float; otherwise a string.
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

#[cfg(test)]
mod tests {
    use super::super::arbitrary;
    use super::*;
    use proptest::prelude::*;
    use rmpv::Value as Msgpack;

    fn ty(json: &str) -> Type {
        Type::from_json(json).unwrap_or_else(|| panic!("{json}"))
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<_> = hex.chars().filter(|c| !c.is_whitespace()).collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("hex");
        digits.chunks(2).map(byte).collect()
    }

    fn number(text: &str) -> Value {
        Value::Number(text.parse().expect("a number"))
    }

    fn dynamic(json: &str, value: Value) -> Value {
        Dynamic::new(ty(json), value).expect(json).into()
    }

    fn infinity(float: f64) -> Value {
        Value::Number(Number::try_from(float).expect("not NaN"))
    }

    #[test]
    fn values_have_terraforms_bytes() {
        for (json, value, hex) in [
            (r#""string""#, Value::Null, "c0"),
            (r#"["object",{"id":"string"}]"#, Value::Null, "c0"),
            (r#""string""#, Value::Unknown, "d40000"),
            (r#"["list","string"]"#, Value::Unknown, "d40000"),
            (r#""bool""#, true.into(), "c3"),
            (r#""bool""#, false.into(), "c2"),
            (r#""string""#, "".into(), "a0"),
            (r#""string""#, "imc-1".into(), "a5 696d632d31"),
            (r#""string""#, "\u{e9}".into(), "a2 c3a9"),
            (r#""number""#, number("0"), "00"),
            (r#""number""#, number("20"), "14"),
            (r#""number""#, number("3e2"), "cd 012c"),
            (r#""number""#, number("-1"), "ff"),
            (r#""number""#, number("-1000"), "d1 fc18"),
            (r#""number""#, number("9223372036854775807"), "cf 7fffffffffffffff"),
            (r#""number""#, number("-9223372036854775808"), "d3 8000000000000000"),
            (r#""number""#, number("0.5"), "cb 3fe0000000000000"),
            (r#""number""#, number("0.1"), "a3 302e31"),
            (r#""number""#, number("18446744073709551615"), "b4 3138343436373434303733373039353531363135"),
            (r#""number""#, number("9223372036854775808"), "b3 39323233333732303336383534373735383038"),
            (r#""number""#, infinity(f64::INFINITY), "cb 7ff0000000000000"),
            (r#""number""#, infinity(f64::NEG_INFINITY), "cb fff0000000000000"),
            (r#"["list","string"]"#, Value::list(["b", "a", "b"]), "93 a162 a161 a162"),
            (r#"["set","string"]"#, Value::list(["a", "b"]), "92 a161 a162"),
            (r#"["set","string"]"#, Value::List(vec![]), "90"),
            (r#"["map","bool"]"#, Value::map([("b", true), ("a", false)]), "82 a161 c2 a162 c3"),
            (r#"["tuple",["string","bool"]]"#, Value::List(vec!["a".into(), true.into()]), "92 a161 c3"),
            (
                r#"["object",{"id":"string","size":"number"}]"#,
                Value::map([("size", 20_i64.into()), ("id", Value::Unknown)]),
                "82 a26964 d40000 a473697a65 14",
            ),
            (r#""dynamic""#, Value::Null, "c0"),
            (r#""dynamic""#, Value::Unknown, "d40000"),
            (r#""dynamic""#, dynamic(r#""string""#, "a".into()), "92 c408 22737472696e6722 a161"),
            (r#""dynamic""#, dynamic(r#""bool""#, Value::Null), "92 c406 22626f6f6c22 c0"),
            (r#""dynamic""#, dynamic(r#""bool""#, Value::Unknown), "92 c406 22626f6f6c22 d40000"),
            (
                r#"["object",{"any":"dynamic"}]"#,
                Value::map([("any", dynamic(r#"["set","bool"]"#, Value::List(vec![true.into()])))]),
                "81 a3616e79 92 c40e 5b22736574222c22626f6f6c225d 91 c3",
            ),
        ] {
            assert_eq!(encode(&value, &ty(json)), bytes(hex), "{json} {value:?}");
            assert_eq!(decode(&bytes(hex), &ty(json)), Ok(value), "{json} {hex}");
        }
    }

    #[test]
    fn other_forms_of_a_value_are_read_too() {
        for (json, hex, value) in [
            // Any extension is unknown: a refined string (not null, prefix "pre-"), other types and lengths.
            (r#""string""#, "c7 09 0c 82 01 c2 02 a4 7072652d", Value::Unknown),
            (r#"["list","string"]"#, "c7 05 0c 82 05 01 06 03", Value::Unknown),
            (r#""number""#, "d5 00 0000", Value::Unknown),
            (r#""number""#, "c8 0001 05 ff", Value::Unknown),
            (r#""number""#, "c9 00000000 05", Value::Unknown),
            (r#""number""#, "cc 14", number("20")),
            (r#""number""#, "d3 0000000000000014", number("20")),
            (r#""number""#, "cf ffffffffffffffff", number("18446744073709551615")),
            (r#""number""#, "cb 4034000000000000", number("20")),
            (r#""number""#, "ca 3f000000", number("0.5")),
            (r#""number""#, "a3 316531", number("10")),
            // é as two characters becomes one; d9 is a longer form of string length.
            (r#""string""#, "d9 03 65cc81", Value::from("\u{e9}")),
            (r#"["map","bool"]"#, "81 a3 65cc81 c3", Value::map([("\u{e9}", true)])),
            (r#"["set","string"]"#, "dc 0003 a162 a161 a162", Value::list(["a", "b"])),
            (r#"["set","string"]"#, "92 d40000 d40000", Value::List(vec![Value::Unknown, Value::Unknown])),
            (r#"["set","string"]"#, "92 a2 c3a9 a3 65cc81", Value::list(["\u{e9}"])),
        ] {
            assert_eq!(decode(&bytes(hex), &ty(json)), Ok(value), "{json} {hex}");
        }
    }

    #[test]
    fn unknown_argument_keeps_whether_it_may_be_null() {
        for (json, hex, value) in [
            (r#""string""#, "c7 03 0c 81 01 c2", Value::UnknownNotNull),
            // Not null, with the prefix "pre-", as `"pre-${...}"` sends it.
            (r#""string""#, "c7 09 0c 82 01 c2 02 a4 7072652d", Value::UnknownNotNull),
            (r#"["map","string"]"#, "81 a16b c7 03 0c 81 01 c2", Value::map([("k", Value::UnknownNotNull)])),
            (r#""dynamic""#, "92 c406 22626f6f6c22 c703 0c 8101c2", dynamic(r#""bool""#, Value::UnknownNotNull)),
            (r#""string""#, "c7 03 0c 81 01 c3", Value::Unknown),
            (r#"["list","string"]"#, "c7 05 0c 82 05 01 06 03", Value::Unknown),
            (r#""string""#, "c7 03 0b 81 01 c2", Value::Unknown),
            (r#""string""#, "c7 03 0c 81 01 01", Value::Unknown),
            (r#""string""#, "c7 00 0c", Value::Unknown),
            (r#""string""#, "d4 0000", Value::Unknown),
        ] {
            assert_eq!(decode_argument(&bytes(hex), &ty(json)), Ok(value.clone()), "{json} {hex}");
            let encoded = encode(&value, &ty(json));
            assert_eq!(decode_argument(&encoded, &ty(json)), Ok(value), "{json} {encoded:?}");
        }
        assert_eq!(encode(&Value::UnknownNotNull, &Type::String), bytes("c7 03 0c 81 01 c2"));
        assert_eq!(encode(&Value::UnknownNotNull, &Type::Dynamic), bytes("d40000"));
    }

    #[test]
    fn dynamic_values_in_dynamic_values_are_bounded() {
        let nested = |depth: usize| {
            let object = r#"["object",{"a":"dynamic"}]"#;
            let level = [&[0x92, 0xc4, object.len() as u8], object.as_bytes(), &[0x81, 0xa1, b'a']].concat();
            [level.repeat(depth), vec![0xc0]].concat()
        };
        assert!(decode(&nested(16), &Type::Dynamic).is_ok());
        let error = decode(&nested(100_000), &Type::Dynamic).expect_err("too deep");
        assert!(error.to_string().ends_with("values with types of their own are nested too deep"), "{error}");
    }

    #[test]
    fn value_may_be_as_deep_as_its_type() {
        let of_depth = |depth: usize| {
            let json = format!("{}\"string\"{}", "[\"list\",".repeat(depth), "]".repeat(depth));
            let value = [vec![0x91; depth], vec![0xa0]].concat();
            let head = [0x92, 0xc5, (json.len() >> 8) as u8, json.len() as u8];
            decode(&[&head, json.as_bytes(), &value].concat(), &Type::Dynamic)
        };
        assert!(of_depth(256).is_ok());
        assert_eq!(of_depth(600).expect_err("deep").to_string(), "expected a type of Terraform");
    }

    #[test]
    fn invalid_bytes_are_errors_with_a_path() {
        let object = r#"["object",{"id":"string","sizes":["map",["list","number"]]}]"#;
        for (json, hex, expected) in [
            (r#""bool""#, "", "the value ends before its end"),
            (r#""bool""#, "01", "expected a bool"),
            (r#""bool""#, "c3 c3", "unexpected bytes after the value"),
            (r#""bool""#, "c1", "expected a bool"),
            (r#""number""#, "c3", "expected a number"),
            (r#""number""#, "cf 00", "the value ends before its end"),
            (r#""number""#, "cb 7ff8000000000000", "expected a number, not NaN"),
            (r#""number""#, "a3 616263", "expected a decimal number"),
            (r#""string""#, "14", "expected a string"),
            (r#""string""#, "c4 01 61", "expected a string"),
            (r#""string""#, "a1 ff", "expected a string in UTF-8"),
            (r#""string""#, "a5 61", "the value ends before its end"),
            (r#""string""#, "db ffffffff 61", "the value ends before its end"),
            (r#""string""#, "c9 ffffffff 0c 00", "the value ends before its end"),
            (r#""string""#, "d4", "the value ends before its end"),
            (r#"["list","string"]"#, "dd ffffffff a161", "the value ends before its end"),
            (r#"["set","string"]"#, "dd ffffffff a161", "the value ends before its end"),
            (r#"["map","string"]"#, "df ffffffff a161 a161", "the value ends before its end"),
            (r#"["list","string"]"#, "80", "expected a list"),
            (r#"["map","string"]"#, "90", "expected a map"),
            (r#"["map","string"]"#, "81 01 a161", "expected a map key"),
            (r#"["map","string"]"#, "82 a161 a0 a161 a0", r#"["a"]: the key occurs twice"#),
            (r#"["tuple",["string"]]"#, "90", "expected a tuple of length 1"),
            (r#"["tuple",["string"]]"#, "91 01", "[0]: expected a string"),
            (r#""dynamic""#, "a161", "expected a value with its type"),
            (r#""dynamic""#, "91 c0", "expected a value with its type"),
            (r#""dynamic""#, "92 a822737472696e6722 a161", "expected a value with its type"),
            (r#""dynamic""#, "92 c408 22737472", "the value ends before its end"),
            (r#""dynamic""#, "92 c403 226122 a161", "expected a type of Terraform"),
            (r#""dynamic""#, "92 c409 2264796e616d696322 c0", "expected a type of Terraform"),
            (r#""dynamic""#, "92 c408 22737472696e6722 01", "expected a string"),
            (object, "90", "expected an object"),
            (object, "81 a26964 a161", r#"missing attribute "sizes""#),
            (object, "82 a26964 a161 a26978 c0", r#"unexpected attribute "ix""#),
            (object, "82 a26964 a161 a26964 a161", "id: the attribute occurs twice"),
            (object, "82 a26964 a161 a573697a6573 81 a178 92 01 c3", r#"sizes["x"][1]: expected a number"#),
        ] {
            let error = decode(&bytes(hex), &ty(json)).expect_err(hex);
            assert_eq!(error.to_string(), expected, "{json} {hex}");
        }
    }

    #[test]
    fn set_is_written_in_canonical_order() {
        let set = ty(r#"["set","string"]"#);
        assert_eq!(encode(&Value::list(["b", "a", "b"]), &set), encode(&Value::list(["a", "b"]), &set));
    }

    /// What another decoder makes of the bytes, against what was written.
    fn same(msgpack: &Msgpack, value: &Value) -> bool {
        match (msgpack, value) {
            (Msgpack::Nil, Value::Null) => true,
            (Msgpack::Ext(0, data), Value::Unknown) => data == &[0],
            (Msgpack::Boolean(left), Value::Bool(right)) => left == right,
            (Msgpack::Integer(left), Value::Number(right)) => left.as_i64() == right.as_i64(),
            (Msgpack::F64(left), Value::Number(right)) => {
                right.as_i64().is_none() && Number::try_from(*left).as_ref() == Ok(right)
            }
            (Msgpack::String(left), Value::Number(right)) => {
                right.as_i64().is_none() && left.as_str() == Some(&right.to_string())
            }
            (Msgpack::String(left), Value::String(right)) => left.as_str() == Some(right),
            (Msgpack::Array(left), Value::List(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
            }
            (Msgpack::Map(left), Value::Map(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|((left_key, left), (right_key, right))| {
                        left_key.as_str() == Some(right_key) && same(left, right)
                    })
            }
            (Msgpack::Array(left), Value::Dynamic(right)) => {
                let [Msgpack::Binary(json), left] = left.as_slice() else { return false };
                *json == right.ty().to_json().into_bytes() && same(left, right.value())
            }
            _ => false,
        }
    }

    /// The value as another encoder writes it.
    fn foreign(value: &Value) -> Msgpack {
        match value {
            Value::Null => Msgpack::Nil,
            Value::Unknown | Value::UnknownNotNull => Msgpack::Ext(12, vec![0x81, 1, 0xc2]),
            Value::Bool(bool) => (*bool).into(),
            Value::Number(number) => number.as_u64().map_or_else(|| number.to_string().into(), Msgpack::from),
            Value::String(string) => string.as_str().into(),
            Value::List(list) => Msgpack::Array(list.iter().map(foreign).collect()),
            Value::Map(map) => {
                Msgpack::Map(map.iter().rev().map(|(key, v)| (key.as_str().into(), foreign(v))).collect())
            }
            Value::Dynamic(dynamic) => {
                Msgpack::Array(vec![Msgpack::Binary(dynamic.ty().to_json().into()), foreign(dynamic.value())])
            }
        }
    }

    fn is_canonical(value: &Value, ty: &Type) -> bool {
        let mut canonical = value.clone();
        canonical.canonicalize(ty);
        canonical == *value && value.conforms(ty).is_ok()
    }

    proptest! {
        #[test]
        fn values_come_back((ty, value) in arbitrary::typed_value()) {
            let bytes = encode(&value, &ty);
            prop_assert_eq!(decode(&bytes, &ty), Ok(value.clone()));
            let msgpack = rmpv::decode::read_value(&mut bytes.as_slice()).expect("one msgpack value");
            prop_assert!(same(&msgpack, &value), "{} {:?}", msgpack, value);
        }

        #[test]
        fn values_of_another_encoder_are_read((ty, value) in arbitrary::typed_value()) {
            let mut bytes = Vec::new();
            rmpv::encode::write_value(&mut bytes, &foreign(&value)).expect("memory");
            prop_assert_eq!(decode(&bytes, &ty), Ok(value));
        }

        #[test]
        fn any_bytes_are_read_or_refused(ty in arbitrary::ty(), bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = decode(&bytes, &ty) {
                prop_assert!(is_canonical(&value, &ty), "{value:?}");
            }
        }

        #[test]
        fn damaged_values_are_read_or_refused(
            (ty, value) in arbitrary::typed_value(),
            at: prop::sample::Index,
            byte: u8,
        ) {
            let mut bytes = encode(&value, &ty);
            let at = at.index(bytes.len());
            prop_assert!(decode(&bytes[..at], &ty).is_err());
            bytes[at] = byte;
            if let Ok(value) = decode(&bytes, &ty) {
                prop_assert!(is_canonical(&value, &ty), "{value:?}");
            }
        }
    }
}

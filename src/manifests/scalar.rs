//! The value of a scalar, as Kubernetes reads it: the rules of go-yaml 2, in which `yes` is true and `0644` is 420.
//!
//! Timestamps remain strings, base 60 is not supported, and floats have 64 bits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use terraform_plugin::value::{Number, Value};

/// The value of a scalar that was written without quotes (`plain`) or with a tag.
///
/// # Errors
///
/// The text does not match its tag, or is a number that JSON does not have.
pub fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    let mismatch = |kind: &str| format!("{text:?} is tagged as {kind}, but is not one");
    match tag {
        None if plain => implicit(text),
        None | Some("str" | "!") => Ok(text.into()),
        Some("binary") => {
            let compact: String = text.split_whitespace().collect();
            let bytes = STANDARD.decode(compact).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            bytes.map(Value::from).ok_or_else(|| mismatch("text in base64"))
        }
        Some("null") => implicit(text)?.is_null().then_some(Value::Null).ok_or_else(|| mismatch("null")),
        Some("bool") => match implicit(text)? {
            value @ Value::Bool(_) => Ok(value),
            _ => Err(mismatch("a bool")),
        },
        Some(kind @ ("int" | "float")) => match implicit(text)? {
            Value::Number(number) if kind == "float" || number.is_integer() => Ok(Value::Number(number)),
            _ => Err(mismatch("a number")),
        },
        // Timestamps and unknown tags do not change the text.
        Some(_) => Ok(text.into()),
    }
}

/// The key of a mapping as a string: JSON has no others.
///
/// # Errors
///
/// The key is null, or [`resolve`] refuses it.
pub fn key(text: &str, plain: bool, tag: Option<&str>) -> Result<String, String> {
    match resolve(text, plain, tag)? {
        Value::String(key) => Ok(key),
        Value::Bool(bool) => Ok(bool.to_string()),
        Value::Number(number) if number.is_integer() && !text.contains(['.', 'e', 'E']) => Ok(number.to_string()),
        Value::Number(number) => Ok(float_key(number.as_f64() as f32)),
        _ => Err("a key is null; write a string, in quotes if necessary".into()),
    }
}

/// A 32-bit float as the library formats it in a key: with an exponent below 1e-4 and from 1e21 on.
fn float_key(float: f32) -> String {
    let magnitude = float.abs();
    if magnitude == 0.0 || (1e-4..1e21).contains(&magnitude) {
        return float.to_string();
    }
    let text = format!("{float:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

fn implicit(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Ok(true.into()),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok(false.into());
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => return Err(format!("{text} is not a number in JSON, and so not in Kubernetes")),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Ok(text.into());
    }
    // Underscores may be anywhere in a number that does not start with a point.
    let compact = if text.starts_with('.') { text.to_owned() } else { text.replace('_', "") };
    if let Some(value) = integer(&compact).or_else(|| float(&compact)) {
        return Ok(value);
    }
    Ok(text.into())
}

/// 64 bits: decimal, `0x`, `0o`, `0b`, and octal after a leading zero.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None; // Rust would read a second sign.
    }
    let magnitude = i128::from(u64::from_str_radix(digits, base).ok()?);
    let number = if negative { -magnitude } else { magnitude };
    // A negative number of more than 63 bits is a float in go-yaml too.
    (number >= i128::from(i64::MIN)).then(|| Value::Number(Number::from(number)))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    let float = text.parse::<f64>().ok().filter(|float| is_number && float.is_finite())?;
    // JSON has the shortest decimal that reads as this float.
    float.to_string().parse().ok().map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Value {
        Value::Number(text.parse().expect("a number"))
    }

    #[test]
    fn plain_scalars_have_the_values_that_kubernetes_reads() {
        for (text, expected) in [
            ("", Value::Null),
            ("~", Value::Null),
            ("NULL", Value::Null),
            ("nULL", "nULL".into()),
            ("yes", true.into()),
            ("On", true.into()),
            ("n", false.into()),
            ("oFF", "oFF".into()),
            ("0", number("0")),
            ("0644", number("420")),
            ("0o644", number("420")),
            ("-0644", number("-420")),
            ("0x1F", number("31")),
            ("0b101", number("5")),
            ("-0b101", number("-5")),
            ("+12", number("12")),
            ("1_000", number("1000")),
            ("08", number("8")),
            ("09.5", number("9.5")),
            ("1e3", number("1000")),
            ("1.5e-3", number("0.0015")),
            (".5", number("0.5")),
            ("+.5", number("0.5")),
            ("1.", number("1")),
            ("0.1", number("0.1")),
            ("0.10000000000000000555", number("0.1")),
            ("18446744073709551615", number("18446744073709551615")),
            ("-9223372036854775808", number("-9223372036854775808")),
            ("18446744073709551616", number("18446744073709552000")),
            ("1e400", "1e400".into()),
            (".", ".".into()),
            ("-", "-".into()),
            ("+", "+".into()),
            ("0x", "0x".into()),
            ("0x+1", "0x+1".into()),
            ("1.2.3", "1.2.3".into()),
            ("10Gi", "10Gi".into()),
            ("100m", "100m".into()),
            ("1:30", "1:30".into()),
            ("2024-01-02", "2024-01-02".into()),
            ("_1", "_1".into()),
            ("<<", "<<".into()),
            ("imc-1", "imc-1".into()),
        ] {
            assert_eq!(resolve(text, true, None), Ok(expected), "{text:?}");
            assert_eq!(resolve(text, false, None), Ok(text.into()), "{text:?} in quotes");
        }
        assert!(resolve("-.inf", true, None).unwrap_err().contains("JSON"));
    }

    #[test]
    fn tag_takes_precedence() {
        for (text, tag, expected) in [
            ("12", "str", Ok("12".into())),
            ("12", "!", Ok("12".into())),
            ("12", "int", Ok(number("12"))),
            ("12", "float", Ok(number("12"))),
            ("yes", "bool", Ok(true.into())),
            ("", "null", Ok(Value::Null)),
            ("aGVs\n bG8=", "binary", Ok("hello".into())),
            ("2024-01-02", "timestamp", Ok("2024-01-02".into())),
            ("12", "!local", Ok("12".into())),
            ("a", "int", Err("\"a\" is tagged as a number, but is not one")),
            ("1.5", "int", Err("\"1.5\" is tagged as a number, but is not one")),
            ("a", "bool", Err("\"a\" is tagged as a bool, but is not one")),
            ("a", "null", Err("\"a\" is tagged as null, but is not one")),
            ("*", "binary", Err("\"*\" is tagged as text in base64, but is not one")),
        ] {
            assert_eq!(resolve(text, true, Some(tag)), expected.map_err(str::to_owned), "{text:?} !!{tag}");
        }
    }

    #[test]
    fn keys_are_strings() {
        for (text, plain, expected) in [
            ("a", true, Some("a")),
            ("y", true, Some("true")),
            ("y", false, Some("y")),
            ("off", true, Some("false")),
            ("0644", true, Some("420")),
            ("1.50", true, Some("1.5")),
            ("1.0", true, Some("1")),
            ("1e21", true, Some("1e+21")),
            ("0.00001", true, Some("1e-05")),
            ("~", true, None),
        ] {
            assert_eq!(key(text, plain, None).ok().as_deref(), expected, "{text:?}");
        }
    }
}

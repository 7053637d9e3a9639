//! Checks of a known value, from the keywords of the struct.

use serde_json::{Map, Value as Json};

use crate::value::{Type, Value};

/// Keywords that become a check. Keywords that are neither here nor read elsewhere are refused, so that no check is lost.
pub(super) const KEYWORDS: [&str; 8] =
    ["minimum", "maximum", "minItems", "minLength", "minProperties", "enum", "oneOf", "format"];

/// A check of a known value.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// A whole number of 64 bits, bounds included.
    Integer(Option<i64>, Option<i64>),
    /// A number, bounds included.
    Number(Option<i64>, Option<i64>),
    /// Minimum number of elements, or of characters of a string.
    MinLength(usize),
    /// One of these strings.
    OneOf(Vec<String>),
}

impl Check {
    /// `None` if `value` satisfies the check, otherwise the expectation, as the end of "expected ...".
    ///
    /// Null and unknown values satisfy every check.
    pub fn fault(&self, value: &Value) -> Option<String> {
        let satisfied = match (self, value) {
            (_, Value::Null | Value::Unknown) => true,
            (Self::Integer(min, max), Value::Number(number)) => {
                number.as_i64().is_some_and(|int| min.is_none_or(|min| int >= min) && max.is_none_or(|max| int <= max))
            }
            (Self::Number(min, max), Value::Number(number)) => {
                min.is_none_or(|min| *number >= min.into()) && max.is_none_or(|max| *number <= max.into())
            }
            (Self::MinLength(min), Value::List(elements)) => elements.len() >= *min,
            (Self::MinLength(min), Value::Map(elements)) => elements.len() >= *min,
            (Self::MinLength(min), Value::String(text)) => text.chars().count() >= *min,
            (Self::OneOf(allowed), Value::String(text)) => allowed.contains(text),
            _ => false,
        };
        (!satisfied).then(|| self.expectation(value))
    }

    fn expectation(&self, value: &Value) -> String {
        let within = |what: &str, min: &Option<i64>, max: &Option<i64>| match (min, max) {
            (Some(min), Some(max)) => format!("{what} from {min} to {max}"),
            (Some(min), None) => format!("{what} of at least {min}"),
            (None, Some(max)) => format!("{what} of at most {max}"),
            (None, None) => what.to_owned(),
        };
        match self {
            Self::Integer(min, max) => within("a whole number", min, max),
            Self::Number(min, max) => within("a number", min, max),
            Self::MinLength(1) if matches!(value, Value::String(_)) => "a non-empty string".into(),
            Self::MinLength(1) => "at least one element".into(),
            Self::MinLength(min) if matches!(value, Value::String(_)) => format!("at least {min} characters"),
            Self::MinLength(min) => format!("at least {min} elements"),
            Self::OneOf(allowed) => {
                let quoted: Vec<_> = allowed.iter().map(|text| format!("{text:?}")).collect();
                format!("one of {}", quoted.join(", "))
            }
        }
    }

    /// The checks for the keywords of a JSON schema, for values of type `ty`, or of nested
    /// attributes.
    ///
    /// # Errors
    ///
    /// The value of a keyword is not a whole number.
    pub(super) fn from_keywords(schema: &Map<String, Json>, ty: Option<&Type>) -> Result<Vec<Self>, String> {
        let whole = |name: &str| match schema.get(name) {
            None => Ok(None),
            Some(json) => json.as_i64().map(Some).ok_or_else(|| format!("{name} is not a whole number")),
        };
        let mut checks = Vec::new();
        if ty == Some(&Type::Number) {
            let integer = schema.get("type").and_then(Json::as_str) == Some("integer");
            let (format_min, format_max) = format_bounds(schema);
            let (min, max) = (whole("minimum")?.or(format_min), whole("maximum")?.or(format_max));
            if integer {
                checks.push(Self::Integer(min, max));
            } else if min.is_some() || max.is_some() {
                checks.push(Self::Number(min, max));
            }
        }
        for keyword in ["minItems", "minLength", "minProperties"] {
            if let Some(min) = whole(keyword)?.and_then(|min| usize::try_from(min).ok()).filter(|min| *min > 0) {
                checks.push(Self::MinLength(min));
            }
        }
        checks.extend(variants(schema).map(Self::OneOf));
        Ok(checks)
    }
}

/// The bounds of the Rust integer, which `schemars` writes for the smallest ones only.
fn format_bounds(schema: &Map<String, Json>) -> (Option<i64>, Option<i64>) {
    match schema.get("format").and_then(Json::as_str) {
        Some("int32") => (Some(i32::MIN.into()), Some(i32::MAX.into())),
        Some("uint32") => (Some(0), Some(u32::MAX.into())),
        _ => (None, None),
    }
}

/// The names of an enumeration; `schemars` writes one with documented variants as `oneOf`.
pub(super) fn variants(schema: &Map<String, Json>) -> Option<Vec<String>> {
    let text = |json: &Json| json.as_str().map(str::to_owned);
    if let Some(names) = schema.get("enum").and_then(Json::as_array) {
        return names.iter().map(text).collect();
    }
    let alternatives = schema.get("oneOf")?.as_array()?.iter();
    let texts = alternatives.map(|json| match json.get("enum") {
        Some(_) => variants(json.as_object()?),
        None => json.get("const").and_then(text).map(|name| vec![name]),
    });
    texts.collect::<Option<Vec<_>>>().map(|names| names.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Number;

    fn number(text: &str) -> Value {
        Value::Number(text.parse::<Number>().unwrap())
    }

    #[test]
    fn fault_is_the_expectation() {
        let one_of = || Check::OneOf(vec!["BGP".into(), "CMCC".into()]);
        for (check, value, expected) in [
            (Check::Integer(Some(20), Some(32000)), number("20"), None),
            (Check::Integer(Some(20), Some(32000)), number("32000"), None),
            (Check::Integer(Some(20), Some(32000)), number("19"), Some("a whole number from 20 to 32000")),
            (Check::Integer(Some(20), Some(32000)), number("20.5"), Some("a whole number from 20 to 32000")),
            (Check::Integer(Some(0), None), number("-1"), Some("a whole number of at least 0")),
            (Check::Integer(None, Some(9)), number("10"), Some("a whole number of at most 9")),
            (Check::Integer(None, None), number("1e30"), Some("a whole number")),
            (Check::Number(Some(0), Some(1)), number("0.5"), None),
            (Check::Number(Some(0), Some(1)), number("1.5"), Some("a number from 0 to 1")),
            (Check::MinLength(1), Value::list(["a"]), None),
            (Check::MinLength(1), Value::List(vec![]), Some("at least one element")),
            (Check::MinLength(2), Value::map([("a", "b")]), Some("at least 2 elements")),
            (Check::MinLength(1), "".into(), Some("a non-empty string")),
            (Check::MinLength(3), "äöü".into(), None),
            (Check::MinLength(4), "äöü".into(), Some("at least 4 characters")),
            (one_of(), "BGP".into(), None),
            (one_of(), "bgp".into(), Some(r#"one of "BGP", "CMCC""#)),
            (one_of(), true.into(), Some(r#"one of "BGP", "CMCC""#)),
        ] {
            assert_eq!(check.fault(&value).as_deref(), expected, "{check:?} {value:?}");
            assert_eq!(check.fault(&Value::Null), None);
            assert_eq!(check.fault(&Value::Unknown), None);
        }
    }

    #[test]
    fn keywords_become_checks() {
        for (schema, ty, expected) in [
            (
                r#"{"type":"integer","format":"uint64","minimum":0}"#,
                Type::Number,
                Ok(vec![Check::Integer(Some(0), None)]),
            ),
            (
                r#"{"type":"integer","format":"uint32","minimum":0}"#,
                Type::Number,
                Ok(vec![Check::Integer(Some(0), Some(4_294_967_295))]),
            ),
            (r#"{"type":"number","format":"double"}"#, Type::Number, Ok(vec![])),
            (r#"{"type":"number","maximum":3}"#, Type::Number, Ok(vec![Check::Number(None, Some(3))])),
            (r#"{"type":"number","maximum":0.5}"#, Type::Number, Err("maximum is not a whole number".into())),
            (r#"{"type":"string","minLength":1}"#, Type::String, Ok(vec![Check::MinLength(1)])),
            (r#"{"type":"string","minLength":0}"#, Type::String, Ok(vec![])),
            (
                r#"{"type":"string","enum":["a","b"]}"#,
                Type::String,
                Ok(vec![Check::OneOf(vec!["a".into(), "b".into()])]),
            ),
            (
                r#"{"oneOf":[{"type":"string","enum":["a","b"]},{"type":"string","const":"c","description":"C."}]}"#,
                Type::String,
                Ok(vec![Check::OneOf(vec!["a".into(), "b".into(), "c".into()])]),
            ),
        ] {
            let json: Map<String, Json> = serde_json::from_str(schema).unwrap();
            assert_eq!(Check::from_keywords(&json, Some(&ty)), expected, "{schema}");
        }
    }
}

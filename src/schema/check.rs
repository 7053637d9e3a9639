//! Checks of a single known value, from the keywords of the struct.

use crate::value::{Type, Value};

/// What a known value must satisfy.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// A number without a fraction.
    Whole,
    /// A number, bounds included.
    Range(Option<i64>, Option<i64>),
    /// At least so many elements, or characters of a string.
    MinLength(usize),
    /// One of these strings.
    OneOf(Vec<String>),
}

impl Check {
    /// `None` when `value` satisfies the check, else what was expected, as the end of "expected ...".
    ///
    /// Null and unknown values satisfy every check.
    pub fn fault(&self, value: &Value) -> Option<String> {
        let satisfied = match (self, value) {
            (_, Value::Null | Value::Unknown) => true,
            (Self::Whole, Value::Number(number)) => number.is_integer(),
            (Self::Range(min, max), Value::Number(number)) => {
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
        match self {
            Self::Whole => "a whole number".into(),
            Self::Range(Some(min), Some(max)) => format!("a number from {min} to {max}"),
            Self::Range(Some(min), None) => format!("a number of at least {min}"),
            Self::Range(None, Some(max)) => format!("a number of at most {max}"),
            Self::Range(None, None) => "a number".into(),
            Self::MinLength(1) if matches!(value, Value::String(_)) => "a text that is not empty".into(),
            Self::MinLength(1) => "at least one element".into(),
            Self::MinLength(min) if matches!(value, Value::String(_)) => format!("at least {min} characters"),
            Self::MinLength(min) => format!("at least {min} elements"),
            Self::OneOf(allowed) => {
                let quoted: Vec<_> = allowed.iter().map(|text| format!("{text:?}")).collect();
                format!("one of {}", quoted.join(", "))
            }
        }
    }

    /// The checks that the keywords of a JSON schema ask for, for values of type `ty`.
    pub(super) fn from_keywords(schema: &serde_json::Map<String, serde_json::Value>, ty: &Type) -> Vec<Self> {
        let whole = |name: &str| schema.get(name).and_then(serde_json::Value::as_i64);
        let length = |name: &str| whole(name).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let mut checks = Vec::new();
        if *ty == Type::Number {
            if schema.get("type").and_then(serde_json::Value::as_str) == Some("integer") {
                checks.push(Self::Whole);
            }
            let (min, max) = (whole("minimum"), whole("maximum"));
            if min.is_some() || max.is_some() {
                checks.push(Self::Range(min, max));
            }
        }
        checks.extend(["minItems", "minLength", "minProperties"].into_iter().filter_map(length).map(Self::MinLength));
        if let Some(allowed) = schema.get("enum").and_then(serde_json::Value::as_array) {
            checks.push(Self::OneOf(allowed.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()));
        }
        checks
    }
}

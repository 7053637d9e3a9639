//! Errors of values that do not conform to their type or model.

use std::fmt;

use serde::{de, ser};

use crate::diagnostics::{AttributePath, Step};

/// The path of an invalid value, and what was expected.
///
/// The message never contains the value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError(Box<Content>);

/// In a box: a result with an error is not larger than most values.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content {
    /// Innermost first: the path is collected while the error is returned, and costs nothing on success.
    steps: Vec<Step>,
    message: String,
    unknown: bool,
}

impl ValueError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Content { steps: Vec::new(), message: message.into(), unknown: false }))
    }

    /// An unknown value where a known one is required.
    pub(super) fn unknown() -> Self {
        let mut error = Self::new("the value is not known before apply");
        error.0.unknown = true;
        error
    }

    /// Prepends a step to the path.
    #[cold]
    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.steps.push(step);
        self
    }

    #[cold]
    pub(super) fn within_attribute(self, name: &str) -> Self {
        self.within(Step::Attribute(name.to_owned()))
    }

    #[cold]
    pub(super) fn within_key(self, key: &str) -> Self {
        self.within(Step::Key(key.to_owned()))
    }

    #[cold]
    pub(super) fn within_index(self, index: usize) -> Self {
        self.within(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// The path. The codecs use the path of the set for its elements, as Terraform requires;
    /// [`from_value`](super::from_value), which does not have types, uses the index.
    pub fn path(&self) -> AttributePath {
        self.0.steps.iter().rev().fold(AttributePath::default(), |path, step| match step {
            Step::Attribute(name) => path.attribute(name),
            Step::Key(key) => path.key(key),
            Step::Index(index) => path.index(usize::try_from(*index).unwrap_or_default()),
        })
    }

    /// The message without the path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the only problem is that the value is unknown.
    pub fn is_unknown(&self) -> bool {
        self.0.unknown
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.steps.is_empty() {
            f.write_str(self.message())
        } else {
            write!(f, "{}: {}", self.path(), self.message())
        }
    }
}

impl std::error::Error for ValueError {}

impl de::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    // serde's default messages of these three contain the value.
    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected one of {}", expected.join(", ")))
    }
}

impl ser::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

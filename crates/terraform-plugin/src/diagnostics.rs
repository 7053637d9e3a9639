//! Diagnostics: errors and warnings with an attribute path.
//!
//! The summary is a title: short, without a full stop. The detail is in sentences: what was found, what was expected, with
//! an example, and what to do. Neither contains secrets.

#[cfg(any(test, feature = "testing"))]
mod debug_form;

use std::fmt;

/// One step into a value: by attribute name, map key or list index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// An attribute of an object, or a block's type.
    Attribute(String),
    /// An element of a map.
    Key(String),
    /// An element of a list. The elements of a set have no address: use the path of the set.
    Index(i64),
}

/// The path of a value in a configuration or state.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributePath(Vec<Step>);

impl AttributePath {
    /// The path of a top-level attribute or block.
    pub fn root(name: impl Into<String>) -> Self {
        Self::default().attribute(name)
    }

    /// This path, one attribute deeper.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// This path, at a key of the map here.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// This path, at an index of the list here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps, outermost first. Empty for the whole object.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

/// As a Terraform expression: `image_registry_credentials["registry.example.com"].username`.
impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if i == 0 => write!(f, "{name}")?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The severity. An error stops the operation; a warning does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation succeeded, but the user should know something.
    Warning,
}

/// An error or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A title.
    pub summary: String,
    /// What was found, what was expected, what to do.
    pub detail: String,
    /// The attribute that it refers to; empty for the whole object.
    pub path: AttributePath,
}

impl Diagnostic {
    /// An error about the whole object; see [`Diagnostic::at`].
    ///
    /// # Panics
    ///
    /// In tests, if a message contains the `Debug` form of an Option, error, enum, struct or Duration.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        let (summary, detail) = (summary.into(), detail.into());
        assert_prose(&summary);
        assert_prose(&detail);
        Self { severity: Severity::Error, summary, detail, path: AttributePath::default() }
    }

    /// A warning about the whole object; see [`Diagnostic::at`].
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail) }
    }

    /// The diagnostic with an attribute path.
    #[must_use]
    pub fn at(self, path: AttributePath) -> Self {
        Self { path, ..self }
    }
}

/// Panics in tests if a message has the `Debug` form of an Option, error, enum, struct or Duration.
pub(crate) fn assert_prose(_text: &str) {
    #[cfg(any(test, feature = "testing"))]
    assert_eq!(debug_form::find(_text), None, "a message contains a Debug form: {_text}");
}

/// The diagnostics of an operation, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a message.
    ///
    /// # Panics
    ///
    /// As [`Diagnostic::error`]: a message may be completed after it was created.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        assert_prose(&diagnostic.detail);
        self.0.push(diagnostic);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The diagnostics in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::from_iter([diagnostic])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, iter: I) {
        iter.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        let mut all = Self::default();
        all.extend(iter);
        all
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_like_expressions() {
        let credentials = AttributePath::root("image_registry_credentials");
        for (path, expected) in [
            (AttributePath::default(), ""),
            (AttributePath::root("images"), "images"),
            (credentials.key("a.b").attribute("username"), r#"image_registry_credentials["a.b"].username"#),
            (AttributePath::root("events").index(2).attribute("reason"), "events[2].reason"),
        ] {
            assert_eq!(path.to_string(), expected);
        }
    }

    #[test]
    fn warning_alone_is_not_an_error() {
        let mut diagnostics = Diagnostics::from(Diagnostic::warning("Slow", "It took long."));
        assert!(!diagnostics.has_errors());
        diagnostics.push(Diagnostic::error("Gone", "It is not there."));
        assert!(diagnostics.has_errors());
    }

    #[test]
    #[should_panic = "a message contains a Debug form"]
    fn completed_message_without_debug_form() {
        let short = Diagnostic::error("Slow", "It took long.");
        let detail = format!("{} {:?}", short.detail, Some("more"));
        let _ = Diagnostics::from(Diagnostic { detail, ..short });
    }
}

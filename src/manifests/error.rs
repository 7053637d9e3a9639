//! Errors of reading and annotating manifests.

use std::fmt;

/// What is wrong, the document and line, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    /// Document, and line in the whole text, both counted from one.
    at: Option<(usize, usize)>,
    message: String,
}

impl ManifestError {
    /// About the text as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self { at: None, message: message.into() }
    }

    /// About one line.
    pub fn at(document: usize, line: usize, message: impl Into<String>) -> Self {
        Self { at: Some((document, line)), message: message.into() }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((document, line)) => write!(f, "document {document}, line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ManifestError {}

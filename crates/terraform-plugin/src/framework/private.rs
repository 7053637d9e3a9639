//! Private state: strings that a resource stores in the state file, and that commands do not show.
//!
//! Terraform replaces it with that of each response, so it is passed through read, plan and apply.

use std::collections::BTreeMap;

use crate::diagnostics::Diagnostic;

/// Strings by key. Not for secrets: the state file contains them in clear text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Private(BTreeMap<String, String>);

impl Private {
    /// Decodes the bytes of a request; no bytes are an empty private state.
    ///
    /// # Errors
    ///
    /// The bytes were not written by [`Private::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Diagnostic> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(bytes).map(Self).map_err(|error| {
            Diagnostic::error(
                "Unreadable private state",
                format!(
                    "The state contains private data that this provider did not write ({error}). Restore the state from a \
                     backup, or remove the object from the state and import it again."
                ),
            )
        })
    }

    /// The bytes for a response.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        serde_json::to_vec(&self.0).expect("a map of strings is JSON")
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets `key` to `text`; `None` removes it.
    pub fn set(&mut self, key: &str, text: Option<String>) {
        match text {
            Some(text) => self.0.insert(key.to_owned(), text),
            None => self.0.remove(key),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_values_are_read_back() {
        let mut private = Private::default();
        assert_eq!(private.to_bytes(), b"");
        private.set("last_events", Some("PullFailed".into()));
        private.set("other", Some("x".into()));
        private.set("other", None);
        let back = Private::from_bytes(&private.to_bytes()).unwrap();
        assert_eq!(back, private);
        assert_eq!((back.get("last_events"), back.get("other")), (Some("PullFailed"), None));
    }

    #[test]
    fn foreign_bytes_are_an_error() {
        assert_eq!(Private::from_bytes(b"").unwrap(), Private::default());
        let error = Private::from_bytes(b"\xff").unwrap_err();
        assert_eq!(error.summary, "Unreadable private state");
    }
}

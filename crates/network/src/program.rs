//! The program that sends the requests.

/// The program that sends requests, as servers log it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// Its name: letters, digits and `-`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Program {
    /// The value of `User-Agent`.
    pub fn user_agent(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }
}

impl Default for Program {
    /// This crate.
    fn default() -> Self {
        Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

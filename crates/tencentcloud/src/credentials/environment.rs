//! The environment variables, captured once.
//!
//! Nothing else in this crate reads the process's environment, so that tests can run concurrently, each with its own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use crate::secret;

/// The variables `TENCENTCLOUD_*` and `TKE_*`, and those of the home directory. An empty variable counts as unset.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, SecretString>);

impl Environment {
    /// The process's current environment. A variable that is not Unicode counts as unset.
    pub fn capture() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of `name`, or `None` if it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.expose_secret())
    }

    /// Like [`Self::get`], for a value that must not be shown.
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        self.0.get(name).inspect(|value| secret::remember(value)).cloned()
    }

    /// The user's home directory: `HOME`, and on Windows `USERPROFILE`.
    pub fn home(&self) -> Option<&Path> {
        self.get("HOME").or_else(|| self.get("USERPROFILE")).map(Path::new)
    }

    /// `path` with a leading `~` replaced by the home directory.
    pub(super) fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix('~'), self.home()) {
            (Some(""), Some(home)) => home.to_owned(),
            (Some(rest), Some(home)) if rest.starts_with(['/', std::path::MAIN_SEPARATOR]) => home.join(&rest[1..]),
            _ => PathBuf::from(path),
        }
    }
}

/// Keeps the variables named above; the rest of a process's environment is not copied.
impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        let ours = |name: &str| {
            name.starts_with("TENCENTCLOUD_") || name.starts_with("TKE_") || matches!(name, "HOME" | "USERPROFILE")
        };
        let mut kept = BTreeMap::new();
        for (name, value) in variables {
            if ours(&name) && !value.is_empty() {
                kept.insert(name, value.into());
            }
        }
        Self(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn empty_and_foreign_variables_count_as_unset() {
        let environment = environment(&[("TENCENTCLOUD_REGION", ""), ("PATH", "/bin"), ("TKE_REGION", "ap-tokyo")]);
        for (name, expected) in [("TENCENTCLOUD_REGION", None), ("PATH", None), ("TKE_REGION", Some("ap-tokyo"))] {
            assert_eq!(environment.get(name), expected, "{name}");
        }
    }

    #[test]
    fn leading_tilde_is_the_home_directory() {
        let environment = environment(&[("HOME", "/home/ci")]);
        for (path, expected) in
            [("~/.tccli", "/home/ci/.tccli"), ("~", "/home/ci"), ("~other/x", "~other/x"), ("/a/~", "/a/~")]
        {
            assert_eq!(environment.expand(path), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn no_value_is_shown_by_debug() {
        let environment = environment(&[("TENCENTCLOUD_SECRET_KEY", "sesame")]);
        assert!(!format!("{environment:?}").contains("sesame"));
    }
}

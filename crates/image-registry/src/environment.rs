//! Variables of the environment, captured once.
//!
//! Nothing else here reads the process's environment, so that tests run beside each other, each with its own.

use std::collections::BTreeMap;
use std::fmt;

/// Variables: where the Docker configuration is, which proxies to use, and what credential helpers see.
#[derive(Clone, Default, PartialEq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// What the process has now. A variable that is not Unicode counts as unset.
    pub fn capture() -> Self {
        let variables = std::env::vars_os();
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
    }

    /// The value of `name`, or `None` when it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The same without the variables whose names begin with `prefix`: credential helpers get what is here.
    #[must_use]
    pub fn without(mut self, prefix: &str) -> Self {
        self.0.retain(|name, _| !name.starts_with(prefix));
        self
    }

    /// All names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// Without values, because some are secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        let environment =
            Environment::from_iter([("A".to_owned(), "secret".to_owned()), ("B".to_owned(), String::new())]);
        assert_eq!(format!("{environment:?}"), r#"{"A", "B"}"#);
        assert_eq!(environment.clone().without("A").get("A"), None);
        assert_eq!((environment.get("A"), environment.get("B"), environment.get("C")), (Some("secret"), None, None));
    }
}

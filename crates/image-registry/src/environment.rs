//! The environment variables, captured once.
//!
//! Nothing else in this crate reads the process's environment, so that tests can run concurrently, each with its own.

use std::collections::BTreeMap;
use std::fmt;

/// The environment: it locates the Docker configuration, sets proxies, and is passed to credential helpers.
#[derive(Clone, Default, PartialEq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's current environment. A variable that is not Unicode counts as unset.
    pub fn capture() -> Self {
        let variables = std::env::vars_os();
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
    }

    /// The value of `name`, or `None` when it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The environment without the variables whose names begin with `prefix`, so that credential helpers do not get them.
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
        let mut environment = BTreeMap::new();
        environment.extend(variables);
        Self(environment)
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

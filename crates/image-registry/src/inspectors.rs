//! Inspectors of a process: callers with the same configuration share connections, logins and measured layers.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Config, Inspector};

/// An [`Inspector`] for each requested [`Config`]. Most programs have one.
#[derive(Debug, Default)]
pub struct Inspectors(Mutex<Vec<(Config, Arc<Inspector>)>>);

impl Inspectors {
    /// The inspector for `config`. It reads and calls nothing yet.
    pub fn of(&self, config: Config) -> Arc<Inspector> {
        let mut inspectors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, inspector)) = inspectors.iter().find(|(known, _)| *known == config) {
            return Arc::clone(inspector);
        }
        let inspector = Arc::new(Inspector::new(config.clone()));
        inspectors.push((config, Arc::clone(&inspector)));
        inspector
    }
}

#[cfg(test)]
mod tests {
    use super::super::Login;
    use super::*;

    #[test]
    fn inspector_is_shared_by_equal_configurations() {
        let config = |password: &str| {
            let login = Login { username: "ci".to_owned(), password: password.into() };
            Config { credentials: [("registry.example.com".to_owned(), login)].into(), ..Config::default() }
        };
        let inspectors = Inspectors::default();
        let first = inspectors.of(config("the first password"));
        for (other, shared) in
            [(config("the first password"), true), (config("another"), false), (Config::default(), false)]
        {
            assert_eq!(Arc::ptr_eq(&first, &inspectors.of(other)), shared);
        }
        assert!(!format!("{inspectors:?}").contains("first"), "no password is shown");
    }
}

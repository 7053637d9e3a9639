//! The client under test, configured for a registry of the tests.

use std::collections::BTreeSet;

use image_registry::{Config, Inspector, Login, Reference};

use crate::docker_registry::{DockerRegistry, PASSWORD, USERNAME};

impl DockerRegistry {
    /// A configuration for this registry, without credentials.
    pub fn config(&self) -> Config {
        let hosts = BTreeSet::from([self.host.clone()]);
        if self.setup.tls {
            Config { skip_verify_hosts: hosts, ..Config::default() }
        } else {
            Config { http_hosts: hosts, ..Config::default() }
        }
    }

    /// An inspector for this registry, with a password if it requires one.
    pub fn inspector(&self) -> Inspector {
        let mut config = self.config();
        if self.setup.htpasswd {
            let login = Login { username: USERNAME.to_owned(), password: PASSWORD.into() };
            config.credentials.insert(self.host.clone(), login);
        }
        Inspector::new(config)
    }

    pub fn reference(&self, name: &str) -> Reference {
        Reference::parse(&format!("{}/{name}", self.host)).unwrap()
    }
}

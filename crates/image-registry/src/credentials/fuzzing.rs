//! The user's Docker configuration. See the provider's `fuzzing`.

use super::Credential;
use super::docker_config::DockerConfig;

/// A Docker configuration has a credential for a registry, none, or an error that does not show its content.
pub fn docker_config(input: &[u8]) {
    for registry in ["docker.io", "r.io", "localhost:5000"] {
        let read = DockerConfig::parse("config.json", input);
        match read.and_then(|config| config.stored(registry, "team/app", "config.json")) {
            Ok(Some(Credential::Login(login))) => assert!(!format!("{login:?}").contains("password: \"")),
            Ok(_) => {}
            Err(error) => {
                let error = error.to_string();
                assert!(error.starts_with("config.json: ") && error.len() < input.len() + 200, "{error}");
            }
        }
    }
}

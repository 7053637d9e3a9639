//! Who pulls: the credentials given for a registry, else those of the user's Docker configuration.
//!
//! In this order, and the first that has the registry wins:
//!
//! 1. credentials given for the server;
//! 2. `credHelpers` of the Docker configuration: the program for this registry;
//! 3. `credsStore`: the program for all of them;
//! 4. `auths`: in the file itself.
//!
//! The configuration is `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. No file, or nothing in it for this
//! registry, means anonymous. A file that cannot be read or a program that fails is an error, never anonymous: the pull
//! of the same image on this machine fails too.
//!
//! Source: <https://docs.docker.com/reference/cli/docker/login/>.

mod docker_config;
#[cfg(any(test, fuzzing, feature = "testing"))]
pub(super) mod fuzzing;
mod program;

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::environment::Environment;
use super::once::OnceMap;

/// A user name and password for a registry server.
#[derive(Debug, Clone)]
pub struct Login {
    /// Who logs in.
    pub username: String,
    /// With which password or access token.
    pub password: SecretString,
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        let Self { username, password } = self;
        *username == other.username && password.expose_secret() == other.password.expose_secret()
    }
}

/// What is shown to a registry or its token service.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    Login(Login),
    /// A refresh token, which the token service exchanges.
    IdentityToken(SecretString),
}

/// Why the credentials of the user's Docker configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct CredentialsError {
    /// File or program.
    place: String,
    reason: String,
}

impl CredentialsError {
    fn new(place: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self { place: place.to_string(), reason: reason.to_string() }
    }
}

/// The credentials of every registry. Each registry is looked up at most once, and only when it asks.
#[derive(Debug)]
pub(super) struct Credentials {
    given: BTreeMap<String, Login>,
    environment: Environment,
    found: OnceMap<String, Option<Credential>>,
}

impl Credentials {
    pub fn new(given: BTreeMap<String, Login>, environment: Environment) -> Self {
        let given = given.into_iter().map(|(server, login)| (server_name(&server), login)).collect();
        Self { given, environment, found: OnceMap::default() }
    }

    /// The credential for `registry`, as [`Reference::registry`](super::Reference::registry) names it.
    pub async fn find(&self, registry: &str) -> Result<Option<Credential>, CredentialsError> {
        if let Some(login) = self.given.get(registry) {
            return Ok(Some(Credential::Login(login.clone())));
        }
        self.found.get_or_try_make(registry.to_owned(), docker_config::find(registry, &self.environment)).await
    }
}

/// A server as users and Docker write it, as references name it: `https://index.docker.io/v1/` is `docker.io`.
fn server_name(server: &str) -> String {
    let server = server.trim_start_matches("https://").trim_start_matches("http://");
    let host = server.split('/').next().unwrap_or_default().to_ascii_lowercase();
    match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" => super::DEFAULT_REGISTRY.to_owned(),
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_one_name() {
        for (server, expected) in [
            ("https://index.docker.io/v1/", "docker.io"),
            ("index.docker.io", "docker.io"),
            ("registry-1.docker.io", "docker.io"),
            ("docker.io", "docker.io"),
            ("https://Demo.TencentCloudCR.com", "demo.tencentcloudcr.com"),
            ("http://localhost:5000/v2/", "localhost:5000"),
        ] {
            assert_eq!(server_name(server), expected, "{server}");
        }
    }

    #[tokio::test]
    async fn given_credentials_come_before_the_configuration() {
        let login = Login { username: "me".to_owned(), password: "secret".into() };
        let environment = Environment::from_iter([("DOCKER_CONFIG".to_owned(), "/dev/null".to_owned())]);
        let credentials = Credentials::new(BTreeMap::from([("https://r.io".to_owned(), login)]), environment);
        let found = credentials.find("r.io").await.unwrap();
        assert!(matches!(found, Some(Credential::Login(login)) if login.username == "me"));
        assert!(!format!("{credentials:?}").contains("secret"));
    }
}

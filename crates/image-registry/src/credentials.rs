//! Credentials for pulling: those configured for a registry, else those of the user's Docker or Podman configuration.
//!
//! The first of these that has a credential for the image is used:
//!
//! 1. credentials given for the server;
//! 2. `DOCKER_AUTH_CONFIG`: the `auths` of a configuration as text, as Docker 28 and GitLab read it;
//! 3. the file that `REGISTRY_AUTH_FILE` names, as Podman, Buildah and Skopeo read it;
//! 4. Docker's file: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`;
//! 5. unless `REGISTRY_AUTH_FILE` is set, Podman's files: `$XDG_RUNTIME_DIR/containers/auth.json`, then
//!    `$XDG_CONFIG_HOME/containers/auth.json`, else `~/.config/containers/auth.json`.
//!
//! In each file:
//!
//! 1. `credHelpers`: the program for this registry;
//! 2. `credsStore`: the program for all of them;
//! 3. `auths`: in the file itself.
//!
//! If a file does not exist, is empty, or has no entry for the registry, the next one is read; after the last, the pull is
//! anonymous. A file that cannot be read or a program that fails is an error, as in a pull with Docker or Podman.
//!
//! Sources: <https://docs.docker.com/reference/cli/docker/login/>,
//! <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>.

mod docker_config;
#[cfg(any(test, fuzzing, feature = "testing"))]
pub(super) mod fuzzing;
mod program;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::environment::Environment;
use super::once::OnceMap;
use docker_config::DockerConfig;

const AUTH_CONFIG: &str = "DOCKER_AUTH_CONFIG";

/// A user name and password for a registry server.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password or access token.
    pub password: SecretString,
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        let Self { username, password } = self;
        *username == other.username && password.expose_secret() == other.password.expose_secret()
    }
}

/// A credential for a registry or its token service.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    Login(Login),
    /// A refresh token, which the token service exchanges for an access token.
    IdentityToken(SecretString),
}

/// Why the user's Docker configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct CredentialsError {
    /// File or program.
    place: String,
    reason: String,
}

impl CredentialsError {
    /// `place` is a file or a program; `reason` holds no secret.
    pub fn new(place: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self { place: place.to_string(), reason: reason.to_string() }
    }
}

/// The credentials of every registry. Each repository is looked up at most once, and only when its registry asks.
#[derive(Debug)]
pub(super) struct Credentials {
    given: BTreeMap<String, Login>,
    environment: Environment,
    found: OnceMap<(String, String), Option<Credential>>,
}

impl Credentials {
    pub fn new(given: BTreeMap<String, Login>, environment: Environment) -> Self {
        let given = given.into_iter().map(|(server, login)| (server_name(&server), login)).collect();
        Self { given, environment, found: OnceMap::default() }
    }

    /// The credential for a repository of `registry`, as [`Reference::registry`](super::Reference::registry) names it.
    pub async fn find(&self, registry: &str, repository: &str) -> Result<Option<Credential>, CredentialsError> {
        if let Some(login) = self.given.get(registry) {
            return Ok(Some(Credential::Login(login.clone())));
        }
        let key = (registry.to_owned(), repository.to_owned());
        self.found.get_or_try_make(key, find(registry, repository, &self.environment)).await
    }
}

/// Searches the user's configuration, one place after another.
async fn find(
    registry: &str,
    repository: &str,
    environment: &Environment,
) -> Result<Option<Credential>, CredentialsError> {
    if let Some(text) = environment.get(AUTH_CONFIG) {
        let place = format!("the environment variable {AUTH_CONFIG}");
        if let Some(credential) = DockerConfig::parse(&place, text.as_bytes())?.stored(registry, repository, &place)? {
            return Ok(Some(credential));
        }
    }
    for path in files(environment) {
        let Some(config) = DockerConfig::read(&path).await? else { continue };
        if let Some(credential) = config.find(registry, repository, &path, environment).await? {
            return Ok(Some(credential));
        }
    }
    Ok(None)
}

/// The files that may have credentials, the one that takes precedence first.
fn files(environment: &Environment) -> Vec<PathBuf> {
    let variable = |name| environment.get(name).map(PathBuf::from);
    let home = variable("HOME").or_else(|| variable("USERPROFILE"));
    let in_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let docker = variable("DOCKER_CONFIG").or_else(|| in_home(".docker")).map(|path| path.join("config.json"));
    let podman = |directory: Option<PathBuf>| directory.map(|path| path.join("containers/auth.json"));
    let files = match variable("REGISTRY_AUTH_FILE") {
        Some(file) => [Some(file), docker, None],
        None => {
            let config = variable("XDG_CONFIG_HOME").or_else(|| in_home(".config"));
            [docker, podman(variable("XDG_RUNTIME_DIR")), podman(config)]
        }
    };
    files.into_iter().flatten().collect()
}

/// The name that references use for a server as users or Docker write it: `docker.io` for `https://index.docker.io/v1/`.
pub(super) fn server_name(server: &str) -> String {
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
        let found = credentials.find("r.io", "team/app").await.unwrap();
        assert!(matches!(found, Some(Credential::Login(login)) if login.username == "me"));
        assert!(!format!("{credentials:?}").contains("secret"));
    }
}

//! The user's Docker configuration file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

use crate::Environment;

use super::{Credential, CredentialsError, Login, program, server_name};

/// The key that Docker uses for its own registry, in the file and towards helper programs.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DockerConfig {
    auths: BTreeMap<String, Auth>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    /// `username:password` in Base64.
    auth: Option<SecretString>,
    username: Option<String>,
    password: Option<SecretString>,
    identitytoken: Option<SecretString>,
}

/// The credential for `registry`, if the configuration has one.
pub(super) async fn find(registry: &str, environment: &Environment) -> Result<Option<Credential>, CredentialsError> {
    let Some(path) = path(environment) else { return Ok(None) };
    let Some(config) = read(&path).await? else { return Ok(None) };
    let server = if registry == crate::DEFAULT_REGISTRY { DOCKER_HUB } else { registry };
    let helper = config.cred_helpers.iter().find(|(server, _)| server_name(server) == registry).map(|(_, name)| name);
    if let Some(name) = helper.or(config.creds_store.as_ref()).filter(|name| !name.is_empty())
        && let Some(credential) = program::get(name, server, environment).await?
    {
        return Ok(Some(credential));
    }
    config.stored(registry, &path)
}

fn path(environment: &Environment) -> Option<PathBuf> {
    match environment.get("DOCKER_CONFIG") {
        Some(directory) => Some(Path::new(directory).join("config.json")),
        None => {
            let home = environment.get("HOME").or_else(|| environment.get("USERPROFILE"))?;
            Some(Path::new(home).join(".docker/config.json"))
        }
    }
}

async fn read(path: &Path) -> Result<Option<DockerConfig>, CredentialsError> {
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CredentialsError::new(path.display(), error)),
    };
    parse(path, &bytes).map(Some)
}

/// Reads what is in the file at `path`.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<DockerConfig, CredentialsError> {
    // The parser's own message could quote a password; its position cannot.
    serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("it is not a Docker configuration: line {}, column {}", error.line(), error.column());
        CredentialsError::new(path.display(), place)
    })
}

impl DockerConfig {
    /// The credential for `registry` that is in the file itself.
    pub fn stored(self, registry: &str, path: &Path) -> Result<Option<Credential>, CredentialsError> {
        let Some((server, auth)) = self.auths.into_iter().find(|(server, _)| server_name(server) == registry) else {
            return Ok(None);
        };
        auth.into_credential()
            .map_err(|reason| CredentialsError::new(path.display(), format!("auths of {server}: {reason}")))
    }
}

impl Auth {
    /// `None` for an empty entry, which Docker leaves where a helper has the password.
    fn into_credential(self) -> Result<Option<Credential>, &'static str> {
        use secrecy::ExposeSecret as _;
        let is_set = |secret: &SecretString| !secret.expose_secret().is_empty();
        if let Some(token) = self.identitytoken.filter(is_set) {
            return Ok(Some(Credential::IdentityToken(token)));
        }
        if let Some(auth) = self.auth.filter(is_set) {
            let bytes = BASE64_STANDARD.decode(auth.expose_secret().trim()).map_err(|_| "auth is not Base64")?;
            let text = String::from_utf8(bytes).map_err(|_| "auth is not UTF-8")?;
            let (username, password) =
                text.split_once(':').ok_or("auth has no colon between user name and password")?;
            let password = password.trim_matches('\0').into();
            return Ok(Some(Credential::Login(Login { username: username.to_owned(), password })));
        }
        let login = self.username.zip(self.password).map(|(username, password)| Login { username, password });
        Ok(login.map(Credential::Login))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    /// A directory with a configuration and a helper program `docker-credential-test`, and the environment for both.
    struct Fixture {
        directory: tempfile::TempDir,
        environment: Environment,
    }

    impl Fixture {
        fn new(config: &str) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let home = directory.path().to_str().unwrap().to_owned();
            std::fs::write(directory.path().join("config.json"), config).unwrap();
            let environment = Environment::from_iter([
                ("DOCKER_CONFIG".to_owned(), home.clone()),
                ("PATH".to_owned(), format!("{home}:/bin")),
            ]);
            Self { directory, environment }
        }

        fn with_program(self, script: &str) -> Self {
            let path = self.directory.path().join("docker-credential-test");
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            self
        }

        async fn find(&self, registry: &str) -> String {
            match find(registry, &self.environment).await {
                Ok(None) => "anonymous".to_owned(),
                Ok(Some(Credential::IdentityToken(token))) => format!("token {}", token.expose_secret()),
                Ok(Some(Credential::Login(login))) => format!("{} {}", login.username, login.password.expose_secret()),
                Err(error) => error.to_string(),
            }
        }
    }

    #[tokio::test]
    async fn the_file_has_credentials() {
        let fixture = Fixture::new(
            r#"{"auths": {
                "https://index.docker.io/v1/": {"auth": "aHViOnA6dw=="},
                "r.io:5000": {"username": "u", "password": "p"},
                "token.io": {"auth": "dTpw", "identitytoken": "refresh"},
                "empty.io": {},
                "bad.io": {"auth": "%%%"},
                "nocolon.io": {"auth": "YWJj"}}}"#,
        );
        for (registry, expected) in [
            ("docker.io", "hub p:w"),
            ("r.io:5000", "u p"),
            ("r.io", "anonymous"),
            ("token.io", "token refresh"),
            ("empty.io", "anonymous"),
            ("other.io", "anonymous"),
        ] {
            assert_eq!(fixture.find(registry).await, expected, "{registry}");
        }
        assert!(fixture.find("bad.io").await.ends_with("config.json: auths of bad.io: auth is not Base64"));
        assert!(fixture.find("nocolon.io").await.ends_with("auth has no colon between user name and password"));
    }

    #[tokio::test]
    async fn no_file_means_anonymous_and_a_broken_one_is_an_error() {
        let fixture = Fixture::new(r#"{"auths": {"r.io": {"auth": 5, "password": "hunter2"}}}"#);
        let error = fixture.find("r.io").await;
        assert!(error.contains("config.json: it is not a Docker configuration: line 1") && !error.contains("hunter2"));
        let elsewhere = Environment::from_iter([("DOCKER_CONFIG".to_owned(), "/nonexistent".to_owned())]);
        for environment in [elsewhere, Environment::default()] {
            assert!(find("r.io", &environment).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn the_home_directory_is_the_default() {
        let fixture = Fixture::new("{}");
        let home = fixture.directory.path();
        std::fs::create_dir(home.join(".docker")).unwrap();
        std::fs::write(home.join(".docker/config.json"), r#"{"auths":{"r.io":{"auth":"dTpw"}}}"#).unwrap();
        let environment = Environment::from_iter([("HOME".to_owned(), home.to_str().unwrap().to_owned())]);
        assert!(find("r.io", &environment).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn helper_programs_are_asked() {
        let config =
            r#"{"credHelpers": {"helped.io": "test"}, "credsStore": "test", "auths": {"file.io": {"auth": "dTpw"}}}"#;
        let script = r#"
            read server
            case "$1 $server" in
                "get helped.io") echo '{"Username":"u","Secret":"s"}';;
                "get https://index.docker.io/v1/") echo '{"Username":"<token>","Secret":"refresh"}';;
                "get file.io") echo 'credentials not found in native keychain'; exit 1;;
                "get garbage.io") echo 'hunter2';;
                *) echo "keychain is locked"; exit 1;;
            esac"#;
        let fixture = Fixture::new(config).with_program(script);
        for (registry, expected) in [
            ("helped.io", "u s"),
            ("docker.io", "token refresh"),
            ("file.io", "u p"),
            ("locked.io", "docker-credential-test: it failed for locked.io: keychain is locked"),
            ("garbage.io", "docker-credential-test: its answer is not the JSON of a credential helper"),
        ] {
            assert_eq!(fixture.find(registry).await, expected, "{registry}");
        }
    }

    #[tokio::test]
    async fn a_helper_that_is_missing_or_named_strangely_is_an_error() {
        for (name, expected) in [
            ("missing", "docker-credential-missing: it cannot be started: no absolute directory of PATH contains it"),
            ("../../bin/sh", "docker-credential-../../bin/sh: that is not the name of a credential helper"),
        ] {
            let fixture = Fixture::new(&format!(r#"{{"credsStore": "{name}"}}"#));
            let error = fixture.find("r.io").await;
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_helper_that_does_not_answer_is_ended() {
        let fixture = Fixture::new(r#"{"credsStore": "test"}"#).with_program("exec sleep 600");
        assert_eq!(fixture.find("r.io").await, "docker-credential-test: no answer within 15 seconds");
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let fixture = Fixture::new(r#"{"credsStore": "test"}"#).with_program("exec cat /dev/zero");
        assert_eq!(fixture.find("r.io").await, "docker-credential-test: its answer is longer than 65536 bytes");
    }
}

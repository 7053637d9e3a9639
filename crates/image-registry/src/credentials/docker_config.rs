//! A configuration file of Docker or Podman: `config.json`, `auth.json`.
//!
//! Keys are servers, in several forms: `registry.example.com`, the URL that old versions of Docker wrote, and in Podman also a
//! namespace or a repository. The longest exact key takes precedence, then a URL of the server. Entries without a credential,
//! which Docker writes when a helper has it, are skipped.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};

use crate::Environment;

use super::{Credential, CredentialsError, Login, program, server_name};

/// The key that Docker uses for Docker Hub, in the file and for helper programs.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DockerConfig {
    #[serde(deserialize_with = "null_as_default")]
    auths: BTreeMap<String, Option<Auth>>,
    #[serde(deserialize_with = "null_as_default")]
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

fn null_as_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl DockerConfig {
    /// Reads the file at `path`; `None` if it does not exist.
    pub async fn read(path: &Path) -> Result<Option<Self>, CredentialsError> {
        match tokio::fs::read(path).await {
            Ok(bytes) => Self::parse(&path.display().to_string(), &bytes).map(Some),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(CredentialsError::new(path.display(), error)),
        }
    }

    /// Parses the content of the file or variable `place`. Empty content is an empty configuration.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Self, CredentialsError> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        // The parser's message could quote a password; its position cannot.
        serde_json::from_slice(bytes).map_err(|error| {
            let reason = format!("it is not a Docker configuration: line {}, column {}", error.line(), error.column());
            CredentialsError::new(place, reason)
        })
    }

    /// The credential for a repository, from a helper program or from the file itself.
    pub async fn find(
        &self,
        registry: &str,
        repository: &str,
        path: &Path,
        environment: &Environment,
    ) -> Result<Option<Credential>, CredentialsError> {
        let helper = matching(&self.cred_helpers, registry, repository).next().map(|(_, name)| name);
        let server = if registry == crate::DEFAULT_REGISTRY { DOCKER_HUB } else { registry };
        if let Some(name) = helper.or(self.creds_store.as_ref()).filter(|name| !name.is_empty())
            && let Some(credential) = program::get(name, server, environment).await?
        {
            return Ok(Some(credential));
        }
        self.stored(registry, repository, &path.display().to_string())
    }

    /// The credential for a repository that is in the file itself.
    pub fn stored(
        &self,
        registry: &str,
        repository: &str,
        place: &str,
    ) -> Result<Option<Credential>, CredentialsError> {
        for (server, auth) in matching(&self.auths, registry, repository) {
            let credential = auth.as_ref().map_or(Ok(None), Auth::credential);
            let credential =
                credential.map_err(|reason| CredentialsError::new(place, format!("auths of {server}: {reason}")))?;
            if credential.is_some() {
                return Ok(credential);
            }
        }
        Ok(None)
    }
}

/// The entries for a repository, the best match first.
fn matching<'a, T>(
    entries: &'a BTreeMap<String, T>,
    registry: &'a str,
    repository: &str,
) -> impl Iterator<Item = (&'a String, &'a T)> {
    let whole = format!("{registry}/{repository}");
    let namespaces = whole.match_indices('/').map(|(at, _)| whole[..at].to_owned());
    let mut keys: Vec<_> = namespaces.chain([whole.clone()]).collect();
    // Docker Hub has a different name here than in references.
    keys[0] = if registry == crate::DEFAULT_REGISTRY { DOCKER_HUB.to_owned() } else { registry.to_owned() };
    let exact: Vec<_> = keys.iter().rev().filter_map(|key| entries.get_key_value(key)).collect();
    let urls = entries.iter().filter(move |(key, _)| is_server(key) && server_name(key) == registry);
    exact.into_iter().chain(urls)
}

/// Whether a key names a whole server, perhaps by a URL, and not a namespace on it.
fn is_server(key: &str) -> bool {
    let is_url = key.starts_with("http://") || key.starts_with("https://");
    is_url || key.split_once('/').is_none_or(|(_, path)| matches!(path.trim_end_matches('/'), "" | "v1" | "v2"))
}

impl Auth {
    /// `None` for an empty entry, which Docker writes when a helper has the password.
    fn credential(&self) -> Result<Option<Credential>, &'static str> {
        let set = |secret: &Option<SecretString>| secret.clone().filter(|secret| !secret.expose_secret().is_empty());
        if let Some(token) = set(&self.identitytoken) {
            return Ok(Some(Credential::IdentityToken(token)));
        }
        if let Some(auth) = set(&self.auth) {
            let bytes = BASE64_STANDARD.decode(auth.expose_secret().trim()).map_err(|_| "auth is not Base64")?;
            let text = String::from_utf8(bytes).map_err(|_| "auth is not UTF-8")?;
            let (username, password) =
                text.split_once(':').ok_or("auth has no colon between user name and password")?;
            let password = password.trim_matches('\0').into();
            return Ok(Some(Credential::Login(Login { username: username.to_owned(), password })));
        }
        let username = self.username.clone().filter(|username| !username.is_empty());
        let login = username.zip(set(&self.password)).map(|(username, password)| Login { username, password });
        Ok(login.map(Credential::Login))
    }
}

#[cfg(test)]
mod tests;

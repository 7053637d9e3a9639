//! The server of a repository: its registry, or a mirror.

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::authorization::{Challenge, WITH_CREDENTIALS, WITHOUT_CREDENTIALS, unauthorized};
use super::credentials::Credentials;
use super::error::{Cause, html, shown};
use super::hosts::host;
use super::manifest::MEDIA_TYPES;
use super::mirror::Mirror;
use super::reference::Reference;
use super::reply::Reply;
use super::transport::{Get, Transport};

const MAX_ERROR: usize = 16 << 10;

/// A repository at one server, and access to it.
pub(super) struct Source<'a> {
    transport: &'a Transport,
    credentials: &'a Credentials,
    base: Url,
    /// The repository's name on the server.
    repository: String,
    /// The name for looking up credentials.
    server: String,
    pub is_mirror: bool,
    authorization: Mutex<Option<HeaderValue>>,
}

impl<'a> Source<'a> {
    /// The registry itself.
    pub fn registry(
        reference: &Reference,
        transport: &'a Transport,
        credentials: &'a Credentials,
    ) -> Result<Self, Cause> {
        let base = transport.base(reference.registry())?;
        let (repository, server) = (reference.repository().to_owned(), reference.registry().to_owned());
        let authorization = Mutex::default();
        Ok(Self { transport, credentials, base, repository, server, is_mirror: false, authorization })
    }

    /// A mirror.
    pub fn mirror(
        mirror: &Mirror,
        reference: &Reference,
        transport: &'a Transport,
        credentials: &'a Credentials,
    ) -> Result<Self, Cause> {
        let (base, namespace) = mirror.base();
        transport.trust(&base);
        if !transport.may_call(&base) {
            let message = format!("the mirror {mirror} uses plain HTTP, but its host is not listed for plain HTTP");
            return Err(Cause::Client(message));
        }
        let repository = match namespace {
            "" => reference.repository().to_owned(),
            namespace => format!("{namespace}/{}", reference.repository()),
        };
        let (server, authorization) = (mirror.server(), Mutex::default());
        Ok(Self { transport, credentials, base, repository, server, is_mirror: true, authorization })
    }

    /// The host of the server.
    pub fn host(&self) -> String {
        host(&self.base)
    }

    /// A successful response for `path` in the repository.
    pub async fn get(&self, path: &str) -> Result<Reply, Cause> {
        let reply = self.send(Method::GET, path, HeaderMap::new()).await?;
        if reply.status() == StatusCode::OK { Ok(reply) } else { Err(self.refusal(path, reply).await) }
    }

    /// The response for `path` in the repository, of any status, after a challenge if the server makes one.
    pub async fn send(&self, method: Method, path: &str, headers: HeaderMap) -> Result<Reply, Cause> {
        let url = self.base.join(&format!("{}/{path}", self.repository));
        let url = url.map_err(|error| Cause::Client(error.to_string()))?;
        let mut get = Get::new(url).accept(MEDIA_TYPES);
        get.method = method;
        get.headers.extend(headers);
        get.authorization = self.authorization.lock().await.clone();
        let reply = self.transport.get(&get).await?;
        if reply.status() != StatusCode::UNAUTHORIZED || reply.host() != self.host() {
            return Ok(reply);
        }
        // This is the first response, or the token has expired.
        let challenge = Challenge::of(reply.headers());
        let renewed = self.authorize(challenge, get.authorization.as_ref()).await?;
        if get.authorization.as_ref() == Some(&renewed) {
            return Ok(reply);
        }
        drop(reply);
        get.authorization = Some(renewed);
        self.transport.get(&get).await
    }

    /// Replaces the refused authorization. Of concurrent refused requests, only one requests a new one.
    async fn authorize(
        &self,
        challenge: Option<Challenge>,
        refused: Option<&HeaderValue>,
    ) -> Result<HeaderValue, Cause> {
        let mut authorization = self.authorization.lock().await;
        if let Some(known) = authorization.as_ref().filter(|known| Some(*known) != refused) {
            return Ok(known.clone());
        }
        let challenge =
            challenge.ok_or_else(|| unauthorized(&self.base, "with an unsupported authentication scheme"))?;
        let credential = self.credentials.find(&self.server, &self.repository).await?;
        let renewed = challenge.respond(self.transport, &self.base, &self.repository, credential).await?;
        Ok(authorization.insert(renewed).clone())
    }

    /// Why the server did not send `path`.
    pub async fn refusal(&self, path: &str, reply: Reply) -> Cause {
        let (status, host) = (reply.status(), reply.host());
        let body = reply.prefix(MAX_ERROR).await.unwrap_or_default();
        let error = RegistryError::parse(&body);
        let page = html(&body);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if host == self.host() => {
                let has_credential = self.credentials.find(&self.server, &self.repository).await;
                let is_anonymous = matches!(has_credential, Ok(None));
                unauthorized(&self.base, if is_anonymous { WITHOUT_CREDENTIALS } else { WITH_CREDENTIALS })
            }
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS && page.is_some() => {
                Cause::NotARegistry { host, status: status.as_u16(), excerpt: page.unwrap_or_default() }
            }
            StatusCode::NOT_FOUND => {
                let what = match path.split_once('/') {
                    _ if error.code == "NAME_UNKNOWN" => format!("repository {}", self.repository),
                    Some(("manifests", name)) if !name.contains(':') => format!("tag {name}"),
                    Some(("manifests", name)) => format!("manifest {name}"),
                    Some((_, name)) => format!("layer {name}"),
                    None => path.to_owned(),
                };
                Cause::NotFound { host, what }
            }
            status => Cause::Refused { host, status: status.as_u16(), message: error.message() },
        }
    }
}

/// The first error of a registry's error document.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RegistryError {
    code: String,
    message: String,
}

impl RegistryError {
    fn parse(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Errors {
            errors: Vec<RegistryError>,
        }
        let errors = serde_json::from_slice(body).ok();
        errors.and_then(|Errors { errors }| errors.into_iter().next()).unwrap_or_default()
    }

    /// Escaped for a terminal.
    fn message(&self) -> String {
        shown(&format!("{} {}", self.code, self.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_documents_are_escaped() {
        for (body, expected) in [
            (
                r#"{"errors":[{"code":"TOOMANY","message":"slow\u001b[31m down\n","detail":{}},{"code":"B"}]}"#,
                r"TOOMANY slow\u{1b}[31m down",
            ),
            (r#"{"errors":[]}"#, ""),
            ("<html>", ""),
        ] {
            assert_eq!(RegistryError::parse(body.as_bytes()).message(), expected);
        }
    }
}

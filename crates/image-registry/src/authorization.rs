//! Responses to a registry's challenge: `Basic`, and `Bearer` with a token service.
//!
//! A credential is sent only after the registry's challenge, and only to the registry or to the token service that the
//! registry names. The scope of a token is always pulling one repository, whatever the challenge requests.
//!
//! Source: <https://distribution.github.io/distribution/spec/auth/token/> and `oauth/` beside it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::credentials::{Credential, Login};
use super::error::{Cause, shown};
use super::hosts::host;
use super::reply::Reply;
use super::transport::{Get, Transport};

/// Tokens are a few KiB.
const MAX_TOKEN_RESPONSE: usize = 256 << 10;

#[derive(Deserialize)]
struct Tokens {
    token: Option<SecretString>,
    access_token: Option<SecretString>,
}

/// A registry's demand for authorization.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

impl Challenge {
    /// The strongest supported challenge in the headers.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        // Bytes above 127 are allowed in a realm, and are irrelevant here.
        let ascii = |value: &HeaderValue| -> String {
            value.as_bytes().iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect()
        };
        let texts: Vec<_> = headers.get_all(WWW_AUTHENTICATE).iter().map(ascii).collect();
        let mut challenges: Vec<_> =
            texts.iter().filter_map(|text| http_auth::parse_challenges(text).ok()).flatten().collect();
        let parameter = |challenge: &http_auth::ChallengeRef<'_>, name: &str| {
            let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        challenges.sort_by_key(|challenge| !challenge.scheme.eq_ignore_ascii_case("bearer"));
        challenges.iter().find_map(|challenge| match challenge.scheme.to_ascii_lowercase().as_str() {
            "bearer" => {
                Some(Self::Bearer { realm: parameter(challenge, "realm")?, service: parameter(challenge, "service") })
            }
            "basic" => Some(Self::Basic),
            _ => None,
        })
    }

    /// The value of `Authorization` that responds to the challenge of the registry at `home` for pulling `repository`.
    pub async fn respond(
        &self,
        transport: &Transport,
        home: &Url,
        repository: &str,
        credential: Option<Credential>,
    ) -> Result<HeaderValue, Cause> {
        match (self, credential) {
            (Self::Basic, Some(Credential::Login(login))) => basic(&login),
            (Self::Basic, Some(Credential::IdentityToken(_))) => {
                Err(unauthorized(home, "with an identity token: it requires a user name and password"))
            }
            (Self::Basic, None) => Err(unauthorized(home, WITHOUT_CREDENTIALS)),
            (Self::Bearer { realm, service }, credential) => {
                let realm = Url::parse(realm).map_err(|_| Cause::Redirect {
                    to: shown(realm),
                    reason: "it is not the URL of a token service",
                })?;
                bearer(transport, home, realm, service.as_deref(), repository, credential).await
            }
        }
    }
}

/// Completes "refuses access" when no credentials were sent.
pub(super) const WITHOUT_CREDENTIALS: &str = "without credentials, and none are configured for it";
pub(super) const WITH_CREDENTIALS: &str = "with the configured credentials: check the user name and password";

pub(super) fn unauthorized(url: &Url, with: &'static str) -> Cause {
    Cause::Unauthorized { host: host(url), with }
}

async fn bearer(
    transport: &Transport,
    home: &Url,
    mut realm: Url,
    service: Option<&str>,
    repository: &str,
    credential: Option<Credential>,
) -> Result<HeaderValue, Cause> {
    let scope = format!("repository:{repository}:pull");
    transport.check_referral(home, &realm).await?;
    let with = if credential.is_some() { WITH_CREDENTIALS } else { WITHOUT_CREDENTIALS };
    let reply = match credential {
        Some(Credential::IdentityToken(token)) => {
            safe_text::remember(token.expose_secret());
            let mut form = vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", token.expose_secret()),
                ("client_id", transport.program.name),
                ("scope", &scope),
            ];
            form.extend(service.map(|service| ("service", service)));
            transport.post_form(&realm, &form).await?
        }
        login => {
            realm
                .query_pairs_mut()
                .extend_pairs(service.map(|service| ("service", service)))
                .append_pair("scope", &scope);
            let mut get = Get::new(realm.clone());
            if let Some(Credential::Login(login)) = login {
                get.authorization = Some(basic(&login)?);
            }
            transport.get(&get).await?
        }
    };
    token(reply, &realm, with).await
}

async fn token(reply: Reply, realm: &Url, with: &'static str) -> Result<HeaderValue, Cause> {
    match reply.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {
            return Err(unauthorized(realm, with));
        }
        status => {
            let message = "this is the registry's token service".to_owned();
            return Err(Cause::Refused { host: host(realm), status: status.as_u16(), message });
        }
    }
    let body = reply.body("the response of the token service", MAX_TOKEN_RESPONSE).await?;
    let tokens: Option<Tokens> = serde_json::from_slice(&body).ok();
    let is_set = |token: &SecretString| !token.expose_secret().is_empty();
    let token = tokens.and_then(|tokens| tokens.token.filter(is_set).or(tokens.access_token.filter(is_set)));
    let value = token.and_then(|token| {
        safe_text::remember(token.expose_secret());
        sensitive(format!("Bearer {}", token.expose_secret()))
    });
    // The response may contain a token; it is not quoted.
    value.ok_or_else(|| Cause::Refused {
        host: host(realm),
        status: 200,
        message: "the response contains no token".to_owned(),
    })
}

fn basic(login: &Login) -> Result<HeaderValue, Cause> {
    safe_text::remember(login.password.expose_secret());
    let pair = BASE64_STANDARD.encode(format!("{}:{}", login.username, login.password.expose_secret()));
    sensitive(format!("Basic {pair}"))
        .ok_or_else(|| Cause::Client("the credentials are too long for a header".to_owned()))
}

/// A header value that neither `Debug` nor HTTP/2's compression table keeps.
fn sensitive(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        for (headers, expected) in [
            (&["Basic realm=\"x\""][..], Some(Challenge::Basic)),
            (&["basic"], Some(Challenge::Basic)),
            (
                &["Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a/b:pull,push\""],
                bearer("https://a/t", Some("s")),
            ),
            (&["bearer REALM=\"https://a/t\""], bearer("https://a/t", None)),
            (&["Basic realm=\"x\", Bearer realm=\"https://a/t\""], bearer("https://a/t", None)),
            (&["Basic realm=\"x\"", "Bearer realm=\"https://a/t\""], bearer("https://a/t", None)),
            (&["Bearer service=\"no realm\"", "Basic realm=\"x\""], Some(Challenge::Basic)),
            (&["Basic realm=\"Zug\u{e4}nge\""], Some(Challenge::Basic)),
            (&["Negotiate"], None),
            (&["\"\"\"", ""], None),
            (&[], None),
        ] {
            let mut map = HeaderMap::new();
            map.extend(
                headers.iter().map(|text| (Some(WWW_AUTHENTICATE), HeaderValue::from_bytes(text.as_bytes()).unwrap())),
            );
            assert_eq!(Challenge::of(&map), expected, "{headers:?}");
        }
    }
}

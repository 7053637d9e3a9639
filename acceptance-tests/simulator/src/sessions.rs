//! Temporary credentials: issued with an expiry, refused after it, and valid only with their token.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::random::random_text;
use crate::settings::KeyPair;

/// A caller, as `GetCallerIdentity` returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub arn: String,
    /// The UIN of the main account.
    pub account_id: String,
    pub user_id: String,
    pub principal_id: String,
    pub kind: &'static str,
    /// Whether the credentials are temporary.
    pub temporary: bool,
}

impl Identity {
    /// A role of `account`, assumed by `principal`.
    pub fn of_role(account: &str, role: &str, session: &str, principal: &str) -> Self {
        Self {
            arn: format!("qcs::sts:{account}:assumed-role/{role}"),
            account_id: account.to_owned(),
            user_id: format!("{role}:{session}"),
            principal_id: principal.to_owned(),
            kind: "CAMRole",
            temporary: true,
        }
    }
}

impl From<&KeyPair> for Identity {
    fn from(key: &KeyPair) -> Self {
        let KeyPair { account_id, user_id, .. } = key;
        Self {
            arn: format!("qcs::cam::uin/{account_id}:uin/{user_id}"),
            account_id: account_id.clone(),
            user_id: user_id.clone(),
            principal_id: user_id.clone(),
            kind: "CAMUser",
            temporary: false,
        }
    }
}

/// The state of `sts` and the metadata service.
#[derive(Debug, Default)]
pub(crate) struct Sts {
    /// By `TmpSecretId`; expired ones are kept, and refused as expired.
    sessions: HashMap<String, Session>,
    /// The lifetime of all sessions, overriding the requested one.
    lifetime: Option<Duration>,
    web_identity: Option<String>,
    /// The role bound to the instance that the metadata service serves.
    pub instance_role: Option<String>,
}

impl Sts {
    pub fn set_lifetime(&mut self, lifetime: Option<Duration>) {
        self.lifetime = lifetime;
    }

    /// The secret keys and tokens of all sessions.
    pub fn secrets(&self) -> Vec<String> {
        self.sessions.values().flat_map(|session| [session.secret_key.clone(), session.token.clone()]).collect()
    }

    /// Accepts only this token; `None` accepts any non-empty one.
    pub fn accept_web_identity(&mut self, token: Option<String>) {
        self.web_identity = token;
    }

    pub fn accepts_web_identity(&self, token: &str) -> bool {
        !token.is_empty() && self.web_identity.as_ref().is_none_or(|accepted| accepted == token)
    }

    /// Issues temporary credentials for `identity`.
    pub fn issue(&mut self, rng: &mut StdRng, identity: Identity, seconds: u64, now: Timestamp) -> Session {
        let lifetime = self.lifetime.unwrap_or(Duration::from_secs(seconds));
        let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::ZERO);
        let mut random = |prefix: &str, length| format!("{prefix}{}", random_text(rng, length));
        let session = Session {
            secret_id: random("AKID", 60),
            secret_key: random("", 44),
            token: random("", 200),
            expires: now.checked_add(lifetime).unwrap_or(Timestamp::MAX),
            revoked: false,
            identity,
        };
        self.sessions.insert(session.secret_id.clone(), session.clone());
        session
    }

    /// The identity of a session's key, and the secret key for checking the signature; `None` if no session has the key.
    ///
    /// # Errors
    ///
    /// `AuthFailure.TokenFailure`.
    pub fn authenticate(
        &self,
        secret_id: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<(Identity, String)>, ApiError> {
        let Some(session) = self.sessions.get(secret_id) else { return Ok(None) };
        if token != Some(session.token.as_str()) {
            return Err(wrong_token());
        }
        if session.revoked || session.expires <= now {
            return Err(ApiError::new("AuthFailure.TokenFailure", "The token has expired."));
        }
        Ok(Some((session.identity.clone(), session.secret_key.clone())))
    }

    /// Revokes all sessions before they expire.
    pub fn expire(&mut self) {
        for session in self.sessions.values_mut() {
            session.revoked = true;
        }
    }
}

/// Temporary credentials.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    secret_id: String,
    secret_key: String,
    token: String,
    expires: Timestamp,
    revoked: bool,
    identity: Identity,
}

impl Session {
    /// In the format of the actions of `sts`.
    pub fn response(&self) -> Value {
        let Self { secret_id, secret_key, token, expires, .. } = self;
        json!({
            "Credentials": {"Token": token, "TmpSecretId": secret_id, "TmpSecretKey": secret_key},
            "ExpiredTime": expires.as_second(),
            "Expiration": iso(*expires),
        })
    }

    /// In the format of the metadata service.
    pub fn metadata(&self) -> Value {
        let Self { secret_id, secret_key, token, expires, .. } = self;
        json!({
            "TmpSecretId": secret_id,
            "TmpSecretKey": secret_key,
            "Token": token,
            "ExpiredTime": expires.as_second(),
            "Expiration": iso(*expires),
            "Code": "Success",
        })
    }
}

/// A token that does not belong to the key.
pub(crate) fn wrong_token() -> ApiError {
    ApiError::new("AuthFailure.TokenFailure", "The token does not belong to this SecretId.")
}

fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::state::World;

    fn code(result: Result<(Identity, String), ApiError>) -> String {
        result.map(|(identity, _)| identity.user_id).unwrap_or_else(|error| error.code)
    }

    #[test]
    fn temporary_credentials_need_their_token_and_expire() {
        let mut world = World::new(&Settings::default());
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let session = world.issue(Identity::of_role("1", "builder", "run", "2"), 60, now);
        let (id, token) = (session.secret_id.as_str(), Some(session.token.as_str()));
        let at = |seconds| now + SignedDuration::from_secs(seconds);
        for (token, seconds, expected) in [
            (token, 59, "builder:run"),
            (token, 60, "AuthFailure.TokenFailure"),
            (None, 0, "AuthFailure.TokenFailure"),
            (Some("other"), 0, "AuthFailure.TokenFailure"),
        ] {
            assert_eq!(code(world.authenticate(id, token, at(seconds))), expected, "{token:?} {seconds}");
        }
        world.sts.expire();
        assert_eq!(code(world.authenticate(id, token, now)), "AuthFailure.TokenFailure");
    }

    #[test]
    fn permanent_keys_have_no_token() {
        let world = World::new(&Settings::default());
        let now = Timestamp::now();
        assert_eq!(code(world.authenticate("AKIDSIMULATOR", None, now)), "100000000001");
        assert_eq!(code(world.authenticate("AKIDSIMULATOR", Some("x"), now)), "AuthFailure.TokenFailure");
        assert_eq!(code(world.authenticate("AKIDOTHER", None, now)), "AuthFailure.SecretIdNotFound");
    }

    #[test]
    fn responses_have_the_expiry_twice() {
        let mut world = World::new(&Settings::default());
        world.sts.set_lifetime(Some(Duration::from_secs(5)));
        let session =
            world.issue(Identity::from(&KeyPair::default()), 7200, Timestamp::from_second(1_700_000_000).unwrap());
        for response in [session.response(), session.metadata()] {
            assert_eq!(response["ExpiredTime"], 1_700_000_005);
            assert_eq!(response["Expiration"], "2023-11-14T22:13:25Z");
        }
    }
}

//! `sample_token`, an ephemeral resource.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sample;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::framework::{Context, EphemeralResource, Opened, Outcome, Private};
use crate::schema::{COMPUTED, REQUIRED};
use crate::value::{Attr, Secret};

/// A token.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// Its owner. `panics` panics in every operation, `refused` is refused in every one.
    #[schemars(extend("x-terraform" = REQUIRED))]
    pub user: Attr<String>,
    /// The token.
    #[schemars(extend("x-terraform" = COMPUTED.sensitive()))]
    pub token: Attr<Secret>,
}

/// The ephemeral resource.
pub struct Tokens;

/// When a token must be renewed first.
pub const RENEW_AT: Duration = Duration::new(1_000, 5);

fn misbehave(user: Option<&str>) -> Outcome<()> {
    match user {
        Some("panics") => panic!("no token"),
        Some("refused") => Err(Diagnostic::error("Refused", "No token for them.").into()),
        _ => Ok(()),
    }
}

#[async_trait]
impl EphemeralResource for Tokens {
    type Session = Sample;
    type Model = Token;
    const TYPE_NAME: &'static str = "sample_token";

    fn validate(&self, config: &Token, diagnostics: &mut Diagnostics) {
        if config.user.as_str() == Some("") {
            diagnostics.push(Diagnostic::error("Empty user", "Name one.").at(AttributePath::root("user")));
        }
    }

    async fn open(
        &self,
        context: &Context<Sample>,
        config: Token,
        diagnostics: &mut Diagnostics,
    ) -> Outcome<Opened<Token>> {
        misbehave(config.user.as_str())?;
        diagnostics.push(Diagnostic::warning("Opened", "It is open."));
        let user = config.user.as_str().unwrap_or_default();
        let prefix = context.session.prefix.as_str().unwrap_or_default();
        let mut private = Private::default();
        private.set("user", Some(user.to_owned()));
        let token = Secret::from(format!("{prefix}{user}")).into();
        Ok(Opened { result: Token { token, ..config }, renew_at: Some(UNIX_EPOCH + RENEW_AT), private })
    }

    async fn renew(&self, _: &Context<Sample>, private: &mut Private) -> Outcome<Option<SystemTime>> {
        misbehave(private.get("user"))?;
        private.set("renewed", Some("yes".into()));
        Ok(None)
    }

    async fn close(&self, _: &Context<Sample>, private: Private) -> Outcome<()> {
        misbehave(private.get("user"))
    }
}

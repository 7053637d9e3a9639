//! The chain: the first source with credentials, then the MFA session, then the role; see [the rules](super).

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use super::{
    Credentials, CredentialsConfig, CredentialsError, Environment, ProvideCredentials, Services,
    arguments::{ASSUME_ROLE, MFA},
    renewal::{Issue, Issued, Renewing},
    services::WithoutSts,
    source::{Context, Found, Outcome, Source},
};
use crate::{Auth, sts};

/// Credentials from the configuration and the environment, renewed as long as they are used.
///
/// A new chain reads nothing and calls no service; the first [`credentials`](ProvideCredentials::credentials) does.
#[derive(Debug)]
pub struct CredentialsChain<S: Services>(Renewing<Issuer<S>>);

impl<S: Services> CredentialsChain<S> {
    /// A chain for the configuration, the captured environment and the services.
    pub fn new(config: CredentialsConfig, environment: Environment, services: S) -> Self {
        let context = Context { config, environment, services: Arc::new(services) };
        Self(Renewing::new(Issuer { context, source: OnceLock::new(), used: Mutex::default() }))
    }
}

#[async_trait::async_trait]
impl<S: Services> ProvideCredentials for CredentialsChain<S> {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        self.0.credentials().await
    }

    async fn check(&self) -> Result<(), CredentialsError> {
        match self.0.issuer().check().await {
            // Cached, so that the next call does not call the metadata service again.
            Err(CredentialsError::NotFound { .. }) if !self.0.issuer().exchanges()? => {
                self.0.credentials().await.map(drop)
            }
            Err(CredentialsError::NotFound { .. }) => self.0.issuer().find().await.map(drop),
            checked => checked,
        }
    }

    fn discard(&self, credentials: &Credentials) {
        self.0.discard(credentials);
    }
}

/// Issues new credentials from a chain at each call.
#[derive(Debug)]
struct Issuer<S> {
    context: Context<Arc<S>>,
    /// The source that returned credentials: renewals come only from it.
    source: OnceLock<Source>,
    used: Mutex<Used>,
}

/// The state of MFA codes, each of which works once.
#[derive(Debug, Default)]
struct Used {
    /// The session of the code of `mfa_certification`.
    mfa_session: Option<Credentials>,
    /// The expiry of the session of the code of `assume_role`.
    role_until: Option<SystemTime>,
}

#[async_trait::async_trait]
impl<S: Services> Issue for Issuer<S> {
    async fn issue(&self) -> Result<Issued, CredentialsError> {
        let Context { config, environment, .. } = &self.context;
        // Before any call: a mistake in these blocks must not use up a session.
        let role = config.role(environment)?;
        let mfa = config.mfa(environment)?;

        let found = self.find().await?;
        let with_mfa = mfa.is_some();
        let credentials = match mfa {
            Some(request) => self.mfa_session(request, &found.credentials).await?,
            None => found.credentials,
        };
        match role.or(found.role.map(|role| *role)) {
            Some(role) => self.assume(role, &credentials).await,
            None => Ok(Issued { credentials, renewable: !with_mfa }),
        }
    }

    fn now(&self) -> SystemTime {
        self.context.services.now()
    }
}

impl<S: Services> Issuer<S> {
    /// Whether STS is called with the found credentials, for an MFA session or a role.
    fn exchanges(&self) -> Result<bool, CredentialsError> {
        let Context { config, environment, .. } = &self.context;
        Ok(config.role(environment)?.is_some() || config.mfa(environment)?.is_some())
    }

    /// Checks all sources except the instance role, which is the last one and needs a call.
    async fn check(&self) -> Result<(), CredentialsError> {
        let Context { config, environment, services } = &self.context;
        config.role(environment)?;
        config.mfa(environment)?;
        let (config, environment) = (config.clone(), environment.clone());
        let context = Context { config, environment, services: WithoutSts(Arc::clone(services)) };
        let mut tried = Vec::new();
        for source in Source::ALL.into_iter().filter(|source| *source != Source::InstanceRole) {
            match source.provide(&context).await {
                Ok(Outcome::Found(_)) => return Ok(()),
                Ok(Outcome::NotConfigured(reason)) => tried.push((source.name(&context.config), reason)),
                Err(CredentialsError::Sts { source, .. }) if WithoutSts::<S>::would_call(&source) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Err(CredentialsError::NotFound { configuration: context.config.caller.configuration, tried })
    }

    /// The credentials of the first configured source; later, those of the same source.
    async fn find(&self) -> Result<Found, CredentialsError> {
        let known = self.source.get().copied();
        let mut tried = Vec::new();
        for source in Source::ALL.into_iter().filter(|source| known.is_none_or(|known| known == *source)) {
            let name = source.name(&self.context.config);
            match source.provide(&self.context).await? {
                Outcome::Found(found) => {
                    if self.source.set(source).is_ok() {
                        self.log(source);
                    }
                    return Ok(found);
                }
                Outcome::NotConfigured(reason) => {
                    tracing::debug!(source = name, reason, "credential source not configured");
                    tried.push((name, reason));
                }
            }
        }
        Err(CredentialsError::NotFound { configuration: self.context.config.caller.configuration, tried })
    }

    fn log(&self, source: Source) {
        let name = source.name(&self.context.config);
        tracing::debug!(source = name, "found credentials");
        for ignored in source.overrides(&self.context.config) {
            tracing::warn!(
                source = name,
                ignored,
                "the configuration asks for other credentials than those in use, which take precedence"
            );
        }
    }

    /// The session of the MFA code: created once, and used until it expires.
    async fn mfa_session(
        &self,
        request: sts::GetSessionToken,
        credentials: &Credentials,
    ) -> Result<Credentials, CredentialsError> {
        let made = self.used.lock().unwrap_or_else(PoisonError::into_inner).mfa_session.clone();
        if let Some(session) = made {
            if session.expires_at.is_some_and(|end| end <= self.now()) {
                let remedy = "and an MFA code works once; set the next code, and a longer duration_seconds";
                return Err(CredentialsError::expired(MFA, session.expires_at, remedy));
            }
            return Ok(session);
        }
        let session: Credentials = self
            .context
            .services
            .sts(None, Auth::Signed(credentials), &request)
            .await
            .map_err(|error| {
                CredentialsError::sts(MFA, format!("GetSessionToken for {}", request.serial_number), error)
            })?
            .into();
        self.used.lock().unwrap_or_else(PoisonError::into_inner).mfa_session = Some(session.clone());
        Ok(session)
    }

    async fn assume(&self, role: sts::AssumeRole, credentials: &Credentials) -> Result<Issued, CredentialsError> {
        let renewable = role.token_code.is_none();
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner).role_until;
        if used.is_some() && !renewable {
            let remedy = "and an MFA code works once; set the next token_code, and a longer session_duration";
            return Err(CredentialsError::expired(ASSUME_ROLE, used, remedy));
        }
        let session: Credentials = self
            .context
            .services
            .sts(None, Auth::Signed(credentials), &role)
            .await
            .map_err(|error| CredentialsError::sts(ASSUME_ROLE, format!("AssumeRole of {}", role.role_arn), error))?
            .into();
        self.used.lock().unwrap_or_else(PoisonError::into_inner).role_until = session.expires_at;
        Ok(Issued { credentials: session, renewable })
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use secrecy::ExposeSecret;
    use serde_json::{Value, json};
    use tokio::time::Instant;

    use super::{
        super::{
            AssumeRoleConfig, MfaConfig,
            replay::{Exchange, Replay},
        },
        *,
    };

    const ROLE: &str = "qcs::cam::uin/1:roleName/ci";
    const DEVICE: &str = "qcs::cam:uin/1::mfa/softToken";

    fn exchange(action: &str, auth: &str, parameters: Value, response: Value) -> Exchange {
        serde_json::from_value(json!({
            "sts": {"action": action, "auth": auth, "parameters": parameters, "response": response}
        }))
        .unwrap()
    }

    fn session(id: &str, seconds: u64) -> Value {
        json!({"secret_id": id, "lifetime": seconds})
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    fn keys() -> Environment {
        environment(&[("TENCENTCLOUD_SECRET_ID", "env-id"), ("TENCENTCLOUD_SECRET_KEY", "env-key")])
    }

    async fn id(chain: &CredentialsChain<Replay>) -> String {
        match chain.credentials().await {
            Ok(credentials) => credentials.secret_id.expose_secret().to_owned(),
            Err(error) => error.to_string(),
        }
    }

    fn web_identity(token: &str, response: Value) -> Exchange {
        let parameters = json!({
            "ProviderId": "OIDC", "WebIdentityToken": token, "RoleArn": ROLE, "RoleSessionName": "ci",
        });
        exchange("AssumeRoleWithWebIdentity", "SKIP", parameters, response)
    }

    fn token_file(path: &Path) -> Environment {
        environment(&[
            ("TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE", path.to_str().unwrap()),
            ("TENCENTCLOUD_ASSUME_ROLE_ARN", ROLE),
            ("TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME", "ci"),
        ])
    }

    #[tokio::test(start_paused = true)]
    async fn renewal_reads_the_token_file_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let replay =
            Replay::new([web_identity("first", session("a", 3600)), web_identity("second", session("b", 3600))]);
        // The metadata service would be called if the chain tried more than its source.
        let chain = CredentialsChain::new(CredentialsConfig::default(), token_file(&path), replay.clone());
        std::fs::write(&path, "first").unwrap();
        assert_eq!(id(&chain).await, "a");
        std::fs::write(&path, "second").unwrap();
        assert_eq!(id(&chain).await, "a");
        tokio::time::advance(Duration::from_secs(3300)).await;
        assert_eq!(id(&chain).await, "b");
        assert_eq!(replay.left(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn source_without_credentials_does_not_lead_to_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".tccli/default.credential");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let replay = Replay::new([]);
        let expires_at = super::super::replay::START + 1000;
        let profile = json!({"secretId": "id", "secretKey": "key", "token": "t", "expiresAt": expires_at});
        std::fs::write(&path, profile.to_string()).unwrap();
        let home = environment(&[("HOME", directory.path().to_str().unwrap())]);
        let chain = CredentialsChain::new(CredentialsConfig::default(), home, replay);
        assert_eq!(id(&chain).await, "id");

        std::fs::remove_file(&path).unwrap();
        tokio::time::advance(Duration::from_secs(999)).await;
        assert_eq!(id(&chain).await, "id");
        tokio::time::advance(Duration::from_secs(1)).await;
        let error = id(&chain).await;
        assert!(error.starts_with("no credentials found\n  - profile: no profile \"default\" in "), "{error}");
        assert!(!error.contains("instance role"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn mfa_code_is_sent_once() {
        let mfa =
            MfaConfig { serial_number: Some(DEVICE.into()), token_code: Some("123456".into()), duration_seconds: None };
        let role =
            AssumeRoleConfig { role_arn: Some(ROLE.into()), session_name: Some("ci".into()), ..Default::default() };
        let config = CredentialsConfig { mfa_certification: Some(mfa), assume_role: Some(role), ..Default::default() };
        let code = json!({"SerialNumber": DEVICE, "TokenCode": "123456"});
        let assume = json!({"RoleArn": ROLE, "RoleSessionName": "ci"});
        let replay = Replay::new([
            exchange("GetSessionToken", "env-id", code, session("mfa", 1800)),
            exchange("AssumeRole", "mfa+token", assume.clone(), session("role-1", 1000)),
            exchange("AssumeRole", "mfa+token", assume, session("role-2", 1000)),
        ]);
        let chain = CredentialsChain::new(config, keys(), replay.clone());
        let started = Instant::now();
        let expired = "mfa_certification: expired at 2026-01-01T00:30:00Z, and an MFA code works once; set the next \
        code, and a longer duration_seconds";
        for (seconds, expected) in [(0, "role-1"), (1000, "role-2"), (1900, "role-2"), (2000, expired)] {
            tokio::time::advance(started + Duration::from_secs(seconds) - Instant::now()).await;
            assert_eq!(id(&chain).await, expected, "{seconds}");
        }
        assert_eq!(replay.left(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn code_of_a_role_is_sent_once() {
        let role = AssumeRoleConfig {
            role_arn: Some(ROLE.into()),
            session_name: Some("ci".into()),
            serial_number: Some(DEVICE.into()),
            token_code: Some("123456".into()),
            ..Default::default()
        };
        let config = CredentialsConfig { assume_role: Some(role), ..Default::default() };
        let parameters =
            json!({"RoleArn": ROLE, "RoleSessionName": "ci", "SerialNumber": DEVICE, "TokenCode": "123456"});
        let replay = Replay::new([exchange("AssumeRole", "env-id", parameters, session("role", 7200))]);
        let chain = CredentialsChain::new(config, keys(), replay);
        assert_eq!(id(&chain).await, "role");
        tokio::time::advance(Duration::from_secs(7199)).await;
        assert_eq!(id(&chain).await, "role");
        tokio::time::advance(Duration::from_secs(1)).await;
        let error = id(&chain).await;
        assert!(
            error.starts_with("assume_role: expired at 2026-01-01T02:00:00Z, and an MFA code works once"),
            "{error}"
        );
    }

    async fn checked(config: CredentialsConfig, environment: Environment) -> String {
        let chain = CredentialsChain::new(config, environment, Replay::new([]));
        chain.check().await.map_or_else(|error| error.to_string(), |()| "found".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn check_reports_broken_sources_without_a_call() {
        let directory = tempfile::tempdir().unwrap();
        let token = directory.path().join("token");
        let role = AssumeRoleConfig { role_arn: Some(ROLE.into()), ..Default::default() };
        let none = CredentialsConfig::default;
        let with_role = || CredentialsConfig { assume_role: Some(role.clone()), ..Default::default() };
        assert_eq!(checked(with_role(), keys()).await, "found");
        let missing = checked(none(), token_file(&token)).await;
        assert!(missing.contains("token"), "{missing}");
        std::fs::write(&token, "web token").unwrap();
        assert_eq!(checked(none(), token_file(&token)).await, "found");

        let half = environment(&[("TENCENTCLOUD_SECRET_ID", "env-id")]);
        assert!(checked(with_role(), half).await.contains("TENCENTCLOUD_SECRET_KEY is not"));
        let profile = CredentialsConfig { profile: Some("ci".into()), ..Default::default() };
        assert!(checked(profile, environment(&[])).await.starts_with("profile \"ci\" does not exist"));
        let mfa = MfaConfig { serial_number: Some(DEVICE.into()), ..Default::default() };
        let incomplete = CredentialsConfig { mfa_certification: Some(mfa), ..Default::default() };
        assert!(checked(incomplete, keys()).await.contains("token_code is not"));
    }

    #[test]
    fn no_secret_is_shown_by_debug() {
        let secret = || Some("sesame".into());
        let config = CredentialsConfig {
            secret_id: secret(),
            secret_key: secret(),
            security_token: secret(),
            mfa_certification: Some(MfaConfig { token_code: secret(), ..Default::default() }),
            assume_role: Some(AssumeRoleConfig { token_code: secret(), ..Default::default() }),
            ..Default::default()
        };
        let environment = environment(&[("TENCENTCLOUD_SECRET_KEY", "sesame")]);
        let source = super::super::static_keys::configuration(&config).unwrap();
        assert!(!format!("{config:?} {environment:?} {source:?}").contains("sesame"));
    }
}

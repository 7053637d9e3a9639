//! The API with the credentials of one caller.
//!
//! With an [`AccountGuard`], only calls of STS are sent before the account of the credentials is known to be allowed. The
//! account is requested once for each key pair, and so again after a renewal that returned another one.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    Action, Api, Auth, Error,
    credentials::{AccountError, AccountGuard, Credentials, CredentialsError, ProvideCredentials},
    sts,
    transport::{RawResponse, Request},
};

/// The action that returns the account.
const IDENTITY: &str = <sts::GetCallerIdentity as Action>::NAME;

/// The API with credentials. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Client {
    api: Api,
    credentials: Arc<dyn ProvideCredentials>,
    guard: Arc<AccountGuard>,
    account: Arc<Mutex<Option<Account>>>,
    sts_region: Arc<str>,
}

/// The account of a key pair, or why it is unknown.
#[derive(Debug)]
struct Account {
    keys: Credentials,
    id: Result<String, Error>,
}

impl Client {
    /// A client that gets its credentials from `credentials` at each call, in any account.
    pub fn new(api: Api, credentials: Arc<dyn ProvideCredentials>) -> Self {
        Self {
            api,
            credentials,
            guard: Arc::default(),
            account: Arc::default(),
            sts_region: sts::DEFAULT_REGION.into(),
        }
    }

    /// The same client, limited to the accounts that `guard` allows.
    #[must_use]
    pub fn guarded(self, guard: AccountGuard) -> Self {
        Self { guard: Arc::new(guard), ..self }
    }

    /// The same client, with the region of its STS calls; `None` leaves [`sts::DEFAULT_REGION`].
    #[must_use]
    pub fn with_sts_region(self, region: Option<String>) -> Self {
        match region {
            Some(region) => Self { sts_region: region.into(), ..self },
            None => self,
        }
    }

    /// Calls `action` in `region`. Quota and retries are those of [`Api::send`].
    ///
    /// Temporary credentials that the API refuses may have been revoked, or their expiry may be unknown: the call is retried
    /// once with the source's current credentials, if they are different.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`].
    pub async fn send<A: Action>(&self, region: &str, action: &A) -> Result<A::Response, Error> {
        self.send_until(region, action, &CancellationToken::new()).await
    }

    /// Like [`Client::send`], but sends and retries nothing after `end`. A request that has been sent is not abandoned.
    ///
    /// # Errors
    ///
    /// As [`Client::send`]; [`Error::Ended`] when nothing was sent.
    pub async fn send_until<A: Action>(
        &self,
        region: &str,
        action: &A,
        end: &CancellationToken,
    ) -> Result<A::Response, Error> {
        self.send_request(&Request::of(Some(region), action), end).await?.decode::<A>()
    }

    async fn send_request(&self, request: &Request<'_>, end: &CancellationToken) -> Result<RawResponse, Error> {
        let action = request.action;
        let ended = Error::Ended { action };
        let credentials = end.run_until_cancelled(self.credentials(action)).await.ok_or(ended)??;
        let outcome = self.send_as(&credentials, request, end).await;
        let others = end.run_until_cancelled(self.other_credentials(action, &credentials, &outcome)).await;
        match others.transpose()?.flatten() {
            Some(renewed) => self.send_as(&renewed, request, end).await,
            None => outcome,
        }
    }

    /// The account ID of the current credentials: one call of `GetCallerIdentity` for each key pair, whose failure is cached
    /// as well.
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn account(&self) -> Result<String, Error> {
        let credentials = self.credentials(IDENTITY).await?;
        let outcome = self.account_of(&credentials).await;
        match self.other_credentials(IDENTITY, &credentials, &outcome).await? {
            Some(renewed) => self.account_of(&renewed).await,
            None => outcome,
        }
    }

    /// Checks the account of the current credentials, as each call does.
    ///
    /// # Errors
    ///
    /// [`Error::Account`] when it is not allowed or unknown, [`Error::Credentials`] when there are no credentials.
    pub async fn check_account(&self) -> Result<(), Error> {
        if self.guard.allows_all() {
            return Ok(());
        }
        self.check(IDENTITY, self.account().await)
    }

    /// Checks the credentials without calling STS; see [`ProvideCredentials::check`].
    ///
    /// # Errors
    ///
    /// Why there are no credentials.
    pub async fn check_credentials(&self) -> Result<(), CredentialsError> {
        self.credentials.check().await
    }

    async fn credentials(&self, action: &'static str) -> Result<Credentials, Error> {
        let credentials = self.credentials.credentials().await;
        credentials.map_err(|error| Error::Credentials { action, source: Arc::new(error) })
    }

    /// The credentials for a second attempt: those of the source, if the API refused `credentials`, these are temporary, and
    /// the source has others.
    async fn other_credentials<T>(
        &self,
        action: &'static str,
        credentials: &Credentials,
        outcome: &Result<T, Error>,
    ) -> Result<Option<Credentials>, Error> {
        let Some(error) = outcome.as_ref().err().filter(|error| error.is_authentication_failure()) else {
            return Ok(None);
        };
        if credentials.token.is_none() {
            return Ok(None);
        }
        self.credentials.discard(credentials);
        let renewed = self.credentials(action).await?;
        if renewed.same_keys(credentials) {
            return Ok(None);
        }
        tracing::warn!(action, %error, "the credentials were refused; retrying with new ones");
        Ok(Some(renewed))
    }

    async fn send_as(
        &self,
        credentials: &Credentials,
        request: &Request<'_>,
        end: &CancellationToken,
    ) -> Result<RawResponse, Error> {
        if !self.guard.allows_all() && request.service != <sts::GetCallerIdentity as Action>::SERVICE {
            let action = request.action;
            let account = end.run_until_cancelled(self.account_of(credentials)).await;
            self.check(action, account.ok_or(Error::Ended { action })?)?;
        }
        self.api.send_request(Auth::Signed(credentials), request, end).await
    }

    fn check(&self, action: &'static str, account: Result<String, Error>) -> Result<(), Error> {
        let checked = match account {
            Ok(account) => self.guard.check(&account),
            // Refused credentials are renewed; missing ones have their own error.
            Err(error) if error.is_authentication_failure() || matches!(error, Error::Credentials { .. }) => {
                return Err(error);
            }
            Err(error) => Err(AccountError::Unknown(error)),
        };
        checked.map_err(|source| Error::Account { action, source: Arc::new(source) })
    }

    async fn account_of(&self, credentials: &Credentials) -> Result<String, Error> {
        // Held during the call, so that concurrent callers share it.
        let mut known = self.account.lock().await;
        if let Some(account) = known.as_ref().filter(|account| account.keys.same_keys(credentials)) {
            return account.id.clone();
        }
        let call = self.api.send(Some(&self.sts_region), Auth::Signed(credentials), &sts::GetCallerIdentity {});
        let id = call.await.map(|identity| identity.account_id);
        *known = Some(Account { keys: credentials.clone(), id: id.clone() });
        id
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::{
        super::{
            Endpoints, Settings,
            canned::{Server, json},
            tke::DeleteImageCaches,
        },
        *,
    };

    /// Returns the first of these until it is discarded.
    #[derive(Debug)]
    struct Keys(Mutex<Vec<Result<Credentials, CredentialsError>>>);

    #[async_trait::async_trait]
    impl ProvideCredentials for Keys {
        async fn credentials(&self) -> Result<Credentials, CredentialsError> {
            self.0.lock().unwrap()[0].clone()
        }

        fn discard(&self, credentials: &Credentials) {
            let refused = self.0.lock().unwrap().remove(0);
            assert!(refused.unwrap().same_keys(credentials));
        }
    }

    fn keys(id: &str, token: Option<&str>) -> Result<Credentials, CredentialsError> {
        let (secret_id, secret_key) = (id.into(), "key".into());
        Ok(Credentials { secret_id, secret_key, token: token.map(Into::into), expires_at: None })
    }

    /// The result of the call, and the tokens of the requests.
    async fn call(code: &str, given: Vec<Result<Credentials, CredentialsError>>) -> (String, Vec<String>) {
        let refused =
            format!(r#"{{"Response": {{"Error": {{"Code": "{code}", "Message": "no"}}, "RequestId": "r"}}}}"#);
        let server = Server::start(vec![json(&refused), json(r#"{"Response": {"RequestId": "r"}}"#)]).await;
        let endpoints = Endpoints::default().with_override("tke", &server.url).unwrap();
        let api = Api::new(Settings { endpoints, ..Settings::default() });
        let client = Client::new(api, Arc::new(Keys(Mutex::new(given))));
        let outcome =
            client.send("ap-guangzhou", &DeleteImageCaches { image_cache_ids: vec!["imc-1".to_owned()] }).await;
        let token = |request: &String| {
            let token = request.lines().find_map(|line| line.strip_prefix("x-tc-token: "));
            token.unwrap_or_default().to_owned()
        };
        let outcome = outcome.map_or_else(|error| error.to_string(), |_| "done".to_owned());
        (outcome, server.requests().iter().map(token).collect())
    }

    #[tokio::test]
    async fn refused_temporary_credentials_are_renewed_once() {
        let (token, key) = ("AuthFailure.TokenFailure", "AuthFailure.SecretIdNotFound");
        let gone =
            || Err(CredentialsError::Invalid { origin: "tccli".to_owned(), problem: "no such profile".to_owned() });
        let refused = |code: &str| format!("DeleteImageCaches: {code}: no (request r)");
        for (code, given, outcome, tokens) in [
            (token, vec![keys("a", Some("token-1")), keys("b", Some("token-2"))], "done", &["token-1", "token-2"][..]),
            (key, vec![keys("a", Some("token-1")), keys("b", None)], "done", &["token-1", ""]),
            // The source has no others: a second refusal would add nothing.
            (token, vec![keys("a", Some("token-1")), keys("a", Some("token-1"))], &refused(token), &["token-1"]),
            (token, vec![keys("a", Some("token-1")), gone()], "DeleteImageCaches: no usable credentials", &["token-1"]),
            // Permanent keys do not expire, and other refusals have other causes.
            (key, vec![keys("a", None), keys("b", None)], &refused(key), &[""]),
            (
                "AuthFailure.UnauthorizedOperation",
                vec![keys("a", Some("token-1")), keys("b", Some("token-2"))],
                &refused("AuthFailure.UnauthorizedOperation"),
                &["token-1"],
            ),
        ] {
            let (actual, sent) = call(code, given).await;
            assert_eq!((actual.as_str(), sent), (outcome, tokens.iter().map(ToString::to_string).collect()), "{code}");
        }
    }

    fn chain(error: &Error) -> String {
        let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    /// The error of each call of a client that is limited to account 1, after the replies are used up.
    async fn guarded(given: Vec<Result<Credentials, CredentialsError>>, replies: &[&str], calls: usize) -> Vec<String> {
        let server = Server::start(replies.iter().map(|reply| json(reply)).collect()).await;
        let endpoints = Endpoints::default().with_override("tke", &server.url).unwrap();
        let endpoints = endpoints.with_override("sts", &server.url).unwrap();
        let api = Api::new(Settings { endpoints, max_retries: 0, ..Settings::default() });
        let guard = AccountGuard::new(["1".to_owned()], []);
        let client = Client::new(api, Arc::new(Keys(Mutex::new(given)))).guarded(guard);
        let mut outcomes = Vec::new();
        for _ in 0..calls {
            let action = DeleteImageCaches { image_cache_ids: vec!["imc-1".to_owned()] };
            let error = client.send("ap-guangzhou", &action).await.err();
            outcomes.push(error.map_or_else(|| "sent".to_owned(), |error| chain(&error)));
        }
        assert_eq!(server.requests().len(), replies.len(), "{outcomes:?}");
        outcomes
    }

    #[tokio::test]
    async fn account_is_checked_once_per_key_pair() {
        let identity = |account: &str| {
            format!(r#"{{"Response": {{"Arn": "a", "AccountId": "{account}", "UserId": "1", "RequestId": "r"}}}}"#)
        };
        let (right, wrong) = (identity("1"), identity("2"));
        let (right, wrong) = (right.as_str(), wrong.as_str());
        let done = r#"{"Response": {"RequestId": "r"}}"#;
        let expired =
            r#"{"Response": {"Error": {"Code": "AuthFailure.TokenFailure", "Message": "no"}, "RequestId": "r"}}"#;
        let refused = "account 2, which is not in allowed_account_ids (1)";
        let unknown = "the account of the credentials is unknown";
        let keys_a = || keys("a", Some("1"));
        let keys_b = || keys("b", Some("2"));

        assert_eq!(guarded(vec![keys_a()], &[right, done, done], 2).await, ["sent", "sent"]);
        let outcomes = guarded(vec![keys_a()], &[wrong], 2).await;
        assert!(outcomes.iter().all(|outcome| outcome.contains(refused)), "{outcomes:?}");
        let denied = r#"{"Response": {"Error": {"Code": "UnauthorizedOperation", "Message": "no"}, "RequestId": "r"}}"#;
        let outcomes = guarded(vec![keys_a()], &[denied], 2).await;
        assert!(outcomes.iter().all(|outcome| outcome.contains(unknown)), "{outcomes:?}");
        // A renewal may return the keys of another account.
        let outcomes = guarded(vec![keys_a(), keys_b()], &[right, done, expired, wrong], 2).await;
        assert!(outcomes[0] == "sent" && outcomes[1].contains(refused), "{outcomes:?}");
        // The session may have expired before the account is requested.
        assert_eq!(guarded(vec![keys_a(), keys_b()], &[expired, right, done], 1).await, ["sent"]);
    }
}

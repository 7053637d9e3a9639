//! The API as one identity: what resources and data sources hold.

use std::sync::Arc;

use super::{
    Action, Api, Auth, Error,
    credentials::{Credentials, ProvideCredentials},
};

/// The API with credentials. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Client {
    api: Api,
    credentials: Arc<dyn ProvideCredentials>,
}

impl Client {
    /// A client that signs with what `credentials` gives at each call.
    pub fn new(api: Api, credentials: Arc<dyn ProvideCredentials>) -> Self {
        Self { api, credentials }
    }

    /// Calls `action` in `region`. Quota and repetition are those of [`Api::send`].
    ///
    /// Temporary credentials that the API refuses may have ended early, or their source may not have said when they end: the
    /// call is made once more with those that the source has now, if they are others.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`].
    pub async fn send<A: Action>(&self, region: &str, action: &A) -> Result<A::Response, Error> {
        let credentials = self.credentials::<A>().await?;
        let refused = match self.api.send(Some(region), Auth::Signed(&credentials), action).await {
            Err(error) if error.is_refused_identity() && credentials.token.is_some() => error,
            outcome => return outcome,
        };
        self.credentials.discard(&credentials);
        let renewed = self.credentials::<A>().await?;
        if renewed.same_keys(&credentials) {
            return Err(refused);
        }
        tracing::warn!(action = A::NAME, error = %refused, "the credentials were refused, going on with new ones");
        self.api.send(Some(region), Auth::Signed(&renewed), action).await
    }

    async fn credentials<A: Action>(&self) -> Result<Credentials, Error> {
        let credentials = self.credentials.credentials().await;
        credentials.map_err(|error| Error::Credentials { action: A::NAME, source: Arc::new(error) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::{
        super::{
            Endpoints, Settings,
            canned::{Server, json},
            credentials::CredentialsError,
            tke::DeleteImageCaches,
        },
        *,
    };

    /// Gives the first of these, until it is discarded.
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

    /// What the call ends with, and the tokens of the requests.
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
    async fn a_call_whose_temporary_credentials_are_refused_is_made_once_more_with_others() {
        let (token, key) = ("AuthFailure.TokenFailure", "AuthFailure.SecretIdNotFound");
        let gone =
            || Err(CredentialsError::Invalid { origin: "tccli".to_owned(), problem: "no such profile".to_owned() });
        let refused = |code: &str| format!("DeleteImageCaches: {code}: no (request r)");
        for (code, given, outcome, tokens) in [
            (token, vec![keys("a", Some("token-1")), keys("b", Some("token-2"))], "done", &["token-1", "token-2"][..]),
            (key, vec![keys("a", Some("token-1")), keys("b", None)], "done", &["token-1", ""]),
            // The source has nothing else: a second refusal would say no more.
            (token, vec![keys("a", Some("token-1")), keys("a", Some("token-1"))], &refused(token), &["token-1"]),
            (token, vec![keys("a", Some("token-1")), gone()], "DeleteImageCaches: no usable credentials", &["token-1"]),
            // Permanent keys do not end, and other refusals have other causes.
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
}

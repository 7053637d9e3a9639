//! The account of an object, in the private state: with credentials of another account, the object is not listed, and must
//! not count as deleted.
//!
//! Best effort: without the permission for `GetCallerIdentity`, and for objects of older versions that did not save the
//! account, an object that is not listed counts as deleted.

use crate::errors;
use crate::session::Session;
use terraform_plugin::framework::{Outcome, Private, Subject};

/// Key of the private state that holds the account ID.
const ACCOUNT: &str = "account";

/// Saves the account of an object that was just created or read, unless it is saved already.
pub async fn save(session: &Session, private: &mut Private) {
    if private.get(ACCOUNT).is_none() {
        private.set(ACCOUNT, session.account().await);
    }
}

/// Checks that the credentials belong to the account of an object.
///
/// # Errors
///
/// They belong to another one.
pub async fn check(session: &Session, private: &Private, subject: &Subject) -> Outcome<()> {
    let Some(created_in) = private.get(ACCOUNT) else { return Ok(()) };
    match session.account().await {
        Some(account) if account != created_in => Err(errors::other_account(subject, created_in, &account).into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::block::{self, ProviderConfig};
    use tencentcloud::credentials::{Credentials, CredentialsError, Environment, ProvideCredentials};
    use tencentcloud::{Api, Client, Endpoints, Settings};
    use tencentcloud_simulator::{KeyPair, Simulator};
    use terraform_plugin::diagnostics::Diagnostics;

    /// The key pairs of two accounts, of which the second replaces the first.
    #[derive(Debug)]
    struct Renewed([KeyPair; 2], AtomicUsize);

    #[async_trait::async_trait]
    impl ProvideCredentials for Renewed {
        async fn credentials(&self) -> Result<Credentials, CredentialsError> {
            let KeyPair { secret_id, secret_key, .. } = &self.0[self.1.load(Ordering::Relaxed)];
            let (secret_id, secret_key) = (secret_id.as_str().into(), secret_key.as_str().into());
            Ok(Credentials { secret_id, secret_key, token: None, expires_at: None })
        }

        fn discard(&self, _: &Credentials) {}
    }

    #[tokio::test]
    async fn renewal_that_changes_the_account_is_noticed() {
        let keys = [KeyPair::new("AKIDONE", "key-of-one", "1"), KeyPair::new("AKIDTWO", "key-of-two", "2")];
        let settings = tencentcloud_simulator::Settings { keys: keys.to_vec(), ..Default::default() };
        let cloud = Simulator::start_with(settings).unwrap();
        let endpoints = Endpoints::default().with_override("sts", &cloud.endpoint()).unwrap();
        let credentials = Arc::new(Renewed(keys, AtomicUsize::new(0)));
        let mut session =
            block::configure(ProviderConfig::with_keys(), Environment::default(), &mut Diagnostics::default()).unwrap();
        session.client = Client::new(Api::new(Settings { endpoints, ..Settings::default() }), credentials.clone());

        let (mut private, subject) = (Private::default(), Subject { kind: "image cache", name: "imc-1".to_owned() });
        save(&session, &mut private).await;
        assert_eq!(private.get(ACCOUNT), Some("1"));
        for _ in 0..2 {
            check(&session, &private, &subject).await.unwrap();
        }
        assert_eq!(cloud.count("GetCallerIdentity"), 1);
        credentials.1.store(1, Ordering::Relaxed);
        let errors = check(&session, &private, &subject).await.unwrap_err();
        assert!(errors.iter().any(|error| error.detail.contains('2')), "{errors:?}");
    }
}

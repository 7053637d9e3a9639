//! The guard against the wrong account: `allowed_account_ids` and `forbidden_account_ids`.

use std::{collections::BTreeSet, future::Future};

use tokio::sync::OnceCell;

use crate::{Error, sts::CallerIdentity};

/// The accounts in which something may be changed. To be asked before the first write.
#[derive(Debug, Default)]
pub struct AccountGuard {
    allowed: BTreeSet<String>,
    forbidden: BTreeSet<String>,
    account: OnceCell<String>,
}

/// Why nothing may be changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("the credentials belong to account {account}, which is not in allowed_account_ids ({allowed})")]
    NotAllowed { account: String, allowed: String },
    #[error("the credentials belong to account {account}, which is in forbidden_account_ids ({forbidden})")]
    Forbidden { account: String, forbidden: String },
    /// Whose the credentials are could not be found out.
    #[error(
        "cannot tell which account the credentials belong to, which allowed_account_ids and forbidden_account_ids need"
    )]
    Unknown(#[source] Error),
}

impl AccountGuard {
    /// An empty `allowed` allows every account that is not forbidden.
    pub fn new(allowed: impl IntoIterator<Item = String>, forbidden: impl IntoIterator<Item = String>) -> Self {
        let (allowed, forbidden) = (allowed.into_iter().collect(), forbidden.into_iter().collect());
        Self { allowed, forbidden, account: OnceCell::new() }
    }

    /// Checks the account that `identity` gives: a call of [`GetCallerIdentity`](crate::sts), which is made
    /// once, and not at all when both lists are empty.
    ///
    /// # Errors
    ///
    /// [`AccountError::Unknown`] when the call fails; it is made again by the next check.
    pub async fn check(
        &self,
        identity: impl Future<Output = Result<CallerIdentity, Error>>,
    ) -> Result<(), AccountError> {
        if self.allowed.is_empty() && self.forbidden.is_empty() {
            return Ok(());
        }
        let identity = async { identity.await.map(|identity| identity.account_id) };
        let account = self.account.get_or_try_init(|| identity).await.map_err(AccountError::Unknown)?;
        if self.forbidden.contains(account) {
            return Err(AccountError::Forbidden { account: account.clone(), forbidden: list(&self.forbidden) });
        }
        if !self.allowed.is_empty() && !self.allowed.contains(account) {
            return Err(AccountError::NotAllowed { account: account.clone(), allowed: list(&self.allowed) });
        }
        Ok(())
    }
}

fn list(accounts: &BTreeSet<String>) -> String {
    accounts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, sync::Arc};

    use super::{super::CredentialsError, *};

    fn guard(allowed: &[&str], forbidden: &[&str]) -> AccountGuard {
        let strings = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        AccountGuard::new(strings(allowed), strings(forbidden))
    }

    async fn account_1(calls: &Cell<u32>) -> Result<CallerIdentity, Error> {
        calls.set(calls.get() + 1);
        Ok(CallerIdentity { arn: "qcs::cam::uin/1:uin/2".into(), account_id: "1".into(), user_id: "2".into() })
    }

    #[tokio::test]
    async fn only_an_allowed_account_that_is_not_forbidden_passes() {
        for (allowed, forbidden, expected) in [
            (&["1", "2"][..], &[][..], Ok(())),
            (&[], &["2"], Ok(())),
            (&["2", "3"], &[], Err("the credentials belong to account 1, which is not in allowed_account_ids (2, 3)")),
            (&[], &["1"], Err("the credentials belong to account 1, which is in forbidden_account_ids (1)")),
            (&["1"], &["1"], Err("the credentials belong to account 1, which is in forbidden_account_ids (1)")),
        ] {
            let result = guard(allowed, forbidden).check(account_1(&Cell::new(0))).await;
            assert_eq!(result.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
        }
    }

    #[tokio::test]
    async fn the_account_is_asked_for_once_and_only_when_a_list_is_given() {
        for (guard, expected) in [(guard(&[], &[]), 0), (guard(&["1"], &[]), 1)] {
            let calls = Cell::new(0);
            for _ in 0..3 {
                guard.check(account_1(&calls)).await.unwrap();
            }
            assert_eq!(calls.get(), expected);
        }
    }

    #[tokio::test]
    async fn a_failed_look_up_is_made_again() {
        let guard = guard(&["1"], &[]);
        let refused = async {
            let source = Arc::new(CredentialsError::NotFound { tried: Vec::new() });
            Err(Error::Credentials { action: "GetCallerIdentity", source })
        };
        assert!(matches!(guard.check(refused).await, Err(AccountError::Unknown(_))));
        guard.check(account_1(&Cell::new(0))).await.unwrap();
    }
}

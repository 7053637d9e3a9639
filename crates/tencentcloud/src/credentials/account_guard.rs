//! The guard against the wrong account: `allowed_account_ids` and `forbidden_account_ids`.

use std::collections::BTreeSet;

use crate::Error;

/// The accounts that may be used; without a list, all.
#[derive(Debug, Clone, Default)]
pub struct AccountGuard {
    allowed: BTreeSet<String>,
    forbidden: BTreeSet<String>,
}

/// Why an account may not be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AccountError {
    #[error("the credentials belong to account {account}, which is not in allowed_account_ids ({allowed})")]
    NotAllowed { account: String, allowed: String },
    #[error("the credentials belong to account {account}, which is in forbidden_account_ids ({forbidden})")]
    Forbidden { account: String, forbidden: String },
    /// `GetCallerIdentity` failed.
    #[error("the account of the credentials is unknown, and allowed_account_ids and forbidden_account_ids need it")]
    Unknown(#[source] Error),
}

impl AccountGuard {
    /// An empty `allowed` allows every account that is not forbidden.
    pub fn new(allowed: impl IntoIterator<Item = String>, forbidden: impl IntoIterator<Item = String>) -> Self {
        Self { allowed: allowed.into_iter().collect(), forbidden: forbidden.into_iter().collect() }
    }

    /// Whether every account may be used.
    pub fn allows_all(&self) -> bool {
        self.allowed.is_empty() && self.forbidden.is_empty()
    }

    /// Checks an account ID.
    ///
    /// # Errors
    ///
    /// [`AccountError::NotAllowed`] or [`AccountError::Forbidden`].
    pub fn check(&self, account: &str) -> Result<(), AccountError> {
        let account = account.to_owned();
        if self.forbidden.contains(&account) {
            return Err(AccountError::Forbidden { account, forbidden: list(&self.forbidden) });
        }
        if !self.allowed.is_empty() && !self.allowed.contains(&account) {
            return Err(AccountError::NotAllowed { account, allowed: list(&self.allowed) });
        }
        Ok(())
    }
}

fn list(accounts: &BTreeSet<String>) -> String {
    accounts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_outside_the_lists_is_refused() {
        let not_allowed = Err("the credentials belong to account 1, which is not in allowed_account_ids (2, 3)");
        let forbidden = Err("the credentials belong to account 1, which is in forbidden_account_ids (1)");
        for (allowed, listed_forbidden, expected) in [
            (&[][..], &[][..], Ok(())),
            (&["1", "2"], &[], Ok(())),
            (&[], &["2"], Ok(())),
            (&["2", "3"], &[], not_allowed),
            (&[], &["1"], forbidden),
            (&["1"], &["1"], forbidden),
        ] {
            let strings = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
            let guard = AccountGuard::new(strings(allowed), strings(listed_forbidden));
            assert_eq!(guard.allows_all(), allowed.is_empty() && listed_forbidden.is_empty());
            assert_eq!(guard.check("1").map_err(|error| error.to_string()), expected.map_err(str::to_owned));
        }
    }
}

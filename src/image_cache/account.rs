//! The account that a cache belongs to, in the private state: with credentials of another account, the cache is not listed,
//! and must not count as gone.
//!
//! Best effort: without the permission for `GetCallerIdentity`, and for objects of versions that did not save the account, a
//! cache that is not listed is gone.

use crate::errors;
use crate::session::Session;
use terraform_plugin::framework::{Outcome, Private};

/// Key of the private state that holds the account ID.
const ACCOUNT: &str = "account";

/// Saves the account of a cache that was just created or read, unless it is saved already.
pub(super) async fn save(session: &Session, private: &mut Private) {
    if private.get(ACCOUNT).is_none() {
        private.set(ACCOUNT, session.account().await.map(str::to_owned));
    }
}

/// Checks that the credentials belong to the account of the cache `id`.
///
/// # Errors
///
/// When they belong to another one.
pub(super) async fn check(session: &Session, private: &Private, id: &str, region: &str) -> Outcome<()> {
    let Some(made_in) = private.get(ACCOUNT) else { return Ok(()) };
    match session.account().await {
        Some(account) if account != made_in => Err(errors::other_account(id, region, made_in, account).into()),
        _ => Ok(()),
    }
}

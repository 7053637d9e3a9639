//! The account that an object belongs to, in the private state: with credentials of another account, the object is not
//! listed, and must not count as deleted.
//!
//! Best effort: without the permission for `GetCallerIdentity`, and for objects of versions that did not save the account, an
//! object that is not listed no longer exists.

use crate::errors;
use crate::session::Session;
use terraform_plugin::framework::{Outcome, Private, Subject};

/// Key of the private state that holds the account ID.
const ACCOUNT: &str = "account";

/// Saves the account of an object that was just created or read, unless it is saved already.
pub async fn save(session: &Session, private: &mut Private) {
    if private.get(ACCOUNT).is_none() {
        private.set(ACCOUNT, session.account().await.map(str::to_owned));
    }
}

/// Checks that the credentials belong to the account of an object.
///
/// # Errors
///
/// When they belong to another one.
pub async fn check(session: &Session, private: &Private, subject: &Subject) -> Outcome<()> {
    let Some(created_in) = private.get(ACCOUNT) else { return Ok(()) };
    match session.account().await {
        Some(account) if account != created_in => Err(errors::other_account(subject, created_in, account).into()),
        _ => Ok(()),
    }
}

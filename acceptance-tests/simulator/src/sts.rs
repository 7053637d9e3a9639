//! Service `sts`, version `2018-08-13`: who calls.
//!
//! Actions: <https://cloud.tencent.com/document/api/1312/48197>.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{Action, ApiError, Context};
use crate::parameters::Parameters;
use crate::settings::KeyPair;
use crate::state::World;

const SERVICE: &str = "sts";
const VERSION: &str = "2018-08-13";

pub(crate) const ACTIONS: &[Action] = &[Action {
    service: SERVICE,
    version: VERSION,
    name: "GetCallerIdentity",
    fields: &[],
    unsigned: false,
    run: get_caller_identity,
}];

/// A caller, as `GetCallerIdentity` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub arn: String,
    /// The UIN of the main account.
    pub account_id: String,
    pub user_id: String,
    pub principal_id: String,
    pub kind: &'static str,
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
        }
    }
}

impl World {
    /// Who the key is, and the secret key to check the signature with.
    ///
    /// # Errors
    ///
    /// `AuthFailure.SecretIdNotFound`, `AuthFailure.TokenFailure`.
    pub fn authenticate(
        &self,
        secret_id: &str,
        token: Option<&str>,
        _now: Timestamp,
    ) -> Result<(Identity, String), ApiError> {
        let key = self.keys.iter().find(|key| key.secret_id == secret_id).ok_or_else(|| {
            ApiError::new(
                "AuthFailure.SecretIdNotFound",
                "The SecretId is not found, please ensure that your SecretId is correct.",
            )
        })?;
        if token.is_some() {
            return Err(ApiError::new("AuthFailure.TokenFailure", "The token does not belong to this SecretId."));
        }
        Ok((Identity::from(key), key.secret_key.clone()))
    }
}

fn get_caller_identity(_: &mut World, context: &Context, _: &Parameters<'_>) -> Result<Value, ApiError> {
    let Identity { arn, account_id, user_id, principal_id, kind } =
        context.caller.as_ref().ok_or_else(ApiError::internal)?;
    Ok(json!({"Arn": arn, "AccountId": account_id, "UserId": user_id, "PrincipalId": principal_id, "Type": kind}))
}

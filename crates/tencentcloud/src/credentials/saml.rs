//! A role for a SAML assertion, by `AssumeRoleWithSAML`.
//!
//! Assertions are valid for minutes. A renewal sends the same assertion again, which STS may refuse; then the credentials are used
//! until they expire.

use super::{
    Credentials, CredentialsError, Services,
    arguments::SAML,
    source::{Context, Outcome},
};
use crate::Auth;

pub(super) async fn provide<S: Services>(context: &Context<S>) -> Result<Outcome, CredentialsError> {
    let Some(request) = context.config.saml(&context.environment)? else {
        return Ok(Outcome::NotConfigured("assume_role_with_saml is not set".to_owned()));
    };
    let session =
        context.services.sts(None, Auth::Skip, &request).await.map_err(|error| {
            CredentialsError::sts(SAML, format!("AssumeRoleWithSAML of {}", request.role_arn), error)
        })?;
    Ok(Credentials::from(session).into())
}

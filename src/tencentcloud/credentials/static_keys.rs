//! Keys that are given as they are: in the provider block, or in variables.

use super::{
    Credentials, CredentialsConfig, CredentialsError, Environment, Names,
    config::secret,
    source::{Outcome, Source},
};

const ARGUMENTS: Names = Names { id: "secret_id", key: "secret_key", token: "security_token" };

const VARIABLES: Names =
    Names { id: "TENCENTCLOUD_SECRET_ID", key: "TENCENTCLOUD_SECRET_KEY", token: "TENCENTCLOUD_SECURITY_TOKEN" };

/// The token as tccli calls it; the official provider's name comes first.
const TCCLI_TOKEN: &str = "TENCENTCLOUD_TOKEN";

pub(super) fn provider_block(config: &CredentialsConfig) -> Result<Outcome, CredentialsError> {
    let [id, key, token] =
        [&config.secret_id, &config.secret_key, &config.security_token].map(|part| secret(part.clone()));
    let found = Credentials::from_parts(Source::ProviderBlock.name(), &ARGUMENTS, id, key, token)?;
    Ok(found.map_or_else(|| Outcome::NotConfigured("secret_id and secret_key are not set".to_owned()), Outcome::from))
}

pub(super) fn environment(environment: &Environment) -> Result<Outcome, CredentialsError> {
    let [id, key, token] = [VARIABLES.id, VARIABLES.key, VARIABLES.token].map(|name| environment.secret(name));
    let token = token.or_else(|| environment.secret(TCCLI_TOKEN));
    let found = Credentials::from_parts(Source::Environment.name(), &VARIABLES, id, key, token)?;
    let reason = || Outcome::NotConfigured(format!("{} and {} are not set", VARIABLES.id, VARIABLES.key));
    Ok(found.map_or_else(reason, Outcome::from))
}

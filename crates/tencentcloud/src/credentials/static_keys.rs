//! Static keys: in the configuration, or in variables.

use super::{
    Credentials, CredentialsConfig, CredentialsError, Environment, Names,
    config::secret,
    source::{Outcome, Source},
};

const ARGUMENTS: Names = Names { id: "secret_id", key: "secret_key", token: "security_token" };

const VARIABLES: Names =
    Names { id: "TENCENTCLOUD_SECRET_ID", key: "TENCENTCLOUD_SECRET_KEY", token: "TENCENTCLOUD_SECURITY_TOKEN" };

/// tccli's name of the token; the official provider's name takes precedence.
const TCCLI_TOKEN: &str = "TENCENTCLOUD_TOKEN";

pub(super) fn configuration(config: &CredentialsConfig) -> Result<Outcome, CredentialsError> {
    let [id, key, token] =
        [&config.secret_id, &config.secret_key, &config.security_token].map(|part| secret(part.clone()));
    let found = Credentials::from_parts(Source::Configuration.name(config), &ARGUMENTS, id, key, token)?;
    Ok(found.map_or_else(|| Outcome::NotConfigured("secret_id and secret_key are not set".to_owned()), Outcome::from))
}

pub(super) fn environment(config: &CredentialsConfig, environment: &Environment) -> Result<Outcome, CredentialsError> {
    let [id, key, token] = [VARIABLES.id, VARIABLES.key, VARIABLES.token].map(|name| environment.secret(name));
    let token = token.or_else(|| environment.secret(TCCLI_TOKEN));
    let found = Credentials::from_parts(Source::Environment.name(config), &VARIABLES, id, key, token)?;
    let reason = || Outcome::NotConfigured(format!("{} and {} are not set", VARIABLES.id, VARIABLES.key));
    Ok(found.map_or_else(reason, Outcome::from))
}

/// The source of static keys, and the configured arguments that they override; `None` without static keys. Reads no file and calls
/// no service.
pub fn overridden_by_keys(
    config: &CredentialsConfig,
    variables: &Environment,
) -> Option<(&'static str, Vec<&'static str>)> {
    // A broken source overrides nothing: it is the error of the first call.
    let given = |outcome: Result<Outcome, _>| matches!(outcome, Ok(Outcome::Found(_)));
    let sources = [
        (Source::Configuration, given(configuration(config))),
        (Source::Environment, given(environment(config, variables))),
    ];
    let (source, _) = sources.into_iter().find(|(_, given)| *given)?;
    Some((source.name(config), source.overrides(config)))
}

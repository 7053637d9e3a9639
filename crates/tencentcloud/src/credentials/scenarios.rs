//! Scenarios of the chain, as directories of data in `testdata/credentials`:
//!
//! - `env.json`: the variables; `config.json`: the configuration. Either may be missing.
//! - `fs/`: the files. `$FS` in the JSON files is that directory.
//! - `http.json`: the expected calls in order, with their responses ([`Exchange`]). If missing, none.
//! - `expected.json`: the credentials, or the error with its causes; the profile's region; and the log at the level WARN.
//!
//! Every secret in these files ends in `-key`, `-token` or `-code`; none may be in an error or in the log at any level.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::Path,
    sync::{Arc, Mutex},
};

use secrecy::ExposeSecret;
use serde::{Deserialize, de::DeserializeOwned};
use tracing_subscriber::{Layer, layer::SubscriberExt};

use super::{
    Caller, CredentialsChain, CredentialsConfig, CredentialsError, ProvideCredentials, profile_region,
    replay::{Exchange, Replay, seconds},
};

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    credentials: Option<Keys>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    secret_id: String,
    secret_key: String,
    #[serde(default)]
    token: Option<String>,
    /// Seconds since 1970.
    #[serde(default)]
    expires_at: Option<u64>,
}

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            run(stringify!($name)).await;
        })*
    };
}

scenarios![
    overridden_block_is_ignored,
    line_break_in_a_key_is_an_error,
    assume_role_is_refused,
    assume_role_replaces_the_role_of_the_profile,
    assume_role_sends_every_argument,
    assume_role_without_a_role_is_an_error,
    invalid_duration_is_an_error,
    environment_comes_before_the_profile,
    environment_takes_the_token_of_tccli,
    incomplete_key_pair_in_the_environment_is_an_error,
    incomplete_key_pair_in_the_provider_block_is_an_error,
    ini_file_has_an_incomplete_key_pair,
    ini_file_has_the_profile,
    ini_file_is_malformed,
    instance_role_by_name,
    instance_role_is_discovered,
    instance_role_that_does_not_respond_is_an_error_when_named,
    instance_role_that_is_not_bound_is_an_error_when_named,
    metadata_that_responds_without_keys_is_an_error,
    mfa_session_assumes_the_role,
    nothing_found_lists_every_source,
    official_variable_of_the_token_comes_first,
    pod_identity,
    pod_identity_without_a_provider_is_an_error,
    profile_assumes_its_role,
    profile_expired,
    profile_has_a_token_that_expires,
    profile_in_another_directory,
    profile_is_a_browser_login,
    profile_is_malformed,
    profile_is_the_instance_role,
    profile_of_an_unknown_type,
    profile_is_a_path,
    configured_profile_does_not_exist,
    profile_takes_precedence_over_web_identity,
    profile_value_of_a_wrong_type_is_not_shown,
    provider_block_comes_before_the_environment,
    role_by_variables,
    saml_by_the_block,
    saml_by_variables,
    saml_without_a_principal_is_an_error,
    session_name_beyond_the_limits_is_an_error,
    web_identity_and_saml_exclude_each_other,
    web_identity_by_variables,
    web_identity_token_file_does_not_exist,
    web_identity_token_file_in_json,
    web_identity_token_file_is_raw,
    web_identity_token_is_refused,
];

fn directory(name: &str) -> String {
    format!("{}/src/testdata/credentials/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn file<T: DeserializeOwned>(scenario: &str, name: &str) -> Option<T> {
    let directory = directory(scenario);
    let text = std::fs::read_to_string(Path::new(&directory).join(name)).ok()?;
    let text = text.replace("$FS", &format!("{directory}/fs"));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{scenario}/{name}: {error}")))
}

async fn run(name: &str) {
    let config: CredentialsConfig = file(name, "config.json").unwrap_or_default();
    let caller = Caller { configuration: "provider block", session_name: "terraform-provider-eks" };
    let config = CredentialsConfig { caller, ..config };
    let environment = file::<BTreeMap<String, String>>(name, "env.json").unwrap_or_default().into_iter().collect();
    let replay = Replay::new(file::<Vec<Exchange>>(name, "http.json").unwrap_or_default());
    let region = profile_region(&config, &environment).await.unwrap_or_default();
    let chain = CredentialsChain::new(config, environment, replay.clone());
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));

    let actual = match chain.credentials().await {
        Ok(found) => Expected {
            credentials: Some(Keys {
                secret_id: found.secret_id.expose_secret().to_owned(),
                secret_key: found.secret_key.expose_secret().to_owned(),
                token: found.token.map(|token| token.expose_secret().to_owned()),
                expires_at: found.expires_at.map(seconds),
            }),
            error: None,
            region,
            warnings: log.warnings(),
        },
        Err(error) => Expected { credentials: None, error: Some(chain_of(&error)), region, warnings: log.warnings() },
    };
    let shown = format!("{:?} {:?}", actual.error, log.0.lock().unwrap()).replace(&directory(name), "");
    for ending in ["-key", "-token", "-code"] {
        assert!(!shown.contains(ending), "a secret is shown: {shown}");
    }
    assert_eq!(actual, file::<Expected>(name, "expected.json").expect("expected.json exists"));
    assert_eq!(replay.left(), 0, "calls that were not made");
}

/// Every event, as level, message and fields.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<(tracing::Level, String)>>>);

impl Log {
    fn warnings(&self) -> Vec<String> {
        let events = self.0.lock().unwrap();
        events.iter().filter(|(level, _)| *level <= tracing::Level::WARN).map(|(_, text)| text.clone()).collect()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut text = String::new();
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            write!(text, "{field}={value:?} ").unwrap();
        });
        self.0.lock().unwrap().push((*event.metadata().level(), text.trim_end().to_owned()));
    }
}

/// The message and those of its causes.
fn chain_of(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test]
async fn sources_not_configured_logged() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let replay = Replay::new(file::<Vec<Exchange>>("nothing_found_lists_every_source", "http.json").unwrap());
    let environment = file::<BTreeMap<String, String>>("nothing_found_lists_every_source", "env.json").unwrap();
    let chain = CredentialsChain::new(CredentialsConfig::default(), environment.into_iter().collect(), replay);
    let error = chain.credentials().await.unwrap_err();
    let CredentialsError::NotFound { tried, .. } = &error else { panic!("{error}") };
    let expected = tried.iter().map(|(source, reason)| {
        format!("message=credential source not configured source={source:?} reason={reason:?}")
    });
    let logged: Vec<_> = log.0.lock().unwrap().iter().map(|(_, text)| text.clone()).collect();
    assert_eq!((tried.len(), logged), (7, expected.collect()));
}

#[test]
fn every_directory_is_run() {
    let entries = std::fs::read_dir(directory("")).unwrap();
    for name in entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        assert!(NAMES.contains(&name.as_str()), "add {name} to the list of scenarios");
    }
}

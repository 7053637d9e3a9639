//! From the provider block and the environment to a configured provider.
//!
//! No network, and no file but that of the profile's region, which is read when a region is first needed.

use std::num::NonZeroU32;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::config::{self, ProviderConfig};
use super::mirrors;
use crate::image_caches::ImageCaches;
use crate::session::{Access, PROGRAM, Region, Session};
use crate::{errors, regions};
use image_registry::Inspectors;
use tencentcloud::credentials::{
    AccountGuard, AssumeRoleConfig, Caller, CloudServices, Credentials, CredentialsChain, CredentialsConfig,
    CredentialsError, DEFAULT_METADATA_URL, Environment, MfaConfig, ProvideCredentials, SamlConfig, WebIdentityConfig,
    overridden_by_keys,
};
use tencentcloud::endpoints::{DEFAULT_DOMAIN, InvalidEndpoint};
use tencentcloud::{Api, Client, Endpoints, Settings};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::Outcome;
use terraform_plugin::value::{Attr, Secret, duration};

/// Interval between status polls of builds, unless the provider block sets one.
const DEFAULT_POLL_INTERVAL: std::time::Duration = std::time::Duration::from_secs(5);

/// The variable for the region.
const REGION: &str = "TENCENTCLOUD_REGION";

/// The variable for the base URL of all services; that for a single one has the service's name behind it.
const ENDPOINT_URL: &str = "TENCENTCLOUD_ENDPOINT_URL";

/// The instance metadata service, among the services that have a base URL.
const METADATA: &str = "metadata";

pub fn configure(config: ProviderConfig, environment: Environment, diagnostics: &mut Diagnostics) -> Outcome<Session> {
    let config = config.without_empty_strings();
    let defaults = Settings::default();
    let has_own_domain = has_own_domain(&config, &environment);
    let region = configured_region(&config, &environment);
    if !has_own_domain && region.as_deref().is_some_and(regions::is_financial) {
        diagnostics.push(errors::financial_region(region.as_deref().unwrap_or_default()));
    }
    if let Some(region) = environment.get(REGION).filter(|_| config.region.is_null()) {
        regions::validate_variable(REGION, region, diagnostics);
    }
    let endpoints = endpoints(&config, &environment)?;
    let metadata = endpoints.url(METADATA).expect("an override is a URL already");
    let api = Api::new(Settings {
        endpoints,
        max_retries: config.max_retries.known().copied().unwrap_or(defaults.max_retries),
        requests_per_second: config
            .requests_per_second
            .known()
            .and_then(|number| NonZeroU32::new(*number))
            .unwrap_or(defaults.requests_per_second),
        program: PROGRAM,
    });
    let credentials_config = credentials(&config);
    let credentials: Arc<dyn ProvideCredentials> = match config::not_known_yet(&config) {
        Some(attribute) => Arc::new(NotKnownYet(attribute)),
        None => {
            diagnostics.extend(not_used(&credentials_config, &environment));
            let services = CloudServices::new(api.clone(), metadata, region.clone());
            Arc::new(CredentialsChain::new(credentials_config.clone(), environment.clone(), services))
        }
    };
    let profile_is_known = !config.profile.is_unknown() && !config.shared_credentials_dir.is_unknown();
    let ids = |ids: &Attr<std::collections::BTreeSet<String>>| ids.known().cloned().unwrap_or_default();
    let guard = AccountGuard::new(ids(&config.allowed_account_ids), ids(&config.forbidden_account_ids));
    let one_time_code = credentials_config.has_one_time_code(&environment);
    let client = Client::new(api, credentials).guarded(guard.clone()).with_sts_region(region);
    let registry_mirrors = mirrors::mirrors(&config);
    let poll_interval = config.poll_interval.as_str().and_then(|text| duration::parse(text).ok());
    Ok(Session {
        region: Region {
            config: config.region,
            credentials: credentials_config,
            profile_is_known,
            environment,
            found: OnceCell::new(),
            has_own_domain,
        },
        image_caches: ImageCaches::new(client.clone(), poll_interval.unwrap_or(DEFAULT_POLL_INTERVAL)),
        client,
        tags: config::tag_policy(&config.default_tags, &config.ignore_tags),
        access: Access::new(guard, one_time_code),
        inspectors: Inspectors::default(),
        registry_mirrors,
    })
}

/// Whether the user chose where the API is: by its domain, or by the base URL of `tke`.
fn has_own_domain(config: &ProviderConfig, environment: &Environment) -> bool {
    let endpoint = config.endpoints.known().is_none_or(|endpoints| endpoints.tke.is_null());
    let variables = ["TENCENTCLOUD_DOMAIN", ENDPOINT_URL, "TENCENTCLOUD_ENDPOINT_URL_TKE"];
    !config.domain.is_null()
        || config.endpoints.is_unknown()
        || !endpoint
        || variables.iter().any(|name| environment.get(name).is_some())
}

/// The region of the block or the environment. The profile, which is a file, is not read here.
fn configured_region(config: &ProviderConfig, environment: &Environment) -> Option<String> {
    match &config.region {
        Attr::Known(region) => Some(region.clone()),
        Attr::Unknown => None,
        Attr::Null => environment.get(REGION).map(str::to_owned),
    }
}

/// Stands for credentials while who calls, or where the API is, depends on what is not known before apply.
#[derive(Debug)]
struct NotKnownYet(&'static str);

#[async_trait::async_trait]
impl ProvideCredentials for NotKnownYet {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let problem = format!(
            "{} of the provider block is not known before apply, and the API has to be called now; write a constant, or \
             first create what it comes from, with `terraform apply -target`",
            self.0
        );
        Err(CredentialsError::Unsettled { problem })
    }

    fn discard(&self, _: &Credentials) {}
}

/// A warning for each argument that names other credentials while keys take precedence.
fn not_used(config: &CredentialsConfig, environment: &Environment) -> Vec<Diagnostic> {
    let Some((source, arguments)) = overridden_by_keys(config, environment) else { return Vec::new() };
    let warning = |argument: &str| {
        let detail = format!(
            "The keys of the {source} take precedence, and {argument} is ignored. To use it, remove the keys; to use the keys, \
             remove {argument}."
        );
        Diagnostic::warning("Ignored credentials", detail).at(AttributePath::root(argument))
    };
    arguments.into_iter().map(warning).collect()
}

/// The base URLs of the API's services, and of the metadata service under the name [`METADATA`].
fn endpoints(config: &ProviderConfig, environment: &Environment) -> Outcome<Endpoints> {
    let root = AttributePath::root;
    let set = |argument: &Attr<String>, path: AttributePath, variables: &[&str]| {
        let of_block = argument.known().map(|value| Setting { value: value.clone(), place: Place::Argument(path) });
        of_block.or_else(|| {
            let (name, value) = variables.iter().find_map(|name| Some((name, environment.get(name)?)))?;
            Some(Setting { value: value.to_owned(), place: Place::Variable((*name).to_owned()) })
        })
    };
    let or_default = |set: Option<Setting>, default: &str| {
        set.unwrap_or_else(|| Setting { value: default.to_owned(), place: Place::Default })
    };
    let protocol = or_default(set(&config.protocol, root("protocol"), &["TENCENTCLOUD_PROTOCOL"]), "HTTPS");
    let domain = or_default(set(&config.domain, root("domain"), &["TENCENTCLOUD_DOMAIN"]), DEFAULT_DOMAIN);
    Endpoints::new(&protocol.value, DEFAULT_DOMAIN).map_err(|error| protocol.place.invalid(&error))?;
    let mut endpoints = Endpoints::new(&protocol.value, &domain.value)
        .and_then(|endpoints| endpoints.with_override(METADATA, DEFAULT_METADATA_URL))
        .map_err(|error| domain.place.invalid(&error))?;

    let own = config.endpoints.known().cloned().unwrap_or_default();
    for (service, url) in [("tke", own.tke), ("sts", own.sts), ("tcr", own.tcr), (METADATA, own.metadata)] {
        let variable = format!("{ENDPOINT_URL}_{}", service.to_uppercase());
        if let Some(url) = set(&url, root("endpoints").attribute(service), &[&variable, ENDPOINT_URL]) {
            endpoints = endpoints.with_override(service, &url.value).map_err(|error| url.place.invalid(&error))?;
        }
    }
    Ok(endpoints)
}

/// A value, and its place.
struct Setting {
    value: String,
    place: Place,
}

/// Where a value was set, and where its errors are reported.
enum Place {
    Default,
    Argument(AttributePath),
    /// Of the environment.
    Variable(String),
}

impl Place {
    fn invalid(&self, error: &InvalidEndpoint) -> Diagnostic {
        match self {
            Self::Default => errors::endpoint(error, AttributePath::default()),
            Self::Argument(path) => errors::endpoint(error, path.clone()),
            Self::Variable(name) => Diagnostic::error("Invalid endpoint", format!("In the variable {name}: {error}.")),
        }
    }
}

fn credentials(config: &ProviderConfig) -> CredentialsConfig {
    let secret = |value: &Attr<Secret>| value.known().map(|secret| SecretString::from(secret.expose()));
    let text = |value: &Attr<String>| value.known().cloned();
    let seconds = |value: &Attr<u32>| value.known().map(|seconds| i64::from(*seconds));
    CredentialsConfig {
        secret_id: text(&config.secret_id).map(SecretString::from),
        secret_key: secret(&config.secret_key),
        security_token: secret(&config.security_token),
        profile: text(&config.profile),
        shared_credentials_dir: text(&config.shared_credentials_dir),
        cam_role_name: text(&config.cam_role_name),
        assume_role: config.assume_role.known().map(|role| AssumeRoleConfig {
            role_arn: text(&role.role_arn),
            session_name: text(&role.session_name),
            session_duration: seconds(&role.session_duration),
            policy: text(&role.policy),
            external_id: text(&role.external_id),
            source_identity: text(&role.source_identity),
            serial_number: text(&role.serial_number),
            token_code: secret(&role.token_code),
        }),
        assume_role_with_web_identity: config.assume_role_with_web_identity.known().map(|identity| WebIdentityConfig {
            provider_id: text(&identity.provider_id),
            web_identity_token: secret(&identity.web_identity_token),
            web_identity_token_file: text(&identity.web_identity_token_file),
            role_arn: text(&identity.role_arn),
            session_name: text(&identity.session_name),
            session_duration: seconds(&identity.session_duration),
        }),
        assume_role_with_saml: config.assume_role_with_saml.known().map(|saml| SamlConfig {
            saml_assertion: secret(&saml.saml_assertion),
            principal_arn: text(&saml.principal_arn),
            role_arn: text(&saml.role_arn),
            session_name: text(&saml.session_name),
            session_duration: seconds(&saml.session_duration),
        }),
        mfa_certification: config.mfa_certification.known().map(|mfa| MfaConfig {
            serial_number: text(&mfa.serial_number),
            token_code: secret(&mfa.token_code),
            duration_seconds: seconds(&mfa.duration_seconds),
        }),
        caller: Caller { configuration: "provider block", session_name: PROGRAM.name },
    }
}

#[cfg(test)]
mod tests;

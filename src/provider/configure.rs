//! From the provider block and the environment to a configured provider.
//!
//! No network, and no file but that of the profile's region, which is read when a region is first needed.

use std::num::NonZeroU32;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::OnceCell;
use url::Url;

use super::config::{self, ProviderConfig};
use super::{EksProvider, duration, errors};
use crate::diagnostics::{AttributePath, Diagnostic};
use crate::framework::Outcome;
use crate::tencentcloud::credentials::{
    AccountGuard, AssumeRoleConfig, CloudServices, Credentials, CredentialsChain, CredentialsConfig, CredentialsError,
    DEFAULT_METADATA_URL, Environment, MfaConfig, ProvideCredentials, SamlConfig, WebIdentityConfig, profile_region,
};
use crate::tencentcloud::endpoints::DEFAULT_DOMAIN;
use crate::tencentcloud::image_caches::ImageCaches;
use crate::tencentcloud::{Api, Client, Endpoints, Settings};
use crate::value::{Attr, Secret};

/// How often the status of builds is looked at when the provider block does not say.
const DEFAULT_POLL_INTERVAL: std::time::Duration = std::time::Duration::from_secs(5);

/// Services whose base URL can be replaced, and the variable for each.
const ENDPOINT_URL: &str = "TENCENTCLOUD_ENDPOINT_URL";

pub(super) fn configure(config: ProviderConfig, environment: Environment) -> Outcome<EksProvider> {
    let defaults = Settings::default();
    let api = Api::new(Settings {
        endpoints: endpoints(&config, &environment)?,
        max_retries: config.max_retries.known().copied().unwrap_or(defaults.max_retries),
        requests_per_second: config
            .requests_per_second
            .known()
            .and_then(|number| NonZeroU32::new(*number))
            .unwrap_or(defaults.requests_per_second),
    });
    let metadata = metadata(&config, &environment)?;
    let credentials_config = credentials(&config);
    let credentials: Arc<dyn ProvideCredentials> = match config::unknown_credentials(&config) {
        Some(attribute) => Arc::new(NotKnownYet(attribute)),
        None => Arc::new(CredentialsChain::new(
            credentials_config.clone(),
            environment.clone(),
            CloudServices::new(api.clone(), metadata),
        )),
    };
    let client = Client::new(api, credentials, None);
    let poll_interval = config.poll_interval.as_str().and_then(|text| duration::parse(text).ok());
    let ids = |ids: &Attr<std::collections::BTreeSet<String>>| ids.known().cloned().unwrap_or_default();
    Ok(EksProvider {
        region: Region { config: config.region, credentials: credentials_config, environment, found: OnceCell::new() },
        image_caches: ImageCaches::new(client.clone(), poll_interval.unwrap_or(DEFAULT_POLL_INTERVAL)),
        client,
        default_tags: config.default_tags,
        account_guard: AccountGuard::new(ids(&config.allowed_account_ids), ids(&config.forbidden_account_ids)),
    })
}

/// The region of what names none: the provider block, `TENCENTCLOUD_REGION`, the profile.
#[derive(Debug)]
pub(super) struct Region {
    config: Attr<String>,
    credentials: CredentialsConfig,
    environment: Environment,
    found: OnceCell<String>,
}

impl Region {
    /// The region; unknown while the provider block is.
    ///
    /// # Errors
    ///
    /// When none is set, or the profile's file cannot be read.
    pub(super) async fn get(&self) -> Outcome<Attr<String>> {
        if !self.config.is_null() {
            return Ok(self.config.clone());
        }
        let found = self.found.get_or_try_init(async || {
            if let Some(region) = self.environment.get("TENCENTCLOUD_REGION") {
                return Ok(region.to_owned());
            }
            match profile_region(&self.credentials, &self.environment).await {
                Ok(Some(region)) => Ok(region),
                Ok(None) => Err(errors::no_region()),
                Err(error) => Err(Diagnostic::error("Unreadable profile", format!("{}.", errors::chain(&error)))),
            }
        });
        Ok(found.await?.clone().into())
    }
}

/// Credentials that depend on something that is not known before apply.
#[derive(Debug)]
struct NotKnownYet(&'static str);

#[async_trait::async_trait]
impl ProvideCredentials for NotKnownYet {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        Err(CredentialsError::Invalid {
            origin: "provider block".to_owned(),
            problem: format!(
                "{} is not known before apply, and this plan has to call the API; create what it comes from first, with \
                 `terraform apply -target`",
                self.0
            ),
        })
    }
}

fn endpoints(config: &ProviderConfig, environment: &Environment) -> Outcome<Endpoints> {
    let own = config.endpoints.known();
    let protocol = config.protocol.as_str().or_else(|| environment.get("TENCENTCLOUD_PROTOCOL")).unwrap_or("HTTPS");
    let domain = config.domain.as_str().or_else(|| environment.get("TENCENTCLOUD_DOMAIN")).unwrap_or(DEFAULT_DOMAIN);
    let invalid = |error: &dyn std::fmt::Display, at: &str| {
        Diagnostic::error("Invalid endpoint", format!("{error}.")).at(AttributePath::root(at))
    };
    let mut endpoints = Endpoints::new(protocol, domain).map_err(|error| invalid(&error, "domain"))?;
    for (service, own) in [("tke", own.map(|e| &e.tke)), ("sts", own.map(|e| &e.sts)), ("tcr", own.map(|e| &e.tcr))] {
        if let Some(url) = base_url(service, own, environment) {
            endpoints = endpoints.with_override(service, &url).map_err(|error| invalid(&error, "endpoints"))?;
        }
    }
    Ok(endpoints)
}

fn metadata(config: &ProviderConfig, environment: &Environment) -> Outcome<Url> {
    let own = config.endpoints.known().map(|endpoints| &endpoints.metadata);
    let url = base_url("metadata", own, environment).unwrap_or_else(|| DEFAULT_METADATA_URL.to_owned());
    Url::parse(&url).map_err(|error| {
        let detail = format!("The endpoint of the metadata service, {url:?}, is not a URL: {error}.");
        Diagnostic::error("Invalid endpoint", detail).at(AttributePath::root("endpoints").attribute("metadata")).into()
    })
}

/// The base URL that replaces a service's own: the block, the service's variable, the variable for all.
fn base_url(service: &str, own: Option<&Attr<String>>, environment: &Environment) -> Option<String> {
    let variable = format!("{ENDPOINT_URL}_{}", service.to_uppercase());
    let of_environment = || environment.get(&variable).or_else(|| environment.get(ENDPOINT_URL));
    own.and_then(Attr::as_str).or_else(of_environment).map(str::to_owned)
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
    }
}

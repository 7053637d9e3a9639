//! Configures the provider from the provider block and the environment.
//!
//! Uses no network, and no file except that of the profile's region, which is read when a region is first needed.

use std::num::NonZeroU32;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::config::{self, ProviderConfig};
use super::credentials::{self, credentials};
use super::endpoints::{self, METADATA};
use super::mirrors;
use crate::image_caches::ImageCaches;
use crate::session::{Access, PROGRAM, Region, Session};
use crate::{errors, regions};
use image_registry::Inspectors;
use tencentcloud::credentials::{
    AccountGuard, CloudServices, Credentials, CredentialsChain, CredentialsError, Environment, ProvideCredentials,
};
use tencentcloud::{Api, Client, Settings};
use terraform_plugin::diagnostics::Diagnostics;
use terraform_plugin::framework::Outcome;
use terraform_plugin::value::{Attr, duration};

/// Interval between status polls of builds, unless the provider block sets one.
const DEFAULT_POLL_INTERVAL: std::time::Duration = std::time::Duration::from_secs(5);

/// The variable for the region.
const REGION: &str = "TENCENTCLOUD_REGION";

pub fn configure(config: ProviderConfig, environment: Environment, diagnostics: &mut Diagnostics) -> Outcome<Session> {
    let config = config.without_empty_strings();
    let defaults = Settings::default();
    let has_own_domain = endpoints::has_own_domain(&config, &environment);
    let region = configured_region(&config, &environment);
    if !has_own_domain && region.as_deref().is_some_and(regions::is_financial) {
        diagnostics.push(errors::financial_region(region.as_deref().unwrap_or_default()));
    }
    if let Some(region) = environment.get(REGION).filter(|_| config.region.is_null()) {
        regions::validate_variable(REGION, region, diagnostics);
    }
    let endpoints = endpoints::endpoints(&config, &environment)?;
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
            diagnostics.extend(credentials::not_used(&credentials_config, &environment));
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

/// The region of the block or the environment. The profile, which is a file, is not read here.
fn configured_region(config: &ProviderConfig, environment: &Environment) -> Option<String> {
    match &config.region {
        Attr::Known(region) => Some(region.clone()),
        Attr::Unknown => None,
        Attr::Null => environment.get(REGION).map(str::to_owned),
    }
}

/// Replaces credentials while an argument for credentials or endpoints is unknown.
#[derive(Debug)]
struct NotKnownYet(&'static str);

#[async_trait::async_trait]
impl ProvideCredentials for NotKnownYet {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let problem = format!(
            "{} of the provider block is known only after apply, but is needed now; use a constant, or first create the \
            object that it comes from, with `terraform apply -target`",
            self.0
        );
        Err(CredentialsError::Unsettled { problem })
    }

    fn discard(&self, _: &Credentials) {}
}

#[cfg(test)]
mod tests;

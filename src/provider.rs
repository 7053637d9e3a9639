//! The `eks` provider: one file for each resource, data source and function.

mod annotations;
mod config;
mod configure;
mod duration;
mod errors;
mod functions;
mod image_cache;
mod image_cache_attributes;
mod image_cache_data;
mod image_cache_id;
mod image_caches_data;
mod images;
mod pod_disk;
mod registry_token;
mod suitable_image_cache;
mod validate;

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::image_caches::ImageCaches;
use image_registry::Inspectors;
use tencentcloud::credentials::{AccountGuard, Environment};
use tencentcloud::{Client, sts};
use terraform_plugin::diagnostics::Diagnostics;
use terraform_plugin::framework::{
    self, AnyAction, AnyDataSource, AnyEphemeralResource, AnyFunction, AnyListResource, AnyResource, Outcome, Provider,
};
use terraform_plugin::value::Attr;

/// Where the provider is published.
pub const ADDRESS: &str = "registry.terraform.io/supernode/eks";

/// The provider, configured. It has called nobody yet: what only needs constants works without credentials and region.
pub struct EksProvider {
    region: configure::Region,
    client: Client,
    image_caches: ImageCaches,
    default_tags: Attr<Tags>,
    account_guard: AccountGuard,
    inspectors: Inspectors,
}

/// Tags by key.
type Tags = BTreeMap<String, String>;

#[async_trait]
impl Provider for EksProvider {
    type Config = config::ProviderConfig;

    fn validate(config: &config::ProviderConfig, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn configure(config: config::ProviderConfig, diagnostics: &mut Diagnostics) -> Outcome<Self> {
        configure::configure(config, Environment::capture(), diagnostics)
    }

    fn resources() -> Vec<Box<dyn AnyResource<Self>>> {
        vec![framework::identified_resource(image_cache::ImageCacheResource)]
    }

    fn data_sources() -> Vec<Box<dyn AnyDataSource<Self>>> {
        vec![
            framework::data_source(image_cache_data::ImageCacheData),
            framework::data_source(image_caches_data::ImageCachesData),
            framework::data_source(suitable_image_cache::SuitableImageCache),
            framework::data_source(pod_disk::PodDisk),
        ]
    }

    fn ephemeral_resources() -> Vec<Box<dyn AnyEphemeralResource<Self>>> {
        vec![framework::ephemeral_resource(registry_token::RegistryToken)]
    }

    fn list_resources() -> Vec<Box<dyn AnyListResource<Self>>> {
        vec![framework::list_resource(image_cache::ImageCacheList)]
    }

    fn actions() -> Vec<Box<dyn AnyAction<Self>>> {
        vec![framework::action(image_cache::ImageCacheRebuild)]
    }

    fn functions() -> Vec<Box<dyn AnyFunction>> {
        vec![
            framework::function(functions::RootDiskAnnotations),
            framework::function(functions::ImageCacheAnnotations),
            framework::function(functions::GlobalConfig),
            framework::function(functions::ParseImage),
        ]
    }
}

impl EksProvider {
    /// The region of what names none; unknown while the provider block is.
    ///
    /// # Errors
    ///
    /// When none is set anywhere.
    pub async fn region(&self) -> Outcome<Attr<String>> {
        self.region.get().await
    }

    /// The region of an object: its own, or the provider's.
    ///
    /// # Errors
    ///
    /// When none is set anywhere, or it is not known yet.
    pub async fn region_of(&self, own: &Attr<String>) -> Outcome<String> {
        if let Attr::Known(own) = own {
            return Ok(own.clone());
        }
        match self.region().await? {
            Attr::Known(region) => Ok(region),
            _ => Err(errors::region_not_known_yet().into()),
        }
    }

    /// The image caches of the account.
    pub fn image_caches(&self) -> &ImageCaches {
        &self.image_caches
    }

    /// The provider's `default_tags`.
    pub fn default_tags(&self) -> &Attr<Tags> {
        &self.default_tags
    }

    /// `tags` over the provider's `default_tags`; unknown when one of them is.
    pub fn tags_all(&self, tags: &Attr<Tags>) -> Attr<Tags> {
        if tags.is_unknown() || self.default_tags.is_unknown() {
            return Attr::Unknown;
        }
        let mut all = self.default_tags.known().cloned().unwrap_or_default();
        all.extend(tags.known().cloned().into_iter().flatten());
        all.into()
    }

    /// Refuses to go on in an account that the provider block does not allow. To be called before a write.
    ///
    /// # Errors
    ///
    /// When the account is not allowed, or cannot be told.
    pub async fn guard_account(&self) -> Outcome<()> {
        let identity = self.client.send(sts::DEFAULT_REGION, &sts::GetCallerIdentity {});
        let allowed = self.account_guard.check(identity).await;
        allowed.map_err(|error| errors::account(&error).into())
    }
}

#[cfg(test)]
mod tests;

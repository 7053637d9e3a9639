//! The provider: the lists of its resources, data sources and functions.

use async_trait::async_trait;
use tencentcloud::credentials::Environment;
use terraform_plugin::diagnostics::Diagnostics;
use terraform_plugin::framework::{
    self, AnyAction, AnyDataSource, AnyEphemeralResource, AnyFunction, AnyListResource, AnyResource, Outcome, Provider,
};

use crate::block::{self, ProviderConfig};
use crate::session::Session;
use crate::{functions, image_cache, pod_disk, registry_token};

/// The provider's address in the Registry.
pub const ADDRESS: &str = "registry.terraform.io/supernode/eks";

/// The provider.
pub struct EksProvider;

#[async_trait]
impl Provider for EksProvider {
    type Config = ProviderConfig;
    type Session = Session;

    fn validate(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
        block::validate(config, diagnostics);
    }

    async fn configure(config: ProviderConfig, diagnostics: &mut Diagnostics) -> Outcome<Session> {
        block::configure(config, Environment::capture(), diagnostics)
    }

    fn resources() -> Vec<Box<dyn AnyResource<Session>>> {
        vec![framework::resource(image_cache::ImageCacheResource)]
    }

    fn data_sources() -> Vec<Box<dyn AnyDataSource<Session>>> {
        vec![
            framework::data_source(image_cache::ImageCacheData),
            framework::data_source(image_cache::ImageCachesData),
            framework::data_source(image_cache::SuitableImageCache),
            framework::data_source(pod_disk::PodDisk),
        ]
    }

    fn ephemeral_resources() -> Vec<Box<dyn AnyEphemeralResource<Session>>> {
        vec![framework::ephemeral_resource(registry_token::RegistryToken)]
    }

    fn list_resources() -> Vec<Box<dyn AnyListResource<Session>>> {
        vec![framework::list_resource(image_cache::ImageCacheList)]
    }

    fn actions() -> Vec<Box<dyn AnyAction<Session>>> {
        vec![framework::action(image_cache::ImageCacheRebuild)]
    }

    fn functions() -> Vec<Box<dyn AnyFunction>> {
        vec![
            framework::function(functions::RootDiskAnnotations),
            framework::function(functions::ImageCacheAnnotations),
            framework::function(functions::GlobalConfig),
            framework::function(functions::ParseImage),
            framework::function(functions::ManifestImages),
            framework::function(functions::ManifestPods),
            framework::function(functions::ManifestObjects),
            framework::function(functions::AnnotateManifests),
            framework::function(functions::AnnotateObject),
        ]
    }
}

#[cfg(test)]
mod tests;

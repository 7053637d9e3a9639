//! The provider: the lists of its resources, data sources and functions.

use tencentcloud::credentials::Environment;
use terraform_plugin::diagnostics::Diagnostics;
use terraform_plugin::framework::{Offers, Outcome, Provider};

use crate::block::{self, ProviderConfig};
use crate::session::Session;
use crate::{functions, image_cache, pod_disk, registry_token};

/// The provider's address in the Registry.
pub const ADDRESS: &str = "registry.terraform.io/supernode/eks";

/// The provider.
pub struct EksProvider;

impl Provider for EksProvider {
    type Config = ProviderConfig;
    type Session = Session;

    fn offers() -> Offers<Session> {
        Offers::new()
            .resource(image_cache::ImageCacheResource)
            .list_resource(image_cache::ImageCacheList)
            .data_source(image_cache::ImageCacheData)
            .data_source(image_cache::ImageCachesData)
            .data_source(image_cache::SuitableImageCache)
            .data_source(pod_disk::PodDisk)
            .ephemeral_resource(registry_token::RegistryToken)
            .action(image_cache::ImageCacheRebuild)
            .function::<functions::RootDiskAnnotations>()
            .function::<functions::ImageCacheAnnotations>()
            .function::<functions::GlobalConfig>()
            .function::<functions::ParseImage>()
            .function::<functions::ManifestImages>()
            .function::<functions::ManifestPods>()
            .function::<functions::ManifestObjects>()
            .function::<functions::AnnotateManifests>()
            .function::<functions::AnnotateObject>()
    }

    fn validate(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
        block::validate(config, diagnostics);
    }

    async fn configure(config: ProviderConfig, diagnostics: &mut Diagnostics) -> Outcome<Session> {
        block::configure(config, Environment::capture(), diagnostics)
    }
}

#[cfg(test)]
mod tests;

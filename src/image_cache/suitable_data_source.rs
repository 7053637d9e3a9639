//! Data source `eks_suitable_image_cache`: the image cache that Pods with given images would start from, if any.
//!
//! The API chooses: identical references, then the smallest cache, then the newest. No match is a result, not an error.

use std::collections::BTreeSet;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attributes::FoundImageCache;
use super::messages;
use crate::session::Session;
use crate::{images, regions};
use terraform_plugin::diagnostics::{AttributePath, Diagnostics};
use terraform_plugin::framework::{Context, DataSource, Outcome};
use terraform_plugin::schema::{COMPUTED, OPTIONAL, OPTIONAL_COMPUTED, REQUIRED};
use terraform_plugin::value::Attr;

/// The image cache that Pods with these images and the annotation `use-image-cache: auto` would start from.
///
/// Names and tags must be identical to those of the cache; of several caches, the smallest is chosen, then the newest.
///
/// Do not create a cache only if none is found, as in `count = data.eks_suitable_image_cache.x.found ? 0 : 1`: the next plan finds
/// the created cache, and deletes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuitableImageCacheModel {
    /// Images, with exactly the names that the Pods use, for example `["nginx:1.27"]`.
    #[schemars(extend("x-terraform" = REQUIRED), length(min = 1))]
    pub images: Attr<BTreeSet<String>>,

    /// Snapshotter of the cache, for example `overlay`. Defaults to any.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub snapshotter: Attr<String>,

    /// Region of the Pods, for example `ap-guangzhou`. Defaults to the region of the provider.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED), length(min = 1))]
    pub region: Attr<String>,

    /// Whether there is such a cache.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub found: Attr<bool>,

    /// The cache. Null if there is none.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub image_cache: Attr<FoundImageCache>,
}

/// The data source.
pub struct SuitableImageCache;

#[async_trait]
impl DataSource for SuitableImageCache {
    type Session = Session;
    type Model = SuitableImageCacheModel;
    const TYPE_NAME: &'static str = "eks_suitable_image_cache";

    fn validate(&self, config: &SuitableImageCacheModel, diagnostics: &mut Diagnostics) {
        images::validate(AttributePath::root("images"), config.images.known().into_iter().flatten(), diagnostics);
        regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: SuitableImageCacheModel,
        _: &mut Diagnostics,
    ) -> Outcome<SuitableImageCacheModel> {
        let region = context.session.region_of(&config.region).await?;
        let images = config.images.known().into_iter().flatten().cloned().collect();
        let snapshotter = config.snapshotter.known().cloned();
        let found = context.session.image_caches.most_suitable(&region, images, snapshotter).await;
        let found = found.map_err(|error| context.session.failed("matching", &messages::all(&region), &error))?;
        Ok(SuitableImageCacheModel {
            found: found.is_some().into(),
            image_cache: found.map(|cache| FoundImageCache::new(&region, &cache)).into(),
            region: region.into(),
            ..config
        })
    }
}

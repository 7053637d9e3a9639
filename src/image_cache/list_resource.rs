//! List resource `eks_image_cache`: the caches of a region, for `terraform query`, read page by page as needed.

use async_trait::async_trait;
use futures_util::stream::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::ImageCacheModel;
use super::{ImageCacheResource, messages, state};
use crate::errors;
use crate::regions;
use crate::session::Session;
use terraform_plugin::diagnostics::{AttributePath, Diagnostics};
use terraform_plugin::framework::{Context, ListResource, Listing, Outcome};
use terraform_plugin::schema::OPTIONAL;
use terraform_plugin::value::Attr;

/// Image caches of a region that satisfy every given filter, including those that the platform created. Terraform lists at most
/// 100 of them, unless the `list` block has a `limit`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheListConfig {
    /// Region of the caches, for example `ap-guangzhou`. Defaults to the region of the provider.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub region: Attr<String>,

    /// Name of the caches, for example `llm`. Names are not unique.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub name: Attr<String>,

    /// Status of the caches: `Pending`, `Ready`, `Failed`, `Updating` or `UpdateFailed`.
    #[schemars(extend("x-terraform" = OPTIONAL, "enum" = ["Pending", "Ready", "Failed", "Updating", "UpdateFailed"]))]
    pub status: Attr<String>,
}

/// The list resource.
pub struct ImageCacheList;

#[async_trait]
impl ListResource for ImageCacheList {
    type Resource = ImageCacheResource;
    type Config = ImageCacheListConfig;

    fn validate(&self, config: &ImageCacheListConfig, diagnostics: &mut Diagnostics) {
        regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    }

    async fn list(
        &self,
        context: &Context<Session>,
        config: ImageCacheListConfig,
        listing: &mut Listing<ImageCacheModel>,
    ) -> Outcome<()> {
        let session = &context.session;
        let region = session.region_of(&config.region).await?;
        let names = config.name.known().cloned().into_iter().collect();
        listing.subject = format!("image caches in {region}");
        let mut rows = session.image_caches.rows(&region, names);
        while let Some(row) = rows.next().await {
            let cache = row.map_err(|error| errors::api("listing", &messages::all(&region), &error))?;
            if config.status.as_str().is_some_and(|status| cache.status.as_str() != status) {
                continue;
            }
            let (id, name) = (&cache.image_cache_id, &cache.image_cache_name);
            let mut object = state::imported(region.clone().into(), id);
            state::refresh(&mut object, &region, &cache, &session.tags);
            // Caches that the platform created have no name.
            let display_name = if name.is_empty() { id } else { name };
            if listing.push(display_name, &object).await.is_break() {
                break;
            }
        }
        Ok(())
    }
}

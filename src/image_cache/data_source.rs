//! Data source `eks_image_cache`: one image cache, by its ID or its name.
//!
//! Names are not unique: several caches of one name are an error that lists them, and so is none.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attributes::{ImageCacheAttributes, ImageCacheHistory};
use super::id;
use crate::errors;
use crate::session::Session;
use tencentcloud::tke::ImageCache;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::{Context, DataSource, Outcome};
use terraform_plugin::schema::OPTIONAL_COMPUTED;
use terraform_plugin::value::Attr;

/// An image cache that is there already, by its ID or its name. Only what the API tells of it: not its network, and not its
/// credentials.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheDataModel {
    /// ID of the cache, for example `imc-1a2b3c4d`. Exactly one of `id` and `name` is needed.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED), length(min = 1))]
    pub id: Attr<String>,

    /// Name of the cache, for example `llm`. It is an error when several caches of the region have it.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED), length(min = 1))]
    pub name: Attr<String>,

    /// Region of the cache, for example `ap-guangzhou`. When absent, the region of the provider.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED), length(min = 1))]
    pub region: Attr<String>,

    #[serde(flatten)]
    pub attributes: ImageCacheAttributes,

    #[serde(flatten)]
    pub history: ImageCacheHistory,
}

/// The data source.
pub struct ImageCacheData;

#[async_trait]
impl DataSource for ImageCacheData {
    type Session = Session;
    type Model = ImageCacheDataModel;
    const TYPE_NAME: &'static str = "eks_image_cache";

    fn validate(&self, config: &ImageCacheDataModel, diagnostics: &mut Diagnostics) {
        if config.id.is_null() && config.name.is_null() {
            let detail = "Set id, for example \"imc-1a2b3c4d\", or name: one of them tells which image cache is meant.";
            diagnostics.push(Diagnostic::error("Missing id or name", detail));
        }
        if config.id.is_known() && config.name.is_known() {
            let detail = "id and name exclude each other. Remove one of the two.";
            diagnostics.push(Diagnostic::error("Both id and name", detail).at(AttributePath::root("name")));
        }
        id::validate(AttributePath::root("id"), &config.id, diagnostics);
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: ImageCacheDataModel,
        _: &mut Diagnostics,
    ) -> Outcome<ImageCacheDataModel> {
        let region = context.session.region_of(&config.region).await?;
        let cache = find(&context.session, &config, &region).await?;
        Ok(ImageCacheDataModel {
            id: cache.image_cache_id.clone().into(),
            name: cache.image_cache_name.clone().into(),
            attributes: (&cache).into(),
            history: (&cache).into(),
            region: region.into(),
        })
    }
}

async fn find(session: &Session, config: &ImageCacheDataModel, region: &str) -> Outcome<ImageCache> {
    let caches = session.image_caches();
    if let Some(id) = config.id.as_str() {
        let at = AttributePath::root("id");
        let found = caches.get(region, id).await.map_err(|error| errors::api("reading", id, region, &error))?;
        return match found {
            Some(cache) => Ok(cache.as_ref().clone()),
            None => Err(errors::image_cache_not_found(id, region).at(at).into()),
        };
    }
    let name = config.name.as_str().unwrap_or_default();
    let found = caches.list(region, &[name.to_owned()]).await;
    let found = found.map_err(|error| errors::region("listing", region, &error))?;
    <[ImageCache; 1]>::try_from(found).map(|[cache]| cache).map_err(|found| not_one(name, region, &found).into())
}

fn not_one(name: &str, region: &str, found: &[ImageCache]) -> Diagnostic {
    let at = AttributePath::root("name");
    if found.is_empty() {
        let detail = format!(
            "There is no image cache with the name {name:?} in {region}. Check the name, and the region: a cache is in one \
             region only, and is gone once it has expired."
        );
        return Diagnostic::error("Image cache not found", detail).at(at);
    }
    let mut lines: Vec<_> = found
        .iter()
        .map(|cache| format!("  {} ({}, created {})", cache.image_cache_id, cache.status, cache.creation_time))
        .collect();
    lines.sort();
    let detail = format!(
        "{} image caches in {region} have the name {name:?}:\n{}\n\nNames are not unique. Set id to one of these, in place of \
         name.",
        found.len(),
        lines.join("\n")
    );
    Diagnostic::error("Several image caches found", detail).at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_of_id_and_name_is_needed() {
        let (given, unknown) = (|| Attr::from("imc-1".to_owned()), || Attr::Unknown);
        for (id, name, expected) in [
            (Attr::Null, Attr::Null, Some("Missing id or name")),
            (given(), given(), Some("Both id and name")),
            (given(), unknown(), None),
            (unknown(), unknown(), None),
            (given(), Attr::Null, None),
            (Attr::from("nginx".to_owned()), Attr::Null, Some("Invalid image cache ID")),
            (Attr::Null, given(), None),
            (unknown(), Attr::Null, None),
            (Attr::Null, unknown(), None),
        ] {
            let mut diagnostics = Diagnostics::default();
            let config = ImageCacheDataModel { id, name, ..Default::default() };
            ImageCacheData.validate(&config, &mut diagnostics);
            let summaries: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect();
            assert_eq!(summaries, Vec::from_iter(expected), "{config:?}");
        }
    }
}

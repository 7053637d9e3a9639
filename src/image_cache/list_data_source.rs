//! Data source `eks_image_caches`: the image caches of a region that satisfy every filter.
//!
//! The API filters by name; everything else is filtered here. The order of its rows is not documented: they are sorted by name,
//! then by ID, so that two reads of the same caches are equal.

use std::collections::BTreeMap;

use async_trait::async_trait;
use regex_lite::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attributes::{FoundImageCache, ImageCacheHistory};
use super::messages;
use crate::session::Session;
use crate::{images, regions};
use tencentcloud::tke::ImageCache;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::{Context, DataSource, Outcome};
use terraform_plugin::schema::{COMPUTED, OPTIONAL, OPTIONAL_COMPUTED};
use terraform_plugin::value::Attr;

/// The image caches of a region that satisfy all given filters; without filters, all caches, including those that the platform
/// created.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCachesModel {
    /// Region of the caches, for example `ap-guangzhou`. Defaults to the region of the provider.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED), length(min = 1))]
    pub region: Attr<String>,

    /// Name of the caches, for example `llm`. Names are not unique.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub name: Attr<String>,

    /// Regular expression that matches a part of the name, for example `"^llm-"`. The syntax is that of Terraform's `regex`,
    /// without Unicode character classes.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub name_regex: Attr<String>,

    /// Status of the caches: `Pending`, `Ready`, `Failed`, `Updating` or `UpdateFailed`.
    #[schemars(extend("x-terraform" = OPTIONAL, "enum" = ["Pending", "Ready", "Failed", "Updating", "UpdateFailed"]))]
    pub status: Attr<String>,

    /// Image that the caches contain, for example `"nginx:1.27"`, with exactly this name, as Pods match it.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub image: Attr<String>,

    /// Tags that the caches must have, for example `{ team = "ai" }`. They may have others.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub tags: Attr<BTreeMap<String, String>>,

    /// The caches, sorted by name and ID.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub image_caches: Attr<Vec<ListedImageCache>>,
}

/// An image cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ListedImageCache {
    #[serde(flatten)]
    pub cache: FoundImageCache,
    #[serde(flatten)]
    pub history: ImageCacheHistory,
}

/// The data source.
pub struct ImageCachesData;

#[async_trait]
impl DataSource for ImageCachesData {
    type Session = Session;
    type Model = ImageCachesModel;
    const TYPE_NAME: &'static str = "eks_image_caches";

    fn validate(&self, config: &ImageCachesModel, diagnostics: &mut Diagnostics) {
        if let Err(diagnostic) = name_regex(config) {
            diagnostics.push(diagnostic);
        }
        images::validate(AttributePath::root("image"), config.image.known(), diagnostics);
        regions::validate(AttributePath::root("region"), &config.region, diagnostics);
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: ImageCachesModel,
        _: &mut Diagnostics,
    ) -> Outcome<ImageCachesModel> {
        let name_regex = name_regex(&config)?;
        let region = context.session.region_of(&config.region).await?;
        let names: Vec<_> = config.name.known().cloned().into_iter().collect();
        let found = context.session.image_caches.list(&region, &names).await;
        let mut found = found.map_err(|error| context.session.failed("listing", &messages::all(&region), &error))?;
        found.retain(|cache| satisfies(cache, &config, name_regex.as_ref()));
        found.sort_by(|a, b| order(a).cmp(&order(b)));
        let listed: Vec<_> = found
            .iter()
            .map(|cache| ListedImageCache { cache: FoundImageCache::new(&region, cache), history: cache.into() })
            .collect();
        Ok(ImageCachesModel { region: region.into(), image_caches: listed.into(), ..config })
    }
}

fn name_regex(config: &ImageCachesModel) -> Result<Option<Regex>, Diagnostic> {
    config.name_regex.as_str().map(Regex::new).transpose().map_err(|error| {
        let detail = format!("name_regex is not a regular expression: {error}. An example is \"^llm-\".");
        Diagnostic::error("Invalid regular expression", detail).at(AttributePath::root("name_regex"))
    })
}

/// Every filter except the name, which the API has applied.
fn satisfies(cache: &ImageCache, config: &ImageCachesModel, name_regex: Option<&Regex>) -> bool {
    let has_tag = |(key, value): (&String, &String)| {
        cache.tags.iter().flatten().any(|tag| tag.key == *key && tag.value == *value)
    };
    name_regex.is_none_or(|regex| regex.is_match(&cache.image_cache_name))
        && config.status.as_str().is_none_or(|status| cache.status.as_str() == status)
        && config.image.known().is_none_or(|image| cache.images.contains(image))
        && config.tags.known().is_none_or(|tags| tags.iter().all(has_tag))
}

fn order(cache: &ImageCache) -> (&str, &str) {
    (&cache.image_cache_name, &cache.image_cache_id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cache(name: &str, status: &str, images: &[&str], tags: &[(&str, &str)]) -> ImageCache {
        let tags: Vec<_> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        let row =
            json!({"ImageCacheId": "imc-1", "ImageCacheName": name, "Status": status, "Images": images, "Tags": tags});
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn listed_caches_satisfy_every_filter() {
        let text = |text: &str| Attr::from(text.to_owned());
        let tags = |tags: &[(&str, &str)]| -> Attr<BTreeMap<String, String>> {
            tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>().into()
        };
        let all = ImageCachesModel::default();
        let cache = cache("llm-1", "Ready", &["nginx:1.27"], &[("team", "ai"), ("env", "prod")]);
        for (config, expected) in [
            (all.clone(), true),
            (ImageCachesModel { name_regex: text("^llm-"), ..all.clone() }, true),
            (ImageCachesModel { name_regex: text("m-[0-9]"), ..all.clone() }, true),
            (ImageCachesModel { name_regex: text("^m-"), ..all.clone() }, false),
            (ImageCachesModel { status: text("Ready"), ..all.clone() }, true),
            (ImageCachesModel { status: text("Pending"), ..all.clone() }, false),
            (ImageCachesModel { image: text("nginx:1.27"), ..all.clone() }, true),
            (ImageCachesModel { image: text("docker.io/library/nginx:1.27"), ..all.clone() }, false),
            (ImageCachesModel { tags: tags(&[("team", "ai")]), ..all.clone() }, true),
            (ImageCachesModel { tags: tags(&[("team", "web")]), ..all.clone() }, false),
            (ImageCachesModel { tags: tags(&[("team", "ai"), ("cost", "1")]), ..all.clone() }, false),
            (ImageCachesModel { tags: tags(&[]), status: text("Ready"), image: text("redis:7"), ..all }, false),
        ] {
            let name_regex = name_regex(&config).unwrap();
            assert_eq!(satisfies(&cache, &config, name_regex.as_ref()), expected, "{config:?}");
        }
    }

    #[test]
    fn invalid_filter_is_refused_at_its_attribute() {
        let text = |text: &str| Attr::from(text.to_owned());
        let all = ImageCachesModel::default();
        for (config, path, detail) in [
            (
                ImageCachesModel { name_regex: text("llm-("), ..all.clone() },
                "name_regex",
                "name_regex is not a regular expression",
            ),
            (
                ImageCachesModel { image: text("NGINX"), ..all.clone() },
                "image",
                "image: \"NGINX\" is not an image reference",
            ),
            (ImageCachesModel { image: text("nginx:"), ..all }, "image", "image: \"nginx:\" is not an image reference"),
        ] {
            let mut diagnostics = Diagnostics::default();
            ImageCachesData.validate(&config, &mut diagnostics);
            let [error] = diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("{diagnostics:?}") };
            assert_eq!(error.path.to_string(), path);
            assert!(error.detail.starts_with(detail), "{error:?}");
        }
    }
}

//! Data source `eks_image_cache`: one image cache, by its ID or its name.
//!
//! Names are not unique: several caches with one name are an error that lists them, unless `most_recent` chooses.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attributes::{ImageCacheAttributes, ImageCacheHistory};
use super::{creation_time, messages};
use crate::session::Session;
use crate::{image_cache_id, regions};
use tencentcloud::tke::{ImageCache, Status};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::{Context, DataSource, Outcome};
use terraform_plugin::schema::{OPTIONAL, OPTIONAL_COMPUTED};
use terraform_plugin::value::Attr;

/// An existing image cache, by its ID or its name. The API returns neither its network nor its credentials.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheDataModel {
    /// ID of the cache, for example `imc-1a2b3c4d`. Exactly one of `id` and `name` is required.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED), length(min = 1))]
    pub id: Attr<String>,

    /// Name of the cache, for example `llm`. Several caches of the region with this name are an error, unless `most_recent` is
    /// set.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED), length(min = 1))]
    pub name: Attr<String>,

    /// Whether several caches with `name` are allowed: returns the newest that is Ready, or else the newest. Needed for a cache
    /// that is replaced under the same name with `create_before_destroy`. Default `false`. Conflicts with `id`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub most_recent: Attr<bool>,

    /// Region of the cache, for example `ap-guangzhou`. Defaults to the region of the provider.
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
            let detail = "Neither id nor name is set. Set one of them, for example id = \"imc-1a2b3c4d\".";
            diagnostics.push(Diagnostic::error("Missing argument", detail));
        }
        for (name, is_set) in
            [("name", config.name.is_known()), ("most_recent", config.most_recent == Attr::Known(true))]
        {
            if config.id.is_known() && is_set {
                let detail = format!("id and {name} are mutually exclusive. Remove one of them.");
                diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(AttributePath::root(name)));
            }
        }
        regions::validate(AttributePath::root("region"), &config.region, diagnostics);
        image_cache_id::validate(AttributePath::root("id"), &config.id, diagnostics);
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
            most_recent: config.most_recent,
        })
    }
}

async fn find(session: &Session, config: &ImageCacheDataModel, region: &str) -> Outcome<ImageCache> {
    let caches = &session.image_caches;
    if let Some(id) = config.id.as_str() {
        let at = AttributePath::root("id");
        let found = caches
            .get(region, id)
            .await
            .map_err(|error| session.failed("reading", &messages::subject(id, region), &error))?;
        return match found {
            Some(cache) => Ok(cache.as_ref().clone()),
            None => Err(messages::not_found(id, region).at(at).into()),
        };
    }
    let name = config.name.as_str().unwrap_or_default();
    let found = caches.list(region, &[name.to_owned()]).await;
    let found = found.map_err(|error| session.failed("listing", &messages::all(region), &error))?;
    if config.most_recent == Attr::Known(true)
        && let Some(cache) = most_recent(&found)
    {
        return Ok(cache.clone());
    }
    <[ImageCache; 1]>::try_from(found).map(|[cache]| cache).map_err(|found| not_one(name, region, &found).into())
}

/// The newest Ready cache, or else the newest; among those with the same creation time or none, that with the greatest ID.
fn most_recent(found: &[ImageCache]) -> Option<&ImageCache> {
    found.iter().max_by_key(|cache| {
        let is_ready = cache.status == Status::Ready;
        (is_ready, creation_time::parse(&cache.creation_time), &cache.image_cache_id)
    })
}

fn not_one(name: &str, region: &str, found: &[ImageCache]) -> Diagnostic {
    let at = AttributePath::root("name");
    if found.is_empty() {
        let detail = format!(
            "There is no image cache with the name {name:?} in {region}. Check the name and the region: a cache exists in one \
            region only, and until it expires."
        );
        return Diagnostic::error("Image cache not found", detail).at(at);
    }
    let mut lines: Vec<_> = found
        .iter()
        .map(|cache| format!("  {} ({}, created {})", cache.image_cache_id, cache.status, cache.creation_time))
        .collect();
    lines.sort();
    let detail = format!(
        "{} image caches in {region} have the name {name:?}:\n{}\n\nNames are not unique. Set id to one of these instead \
        of name, or set most_recent = true for the newest Ready one.",
        found.len(),
        lines.join("\n")
    );
    Diagnostic::error("Several image caches found", detail).at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_name_are_mutually_exclusive() {
        let (given, unknown) = (|| Attr::from("imc-1".to_owned()), || Attr::Unknown);
        for (id, name, expected) in [
            (Attr::Null, Attr::Null, Some("Missing argument")),
            (given(), given(), Some("Conflicting arguments")),
            (given(), unknown(), None),
            (unknown(), unknown(), None),
            (given(), Attr::Null, None),
            (Attr::from("nginx".to_owned()), Attr::Null, Some("Unusual image cache ID")),
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

    #[test]
    fn most_recent_prefers_ready_caches() {
        let row = |id: &str, status: &str, created: &str| {
            let row = serde_json::json!({"ImageCacheId": id, "Status": status, "CreationTime": created});
            serde_json::from_value::<ImageCache>(row).unwrap()
        };
        let (old, new) = ("2026-03-30 07:03:35 +0000 UTC", "2026-03-30T07:03:36Z");
        for (rows, expected) in [
            (vec![row("imc-a", "Ready", old), row("imc-b", "Pending", new)], "imc-a"),
            (vec![row("imc-b", "Ready", new), row("imc-a", "Ready", old)], "imc-b"),
            (vec![row("imc-a", "Failed", old), row("imc-b", "Pending", new)], "imc-b"),
            (vec![row("imc-b", "Ready", new), row("imc-a", "Ready", new)], "imc-b"),
            (vec![row("imc-b", "Ready", ""), row("imc-a", "Ready", old)], "imc-a"),
        ] {
            assert_eq!(most_recent(&rows).unwrap().image_cache_id, expected, "{rows:?}");
        }
        assert!(most_recent(&[]).is_none());
    }

    #[test]
    fn most_recent_conflicts_with_id() {
        let id = || Attr::from("imc-1".to_owned());
        for (most_recent, expected) in [(true, 1), (false, 0)] {
            let mut diagnostics = Diagnostics::default();
            let config = ImageCacheDataModel { id: id(), most_recent: most_recent.into(), ..Default::default() };
            ImageCacheData.validate(&config, &mut diagnostics);
            assert_eq!(diagnostics.iter().count(), expected);
        }
    }
}

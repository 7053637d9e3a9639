//! `GetMostSuitableImageCache`.

use serde_json::{Value, json};

use super::{SERVICE, STRINGS, VERSION, images, response};
use crate::action::{Action, Context};
use crate::behavior::Suitable;
use crate::error::ApiError;
use crate::image_cache::{ImageCache, Status};
use crate::parameters::{Kind, Parameters, optional, required};
use crate::state::World;

pub(super) const ACTION: Action = Action {
    service: SERVICE,
    version: VERSION,
    name: "GetMostSuitableImageCache",
    fields: &[required("Images", STRINGS), optional("Snapshotter", Kind::String)],
    unsigned: false,
    run: get_most_suitable_image_cache,
};

/// The rules of <https://cloud.tencent.com/document/product/457/44484>: identical references, then the smallest size, then the
/// latest creation. Whether a cache may contain more images than requested is a behavior variant. It is assumed that only `Ready`
/// caches match.
fn get_most_suitable_image_cache(
    world: &mut World,
    context: &Context,
    parameters: &Parameters<'_>,
) -> Result<Value, ApiError> {
    let images = images(parameters)?.unwrap_or_default();
    let snapshotter = parameters.string("Snapshotter");
    let World { behavior, image_caches, rng, .. } = world;
    let matches = |cache: &&mut ImageCache| {
        cache.status == Status::Ready
            && !cache.deleted
            && cache.is_listed(context.now)
            && images.iter().all(|image| cache.images.contains(image))
            && (behavior.suitable == Suitable::AtLeast || cache.images.len() == images.len())
            && snapshotter.as_ref().is_none_or(|snapshotter| *snapshotter == cache.snapshotter)
    };
    let rank = |cache: &&mut ImageCache| (cache.image_cache_size, std::cmp::Reverse(cache.creation_time));
    let caches = image_caches.entry(context.region.clone()).or_default();
    match caches.values_mut().filter(matches).min_by_key(rank) {
        Some(cache) => {
            cache.last_matched_time = Some(context.now);
            Ok(json!({"Found": true, "ImageCache": response::image_cache(cache, behavior, rng)}))
        }
        None => Ok(json!({"Found": false, "ImageCache": null})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture::Api;
    use jiff::SignedDuration;

    #[test]
    fn smallest_then_newest_matching_cache_is_chosen() {
        let mut api = Api::new(|_| ());
        let caches = api.world.image_caches.entry("ap-guangzhou".to_owned()).or_default();
        for (id, images, size, status, age) in [
            ("large", &["nginx:1", "redis:7"][..], 100, Status::Ready, 0),
            ("older", &["nginx:1", "redis:7"], 50, Status::Ready, 2),
            ("newer", &["nginx:1", "redis:7"], 50, Status::Ready, 1),
            ("building", &["nginx:1"], 20, Status::Updating, 0),
            ("latest", &["nginx"], 20, Status::Ready, 0),
        ] {
            let created = api.now - SignedDuration::from_hours(age);
            let cache = ImageCache::ready(id, images, created);
            caches.insert(id.to_owned(), ImageCache { id: id.to_owned(), image_cache_size: size, status, ..cache });
        }
        for (body, expected) in [
            (json!({"Images": ["nginx:1"]}), Some("newer")),
            (json!({"Images": ["nginx:1", "redis:7"]}), Some("newer")),
            (json!({"Images": ["nginx"]}), Some("latest")),
            (json!({"Images": ["nginx:latest"]}), None),
            (json!({"Images": ["nginx:1", "redis:8"]}), None),
            (json!({"Images": ["nginx"], "Snapshotter": "overlay"}), Some("latest")),
            (json!({"Images": ["nginx"], "Snapshotter": "nydus"}), None),
        ] {
            let response = api.call("GetMostSuitableImageCache", body.clone()).unwrap();
            assert_eq!(response["ImageCache"]["ImageCacheId"].as_str(), expected, "{body}");
            assert_eq!(response["Found"], expected.is_some(), "{body}");
        }
        assert_eq!(api.world.image_caches["ap-guangzhou"]["newer"].last_matched_time, Some(api.now));

        api.world.behavior.suitable = Suitable::Exactly;
        for (images, expected) in [(&["nginx:1"][..], false), (&["nginx:1", "redis:7"], true), (&["nginx"], true)] {
            let response = api.call("GetMostSuitableImageCache", json!({ "Images": images })).unwrap();
            assert_eq!(response["Found"], expected, "{images:?}");
        }
    }
}

//! `GetMostSuitableImageCache`.

use serde_json::{Value, json};

use super::image_cache::{ImageCache, Status};
use super::{SERVICE, STRINGS, VERSION, answer, images};
use crate::api::{Action, ApiError, Context};
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

/// The match rules of <https://cloud.tencent.com/document/product/457/44484>: identical references, then the smaller
/// size, then the later creation. That only `Ready` caches match, and that a cache may hold more images than asked for,
/// are assumptions.
fn get_most_suitable_image_cache(
    world: &mut World,
    context: &Context,
    parameters: &Parameters<'_>,
) -> Result<Value, ApiError> {
    let images = images(parameters)?.unwrap_or_default();
    let snapshotter = parameters.string("Snapshotter");
    let World { personality, image_caches, rng, .. } = world;
    let matches = |cache: &&mut ImageCache| {
        cache.status == Status::Ready
            && !cache.deleted
            && cache.is_listed(context.now)
            && images.iter().all(|image| cache.images.contains(image))
            && snapshotter.as_ref().is_none_or(|snapshotter| *snapshotter == cache.snapshotter)
    };
    let rank = |cache: &&mut ImageCache| (cache.image_cache_size, std::cmp::Reverse(cache.creation_time));
    let caches = image_caches.entry(context.region.clone()).or_default();
    match caches.values_mut().filter(matches).min_by_key(rank) {
        Some(cache) => {
            cache.last_matched_time = Some(context.now);
            Ok(json!({"Found": true, "ImageCache": answer::image_cache(cache, personality, rng)}))
        }
        None => Ok(json!({"Found": false, "ImageCache": null})),
    }
}

//! `DescribeImageCaches`.

use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::image_cache::ImageCache;
use super::{SERVICE, STRINGS, VERSION, answer, not_found};
use crate::api::{Action, ApiError, Context};
use crate::parameters::{Kind, Parameters, optional, required};
use crate::personality::{DescribeIds, DescribeUnknown, NameMatch, Order, PartlyUnknown};
use crate::state::World;

pub(super) const ACTION: Action = Action {
    service: SERVICE,
    version: VERSION,
    name: "DescribeImageCaches",
    fields: &[
        optional("ImageCacheIds", STRINGS),
        optional("ImageCacheNames", STRINGS),
        optional("Limit", Kind::Uint),
        optional("Offset", Kind::Uint),
        optional("Filters", Kind::List(&Kind::Object(&[required("Name", Kind::String), required("Values", STRINGS)]))),
    ],
    unsigned: false,
    run: describe_image_caches,
};

fn describe_image_caches(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    let limit = parameters.uint("Limit").unwrap_or(20);
    if !(1..=50).contains(&limit) {
        return Err(ApiError::new("InvalidParameter", format!("Limit {limit} is out of the range [1, 50].")));
    }
    let offset = parameters.uint("Offset").unwrap_or(0);
    let mut names = Vec::new();
    names.extend(parameters.strings("ImageCacheNames").filter(|names| !names.is_empty()));
    for filter in parameters.objects("Filters").unwrap_or_default() {
        let name = filter.string("Name").unwrap_or_default();
        if name != "image-cache-name" {
            return Err(ApiError::new("InvalidParameter", format!("The filter `{name}` is not supported.")));
        }
        names.extend(filter.strings("Values"));
    }

    let World { personality, image_caches, rng, .. } = world;
    let named = |cache: &ImageCache| {
        names.iter().all(|any_of| {
            any_of.iter().any(|name| match personality.name_match {
                NameMatch::Exact => cache.name == *name,
                NameMatch::Substring => cache.name.contains(name.as_str()),
            })
        })
    };
    let caches = image_caches.entry(context.region.clone()).or_default();
    let ids = parameters.strings("ImageCacheIds").unwrap_or_default();
    let mut rows: Vec<&ImageCache> = if ids.is_empty() {
        caches.values().filter(|cache| cache.is_listed(context.now)).collect()
    } else {
        check_count(ids.len(), personality.describe_ids)?;
        let listed = |id: &String| caches.get(id).filter(|cache| cache.is_listed(context.now));
        let found: Vec<&ImageCache> = ids.iter().filter_map(listed).collect();
        let refused = if found.is_empty() {
            personality.describe_unknown == DescribeUnknown::ResourceNotFound
        } else {
            personality.partly_unknown == PartlyUnknown::Error && found.len() < ids.len()
        };
        if refused {
            return Err(not_found(ids.iter().filter(|id| listed(id).is_none())));
        }
        found
    };
    rows.retain(|cache| named(cache));
    if personality.order == Order::Changing {
        rows.shuffle(rng);
    }
    let page = rows.iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(limit as usize);
    let page: Vec<Value> = page.map(|cache| answer::image_cache(cache, personality, rng)).collect();
    Ok(json!({"TotalCount": answer::number(rows.len() as u64, personality), "ImageCaches": page}))
}

fn check_count(count: usize, answer: DescribeIds) -> Result<(), ApiError> {
    let most = match answer {
        DescribeIds::Unlimited => return Ok(()),
        DescribeIds::Twenty => 20,
        DescribeIds::Fifty => 50,
        DescribeIds::Hundred => 100,
    };
    if count <= most {
        return Ok(());
    }
    Err(ApiError::new("InvalidParameter", format!("ImageCacheIds has {count} IDs, more than {most}.")))
}

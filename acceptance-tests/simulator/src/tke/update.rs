//! `UpdateImageCache`. Nearly all of its semantics is undocumented, so nearly every step here asks the personality.

use serde_json::{Value, json};

use super::image_cache::{ImageCache, Status};
use super::{CREDENTIALS, SERVICE, STRINGS, TAGS, VERSION, credentials, images, later, not_found, size, tags};
use crate::api::{Action, ApiError, Context};
use crate::parameters::{Kind, Parameters, optional, required};
use crate::personality::{
    EmptyLists, LightUpdate, OmittedFields, Personality, Shrink, SizeStep, UnchangedUpdate, UpdateTags,
    UpdateWhenFailed, UpdateWhenUpdateFailed, UpdateWhileBuilding,
};
use crate::state::World;

pub(super) const ACTION: Action = Action {
    service: SERVICE,
    version: VERSION,
    name: "UpdateImageCache",
    fields: &[
        required("ImageCacheId", Kind::String),
        optional("ImageCacheName", Kind::String),
        optional("Images", STRINGS),
        optional("ImageCacheSize", Kind::Uint),
        optional("RetentionDays", Kind::Uint),
        optional("SecurityGroupIds", STRINGS),
        optional("ImageRegistryCredentials", CREDENTIALS),
        optional("Tags", TAGS),
    ],
    unsigned: false,
    run: update_image_cache,
};

fn update_image_cache(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    let id = parameters.string("ImageCacheId").unwrap_or_default();
    let images = images(parameters)?;
    let size = size(parameters)?;
    let World { personality, image_caches, rng, build_time, .. } = world;
    let cache = image_caches
        .get_mut(&context.region)
        .and_then(|caches| caches.get_mut(&id))
        .filter(|cache| !cache.deleted)
        .ok_or_else(|| not_found([&id]))?;
    check_status(cache, personality)?;

    let size = match size {
        Some(size) if size < cache.image_cache_size => match personality.shrink {
            Shrink::Accepted => Some(size),
            Shrink::Ignored => None,
            Shrink::Refused => {
                let message =
                    format!("The size of image cache {id} cannot be reduced from {}.", cache.image_cache_size);
                return Err(ApiError::new("UnsupportedOperation", message));
            }
        },
        size => size,
    };
    let before = cache.clone();
    let pulls = parameters.has("Images")
        || size.is_some()
        || not_ignored(parameters.strings("SecurityGroupIds"), personality).is_some()
        || not_ignored(credentials(parameters), personality).is_some();
    change(cache, parameters, images, size, personality);

    let changed = cache.images != before.images
        || cache.image_cache_size != before.image_cache_size
        || cache.security_group_ids != before.security_group_ids
        || cache.image_registry_credentials != before.image_registry_credentials;
    let due = later(context.now, *build_time);
    if changed || (pulls && personality.unchanged_update == UnchangedUpdate::Rebuilds) {
        cache.start_build(context.now, due, personality, rng);
    } else if personality.light_update == LightUpdate::Updates && before.status == Status::Ready {
        cache.start_light_update(due);
    }
    Ok(json!({}))
}

fn check_status(cache: &ImageCache, personality: &Personality) -> Result<(), ApiError> {
    let unsupported = match cache.status {
        Status::Ready => return Ok(()),
        Status::Pending | Status::Updating => match personality.update_while_building {
            UpdateWhileBuilding::Accepted => return Ok(()),
            UpdateWhileBuilding::UnsupportedOperation => true,
            UpdateWhileBuilding::TaskAlreadyRunning => false,
        },
        Status::Failed => match personality.update_when_failed {
            UpdateWhenFailed::Accepted => return Ok(()),
            UpdateWhenFailed::UnsupportedOperation => true,
            UpdateWhenFailed::TaskAlreadyRunning => false,
        },
        Status::UpdateFailed => match personality.update_when_update_failed {
            UpdateWhenUpdateFailed::Accepted => return Ok(()),
            UpdateWhenUpdateFailed::UnsupportedOperation => true,
            UpdateWhenUpdateFailed::TaskAlreadyRunning => false,
        },
    };
    let code = if unsupported { "UnsupportedOperation" } else { "FailedOperation.TaskAlreadyRunning" };
    let message = format!("The image cache {} is {:?} and cannot be updated.", cache.id, cache.status);
    Err(ApiError::new(code, message))
}

/// Takes the request's fields over into `cache`.
fn change(
    cache: &mut ImageCache,
    parameters: &Parameters<'_>,
    images: Option<Vec<String>>,
    size: Option<u64>,
    personality: &Personality,
) {
    // A default for an omitted field; `None` leaves it alone.
    let reset = personality.omitted_fields == OmittedFields::Reset;
    if let Some(name) = parameters.string("ImageCacheName") {
        cache.name = name;
    }
    if let Some(images) = images {
        cache.images = images;
    }
    if let Some(size) = size {
        let rounds = personality.size_step == SizeStep::RoundedUp;
        cache.image_cache_size = if rounds { size.next_multiple_of(10) } else { size };
    } else if reset && !parameters.has("ImageCacheSize") && personality.shrink == Shrink::Accepted {
        cache.image_cache_size = 20;
    }
    if let Some(days) = parameters.uint("RetentionDays").or(reset.then_some(0)) {
        cache.retention_days = days;
    }
    let groups = not_ignored(parameters.strings("SecurityGroupIds"), personality);
    if let Some(groups) = groups.or_else(|| omitted(parameters, "SecurityGroupIds", reset)) {
        cache.security_group_ids = groups;
    }
    let given = not_ignored(credentials(parameters), personality);
    if let Some(credentials) = given.or_else(|| omitted(parameters, "ImageRegistryCredentials", reset)) {
        cache.image_registry_credentials = credentials;
    }
    let given = not_ignored(tags(parameters), personality);
    if let Some(tags) = given.or_else(|| omitted(parameters, "Tags", reset)) {
        if personality.update_tags == UpdateTags::Replace || tags.is_empty() {
            cache.tags.clear();
        }
        cache.tags.extend(tags);
    }
}

fn omitted<T>(parameters: &Parameters<'_>, name: &str, reset: bool) -> Option<Vec<T>> {
    (reset && !parameters.has(name)).then(Vec::new)
}

fn not_ignored<T>(list: Option<Vec<T>>, personality: &Personality) -> Option<Vec<T>> {
    list.filter(|list| !list.is_empty() || personality.empty_lists == EmptyLists::Clear)
}

//! `DeleteImageCaches`.

use serde_json::{Value, json};

use super::{SERVICE, STRINGS, VERSION, later, not_found};
use crate::api::{Action, ApiError, Context};
use crate::parameters::{Parameters, required};
use crate::personality::{Delete, DeleteUnknown, PartlyUnknown};
use crate::state::World;

pub(super) const ACTION: Action = Action {
    service: SERVICE,
    version: VERSION,
    name: "DeleteImageCaches",
    fields: &[required("ImageCacheIds", STRINGS)],
    unsigned: false,
    run: delete_image_caches,
};

fn delete_image_caches(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    let ids = parameters.strings("ImageCacheIds").unwrap_or_default();
    if ids.is_empty() {
        return Err(ApiError::new("InvalidParameter", "ImageCacheIds must have at least one ID."));
    }
    let personality = world.personality;
    let caches = world.image_caches.entry(context.region.clone()).or_default();
    let (known, unknown): (Vec<String>, Vec<String>) = ids.into_iter().partition(|id| caches.contains_key(id));
    let refused = if known.is_empty() {
        personality.delete_unknown == DeleteUnknown::ResourceNotFound
    } else {
        personality.partly_unknown == PartlyUnknown::Error && !unknown.is_empty()
    };
    if refused {
        return Err(not_found(&unknown));
    }
    let building = |id: &&String| caches.get(*id).is_some_and(|cache| cache.is_building());
    if personality.delete == Delete::RefusedWhileBuilding
        && let Some(id) = known.iter().find(building)
    {
        let message = format!("The image cache {id} is being built and cannot be deleted.");
        return Err(ApiError::new("FailedOperation", message));
    }
    for id in &known {
        if personality.delete == Delete::Lingers {
            if let Some(cache) = caches.get_mut(id).filter(|cache| !cache.deleted) {
                cache.deleted = true;
                cache.gone_at = Some(later(context.now, world.lag));
            }
        } else {
            caches.shift_remove(id);
        }
    }
    Ok(json!({}))
}

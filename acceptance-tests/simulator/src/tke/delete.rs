//! `DeleteImageCaches`.

use serde_json::{Value, json};

use super::{SERVICE, STRINGS, VERSION, later, not_found, partly_unknown};
use crate::action::{Action, Context};
use crate::behavior::{Delete, DeleteUnknown};
use crate::error::ApiError;
use crate::parameters::{Parameters, required};
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
    let behavior = world.behavior;
    let caches = world.image_caches.entry(context.region.clone()).or_default();
    let (known, unknown): (Vec<String>, Vec<String>) = ids.into_iter().partition(|id| caches.contains_key(id));
    let refused = match behavior.delete_unknown {
        _ if unknown.is_empty() => None,
        _ if !known.is_empty() => partly_unknown(behavior.partly_unknown),
        DeleteUnknown::ResourceNotFound => Some("ResourceNotFound"),
        DeleteUnknown::Success => None,
        DeleteUnknown::InvalidParameter => Some("InvalidParameter"),
        DeleteUnknown::InternalError => Some("InternalError"),
        DeleteUnknown::RecordNotFound => Some("FailedOperation.RecordNotFound"),
    };
    if let Some(code) = refused {
        return Err(not_found(code, &unknown));
    }
    let building = |id: &&String| caches.get(*id).is_some_and(|cache| cache.is_building());
    if behavior.delete == Delete::RefusedWhileBuilding
        && let Some(id) = known.iter().find(building)
    {
        let message = format!("The image cache {id} is being built and cannot be deleted.");
        return Err(ApiError::new("FailedOperation", message));
    }
    for id in &known {
        if behavior.delete == Delete::Lingers {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture::Api;
    use crate::behavior::PartlyUnknown;
    use crate::image_cache::{ImageCache, Status};

    /// A region with the `Ready` caches `imc-a` and `imc-b`.
    fn api(prepare: impl FnOnce(&mut World)) -> Api {
        let mut api = Api::new(prepare);
        let caches = api.world.image_caches.entry("ap-guangzhou".to_owned()).or_default();
        for id in ["imc-a", "imc-b"] {
            caches
                .insert(id.to_owned(), ImageCache { id: id.to_owned(), ..ImageCache::ready(id, &["nginx"], api.now) });
        }
        api
    }

    fn delete(api: &mut Api, ids: &[&str]) -> Result<(), String> {
        api.call("DeleteImageCaches", json!({ "ImageCacheIds": ids })).map(|_| ())
    }

    fn listed(api: &mut Api) -> usize {
        api.call("DescribeImageCaches", json!({})).unwrap()["ImageCaches"].as_array().unwrap().len()
    }

    #[test]
    fn unknown_ids_depend_on_their_variants() {
        let not_found = || Err("ResourceNotFound".to_owned());
        for (unknown, partly, ids, expected, left) in [
            (DeleteUnknown::ResourceNotFound, PartlyUnknown::Others, ["imc-x", "imc-y"], not_found(), 2),
            (DeleteUnknown::Success, PartlyUnknown::Others, ["imc-x", "imc-y"], Ok(()), 2),
            (DeleteUnknown::ResourceNotFound, PartlyUnknown::Others, ["imc-a", "imc-y"], Ok(()), 1),
            (DeleteUnknown::Success, PartlyUnknown::ResourceNotFound, ["imc-a", "imc-y"], not_found(), 2),
            (DeleteUnknown::Success, PartlyUnknown::ResourceNotFound, ["imc-a", "imc-b"], Ok(()), 0),
        ] {
            let mut api = api(|world| {
                world.behavior.delete_unknown = unknown;
                world.behavior.partly_unknown = partly;
            });
            assert_eq!(delete(&mut api, &ids), expected, "{unknown:?} {partly:?} {ids:?}");
            assert_eq!(listed(&mut api), left, "{unknown:?} {partly:?} {ids:?}");
        }
    }

    #[test]
    fn empty_list_is_refused() {
        assert_eq!(delete(&mut api(|_| ()), &[]), Err("InvalidParameter".to_owned()));
    }

    #[test]
    fn deleted_caches_vanish_at_once_or_linger() {
        for (variant, left) in [(Delete::AtOnce, 1), (Delete::Lingers, 2)] {
            let mut api = api(|world| world.behavior.delete = variant);
            delete(&mut api, &["imc-a"]).unwrap();
            assert_eq!(listed(&mut api), left, "{variant:?}");
            let update = api.call("UpdateImageCache", json!({"ImageCacheId": "imc-a", "RetentionDays": 1}));
            assert_eq!(update.unwrap_err(), "ResourceNotFound", "{variant:?}");
            api.wait(5);
            assert_eq!(listed(&mut api), 1, "{variant:?}");
        }
    }

    #[test]
    fn repeated_delete_of_a_lingering_cache_succeeds() {
        let mut api = api(|world| world.behavior.delete = Delete::Lingers);
        delete(&mut api, &["imc-a"]).unwrap();
        api.wait(3);
        delete(&mut api, &["imc-a"]).unwrap();
        api.wait(2);
        assert_eq!(listed(&mut api), 1);
    }

    #[test]
    fn building_caches_are_refused_in_that_variant() {
        for status in [Status::Pending, Status::Updating] {
            let mut api = api(|world| world.behavior.delete = Delete::RefusedWhileBuilding);
            api.world.image_caches.get_mut("ap-guangzhou").unwrap()["imc-b"].status = status;
            assert_eq!(delete(&mut api, &["imc-a", "imc-b"]), Err("FailedOperation".to_owned()));
            assert_eq!(listed(&mut api), 2);
            delete(&mut api, &["imc-a"]).unwrap();
        }
    }
}

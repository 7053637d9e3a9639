//! `DescribeImageCaches`.

use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::{SERVICE, STRINGS, VERSION, not_found, partly_unknown, response};
use crate::action::{Action, Context};
use crate::behavior::{DescribeIds, DescribeUnknown, NameMatch, Order};
use crate::error::ApiError;
use crate::image_cache::ImageCache;
use crate::parameters::{Kind, Parameters, optional, required};
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

    let World { behavior, image_caches, rng, .. } = world;
    let named = |cache: &ImageCache| {
        names.iter().all(|any_of| {
            any_of.iter().any(|name| match behavior.name_match {
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
        check_count(ids.len(), behavior.describe_ids)?;
        let listed = |id: &String| caches.get(id).filter(|cache| cache.is_listed(context.now));
        let found: Vec<&ImageCache> = ids.iter().filter_map(listed).collect();
        let refused = match behavior.describe_unknown {
            _ if found.len() == ids.len() => None,
            _ if !found.is_empty() => partly_unknown(behavior.partly_unknown),
            DescribeUnknown::Empty => None,
            DescribeUnknown::ResourceNotFound => Some("ResourceNotFound"),
            DescribeUnknown::InvalidParameter => Some("InvalidParameter"),
            DescribeUnknown::InternalError => Some("InternalError"),
            DescribeUnknown::DbRecordNotFound => Some("InternalError.DbRecordNotFound"),
        };
        if let Some(code) = refused {
            return Err(not_found(code, ids.iter().filter(|id| listed(id).is_none())));
        }
        found
    };
    rows.retain(|cache| named(cache));
    if behavior.order == Order::Changing {
        rows.shuffle(rng);
    }
    let page = rows.iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(limit as usize);
    let page: Vec<Value> =
        page.map(|cache| response::image_cache(cache.as_listed(context.now), behavior, rng)).collect();
    Ok(json!({"TotalCount": response::number(rows.len() as u64, behavior), "ImageCaches": page}))
}

fn check_count(count: usize, variant: DescribeIds) -> Result<(), ApiError> {
    let most = match variant {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture::Api;
    use crate::behavior::{Numbers, PartlyUnknown};

    /// A region with `count` caches, `imc-0` named `cache-0` and so on.
    fn api(count: usize, prepare: impl FnOnce(&mut World)) -> Api {
        let mut api = Api::new(prepare);
        let caches = api.world.image_caches.entry("ap-guangzhou".to_owned()).or_default();
        for i in 0..count {
            let id = format!("imc-{i}");
            let cache = ImageCache::ready(&format!("cache-{i}"), &["nginx"], api.now);
            caches.insert(id.clone(), ImageCache { id, ..cache });
        }
        api
    }

    fn ids(api: &mut Api, body: Value) -> Result<Vec<String>, String> {
        let response = api.call("DescribeImageCaches", body)?;
        let rows = response["ImageCaches"].as_array().unwrap();
        Ok(rows.iter().map(|row| row["ImageCacheId"].as_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn pages_have_20_rows_and_at_most_50() {
        let mut api = api(120, |_| ());
        for (body, expected) in [
            (json!({}), Ok(20)),
            (json!({"Limit": 50}), Ok(50)),
            (json!({"Limit": 50, "Offset": 100}), Ok(20)),
            (json!({"Offset": 120}), Ok(0)),
            (json!({"Offset": u64::MAX}), Ok(0)),
            (json!({"Limit": 51}), Err("InvalidParameter".to_owned())),
            (json!({"Limit": 0}), Err("InvalidParameter".to_owned())),
        ] {
            assert_eq!(ids(&mut api, body.clone()).map(|ids| ids.len()), expected, "{body}");
        }
        assert_eq!(api.call("DescribeImageCaches", json!({})).unwrap()["TotalCount"], 120);
        api.world.behavior.numbers = Numbers::Strings;
        assert_eq!(api.call("DescribeImageCaches", json!({})).unwrap()["TotalCount"], "120");
    }

    #[test]
    fn names_and_filters_narrow() {
        for (name_match, body, expected) in [
            (NameMatch::Exact, json!({"ImageCacheNames": ["cache-1"]}), &["imc-1"][..]),
            (NameMatch::Substring, json!({"ImageCacheNames": ["cache-1"]}), &["imc-1", "imc-10", "imc-11"]),
            (NameMatch::Exact, json!({"ImageCacheNames": ["cache-1", "cache-2", "x"]}), &["imc-1", "imc-2"]),
            (NameMatch::Exact, json!({"ImageCacheNames": []}), &["imc-0", "imc-1", "imc-2"]),
            (
                NameMatch::Exact,
                json!({"Filters": [{"Name": "image-cache-name", "Values": ["cache-3", "cache-4"]}]}),
                &["imc-3", "imc-4"],
            ),
            (NameMatch::Exact, json!({"ImageCacheIds": ["imc-5"], "ImageCacheNames": ["cache-6"]}), &[]),
        ] {
            let mut api = api(12, |world| world.behavior.name_match = name_match);
            let found = ids(&mut api, body.clone()).unwrap();
            assert_eq!(found.iter().take(3).collect::<Vec<_>>(), expected, "{body}");
        }
        let unknown = json!({"Filters": [{"Name": "status", "Values": ["Ready"]}]});
        assert_eq!(ids(&mut api(1, |_| ()), unknown).unwrap_err(), "InvalidParameter");
    }

    #[test]
    fn unknown_ids_depend_on_their_variants() {
        let refused = |code: &str| Err(code.to_owned());
        let not_found = || refused("ResourceNotFound");
        for (unknown, partly, wanted, expected) in [
            (DescribeUnknown::InvalidParameter, PartlyUnknown::Others, ["imc-x", "imc-y"], refused("InvalidParameter")),
            (DescribeUnknown::InternalError, PartlyUnknown::Others, ["imc-x", "imc-y"], refused("InternalError")),
            (DescribeUnknown::Empty, PartlyUnknown::InternalError, ["imc-0", "imc-y"], refused("InternalError")),
            (DescribeUnknown::Empty, PartlyUnknown::InvalidParameter, ["imc-x", "imc-y"], Ok(0)),
            (DescribeUnknown::Empty, PartlyUnknown::Others, ["imc-x", "imc-y"], Ok(0)),
            (DescribeUnknown::ResourceNotFound, PartlyUnknown::Others, ["imc-x", "imc-y"], not_found()),
            (DescribeUnknown::ResourceNotFound, PartlyUnknown::Others, ["imc-0", "imc-y"], Ok(1)),
            (DescribeUnknown::Empty, PartlyUnknown::ResourceNotFound, ["imc-0", "imc-y"], not_found()),
            (DescribeUnknown::Empty, PartlyUnknown::ResourceNotFound, ["imc-0", "imc-1"], Ok(2)),
        ] {
            let mut api = api(2, |world| {
                world.behavior.describe_unknown = unknown;
                world.behavior.partly_unknown = partly;
            });
            let found = ids(&mut api, json!({ "ImageCacheIds": wanted })).map(|ids| ids.len());
            assert_eq!(found, expected, "{unknown:?} {partly:?} {wanted:?}");
        }
    }

    #[test]
    fn number_of_ids_is_limited_in_those_variants() {
        for (variant, most) in [
            (DescribeIds::Twenty, 20),
            (DescribeIds::Fifty, 50),
            (DescribeIds::Hundred, 100),
            (DescribeIds::Unlimited, 500),
        ] {
            let mut api = api(1, |world| world.behavior.describe_ids = variant);
            let mut accepts = |count| ids(&mut api, json!({ "ImageCacheIds": vec!["imc-0"; count] })).is_ok();
            assert_eq!((accepts(most), accepts(most + 1)), (true, variant == DescribeIds::Unlimited), "{variant:?}");
        }
    }

    #[test]
    fn rows_change_their_order_in_that_variant_only() {
        let mut stable = api(40, |_| ());
        let mut changing = api(40, |world| world.behavior.order = Order::Changing);
        let page = |api: &mut Api| ids(api, json!({"Limit": 40})).unwrap();
        assert_eq!(page(&mut stable), page(&mut stable));
        assert_ne!(page(&mut changing), page(&mut changing));
    }
}

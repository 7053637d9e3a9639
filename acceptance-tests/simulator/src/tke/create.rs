//! `CreateImageCache`.

use serde_json::{Value, json};

use super::{CREDENTIALS, SERVICE, STRINGS, TAGS, VERSION, credentials, images, later, policy_tag, size, tags};
use crate::action::{Action, Context};
use crate::behavior::{Created, Names, SizeStep, TagPolicy};
use crate::error::ApiError;
use crate::image_cache::{ImageCache, Status};
use crate::parameters::{Field, Kind, Parameters, optional, required};
use crate::random::random_id;
use crate::state::World;

pub(super) const ACTION: Action = Action {
    service: SERVICE,
    version: VERSION,
    name: "CreateImageCache",
    fields: FIELDS,
    unsigned: false,
    run: create_image_cache,
};

const FIELDS: &[Field] = &[
    required("Images", STRINGS),
    required("SubnetId", Kind::String),
    required("VpcId", Kind::String),
    optional("ImageCacheName", Kind::String),
    optional("SecurityGroupIds", STRINGS),
    optional("ImageRegistryCredentials", CREDENTIALS),
    optional("ExistedEipId", Kind::String),
    optional("AutoCreateEip", Kind::Bool),
    optional("AutoCreateEipAttribute", Kind::Object(EIP_ATTRIBUTE)),
    optional("ImageCacheSize", Kind::Uint),
    optional("RetentionDays", Kind::Uint),
    optional("RegistrySkipVerifyList", STRINGS),
    optional("RegistryHttpEndPointList", STRINGS),
    optional("ResolveConfig", Kind::String),
    optional("Tags", TAGS),
];

const EIP_ATTRIBUTE: &[Field] = &[
    required("DeletePolicy", Kind::String),
    optional("InternetServiceProvider", Kind::String),
    optional("InternetMaxBandwidthOut", Kind::Uint),
];

fn create_image_cache(world: &mut World, context: &Context, parameters: &Parameters<'_>) -> Result<Value, ApiError> {
    let images = images(parameters)?.unwrap_or_default();
    let size = size(parameters)?.unwrap_or(20);
    check_eip(parameters)?;
    let mut tags = tags(parameters, world.behavior.project_tags)?.unwrap_or_default();
    if world.behavior.tag_policy != TagPolicy::Absent {
        tags.push(policy_tag());
    }
    let (behavior, now) = (world.behavior, context.now);
    let name = parameters.string("ImageCacheName").unwrap_or_default();
    let caches = world.image_caches.entry(context.region.clone()).or_default();
    if behavior.names == Names::Unique && caches.values().any(|cache| !cache.deleted && cache.name == name) {
        return Err(ApiError::new("InvalidParameter", format!("The image cache name {name} is already in use.")));
    }

    let id = random_id(&mut world.rng, "imc-");
    let due = later(now, world.build_time);
    let mut cache = ImageCache {
        id: id.clone(),
        name,
        images,
        image_cache_size: if behavior.size_step == SizeStep::RoundedUp { size.next_multiple_of(10) } else { size },
        retention_days: parameters.uint("RetentionDays").unwrap_or(0),
        status: Status::Pending,
        tags: tags.into_iter().collect(),
        image_registry_credentials: credentials(parameters).unwrap_or_default(),
        vpc_id: parameters.string("VpcId").unwrap_or_default(),
        subnet_id: parameters.string("SubnetId").unwrap_or_default(),
        security_group_ids: parameters.strings("SecurityGroupIds").unwrap_or_default(),
        existed_eip_id: parameters.string("ExistedEipId"),
        auto_create_eip: parameters.bool("AutoCreateEip").unwrap_or(false),
        auto_create_eip_attribute: parameters.value("AutoCreateEipAttribute"),
        registry_skip_verify_list: parameters.strings("RegistrySkipVerifyList").unwrap_or_default(),
        registry_http_end_point_list: parameters.strings("RegistryHttpEndPointList").unwrap_or_default(),
        resolve_config: parameters.string("ResolveConfig"),
        listed_from: (behavior.created == Created::ListedLater).then(|| later(now, world.lag)),
        ..ImageCache::ready("", &[], now)
    };
    cache.start_build(now, due, &behavior, &mut world.rng);
    caches.insert(id.clone(), cache);
    Ok(json!({ "ImageCacheId": id }))
}

/// An existing and a new EIP are mutually exclusive; attributes request a new one.
fn check_eip(parameters: &Parameters<'_>) -> Result<(), ApiError> {
    let makes = parameters.bool("AutoCreateEip") == Some(true) || parameters.has("AutoCreateEipAttribute");
    if makes && parameters.string("ExistedEipId").is_some_and(|id| !id.is_empty()) {
        let message = "ExistedEipId cannot be used together with AutoCreateEip or AutoCreateEipAttribute.";
        return Err(ApiError::new("InvalidParameter", message));
    }
    let provider = parameters.object("AutoCreateEipAttribute").and_then(|eip| eip.string("InternetServiceProvider"));
    match provider.as_deref() {
        None | Some("BGP" | "CMCC" | "CTCC" | "CUCC") => Ok(()),
        Some(other) => {
            let message = format!("InternetServiceProvider {other} is none of BGP, CMCC, CTCC, CUCC.");
            Err(ApiError::new("InvalidParameter", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture::Api;
    use crate::behavior::Behavior;

    fn body(change: Value) -> Value {
        let mut body = json!({"Images": ["nginx:1"], "VpcId": "vpc-1", "SubnetId": "subnet-1", "ImageCacheName": "a"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    }

    #[test]
    fn wrong_values_are_refused() {
        for (change, expected) in [
            (json!({"Images": []}), "InvalidParameter"),
            (json!({"Images": [""]}), "InvalidParameter"),
            (json!({"Images": ["a b"]}), "InvalidParameter"),
            (json!({"ImageCacheSize": 19}), "InvalidParameter"),
            (json!({"ImageCacheSize": 32_001}), "InvalidParameter"),
            (json!({"ExistedEipId": "eip-1", "AutoCreateEip": true}), "InvalidParameter"),
            (json!({"ExistedEipId": "eip-1", "AutoCreateEipAttribute": {"DeletePolicy": ""}}), "InvalidParameter"),
            (json!({"AutoCreateEipAttribute": {}}), "MissingParameter"),
            (
                json!({"AutoCreateEipAttribute": {"DeletePolicy": "", "InternetServiceProvider": "X"}}),
                "InvalidParameter",
            ),
            (json!({"ExistedEipIds": ["eip-1"]}), "UnknownParameter"),
        ] {
            let mut api = Api::new(|_| ());
            assert_eq!(api.call("CreateImageCache", body(change.clone())).unwrap_err(), expected, "{change}");
            assert!(api.world.image_caches.values().all(|caches| caches.is_empty()), "{change}");
        }
    }

    #[test]
    fn unreturned_fields_are_kept_for_tests() {
        let mut api = Api::new(|_| ());
        let eip = json!({"DeletePolicy": "Never"});
        let sent = json!({"SecurityGroupIds": ["sg-1"], "AutoCreateEipAttribute": eip, "ResolveConfig": "x",
                          "RegistryHttpEndPointList": ["h"]});
        api.call("CreateImageCache", body(sent)).unwrap();
        let cache = &api.world.image_caches["ap-guangzhou"][0];
        assert_eq!((cache.vpc_id.as_str(), cache.subnet_id.as_str()), ("vpc-1", "subnet-1"));
        assert_eq!(
            (&cache.security_group_ids[0], &cache.registry_http_end_point_list[0]),
            (&"sg-1".into(), &"h".into())
        );
        assert_eq!((&cache.auto_create_eip_attribute, cache.resolve_config.as_deref()), (&Some(eip), Some("x")));
    }

    #[test]
    fn sizes_are_exact_or_rounded_up() {
        for (variant, expected) in [(SizeStep::Accepted, 25), (SizeStep::RoundedUp, 30)] {
            let mut api = Api::new(|world| world.behavior.size_step = variant);
            api.call("CreateImageCache", body(json!({"ImageCacheSize": 25}))).unwrap();
            assert_eq!(api.world.image_caches["ap-guangzhou"][0].image_cache_size, expected);
        }
    }

    #[test]
    fn names_are_unique_in_that_variant() {
        for (variant, expected) in [(Names::NotUnique, Ok(())), (Names::Unique, Err("InvalidParameter".to_owned()))] {
            let mut api = Api::new(|world| world.behavior.names = variant);
            api.call("CreateImageCache", body(json!({}))).unwrap();
            assert_eq!(api.call("CreateImageCache", body(json!({}))).map(|_| ()), expected);
        }
    }

    #[test]
    fn new_cache_is_listed_at_once_or_later() {
        for (created, at_once) in [(Created::ListedAtOnce, 1), (Created::ListedLater, 0)] {
            let mut api = Api::new(|world| world.behavior = Behavior { created, ..Behavior::default() });
            let id = api.call("CreateImageCache", body(json!({}))).unwrap()["ImageCacheId"].clone();
            let count = |api: &mut Api| {
                let all = api.call("DescribeImageCaches", json!({})).unwrap()["TotalCount"].clone();
                let one =
                    api.call("DescribeImageCaches", json!({"ImageCacheIds": [id]})).unwrap()["TotalCount"].clone();
                (all, one)
            };
            assert_eq!(count(&mut api), (at_once.into(), at_once.into()));
            api.wait(5);
            assert_eq!(count(&mut api), (1.into(), 1.into()));
        }
    }
}

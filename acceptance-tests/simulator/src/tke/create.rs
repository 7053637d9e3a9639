//! `CreateImageCache`.

use serde_json::{Value, json};

use super::image_cache::{ImageCache, Status};
use super::{CREDENTIALS, SERVICE, STRINGS, TAGS, VERSION, credentials, images, later, size, tags};
use crate::api::{Action, ApiError, Context};
use crate::parameters::{Field, Kind, Parameters, optional, required};
use crate::personality::{Created, Names, SizeStep};
use crate::state::{World, random_id};

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
    let (personality, now) = (world.personality, context.now);
    let name = parameters.string("ImageCacheName").unwrap_or_default();
    let caches = world.image_caches.entry(context.region.clone()).or_default();
    if personality.names == Names::Unique && caches.values().any(|cache| !cache.deleted && cache.name == name) {
        return Err(ApiError::new("InvalidParameter", format!("The image cache name {name} is already in use.")));
    }

    let id = random_id(&mut world.rng, "imc-");
    let due = later(now, world.build_time);
    let mut cache = ImageCache {
        id: id.clone(),
        name,
        images,
        image_cache_size: if personality.size_step == SizeStep::RoundedUp { size.next_multiple_of(10) } else { size },
        retention_days: parameters.uint("RetentionDays").unwrap_or(0),
        status: Status::Pending,
        tags: tags(parameters).unwrap_or_default().into_iter().collect(),
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
        listed_from: (personality.created == Created::ListedLater).then(|| later(now, world.lag)),
        ..ImageCache::ready("", &[], now)
    };
    cache.start_build(now, due, &personality, &mut world.rng);
    caches.insert(id.clone(), cache);
    Ok(json!({ "ImageCacheId": id }))
}

/// An EIP is given or made, not both; giving attributes makes one.
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

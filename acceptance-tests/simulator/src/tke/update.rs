//! `UpdateImageCache`. Nearly all of its semantics are undocumented, so nearly every step depends on the behavior variants.

use serde_json::{Value, json};

use super::{
    CREDENTIALS, SERVICE, STRINGS, TAGS, VERSION, credentials, images, later, not_found, policy_tag, size, tags,
};
use crate::action::{Action, Context};
use crate::behavior::{
    Behavior, EmptyLists, LightUpdate, OmittedFields, Shrink, SizeStep, TagPolicy, UnchangedUpdate, UpdateRefusal,
    UpdateShown, UpdateTags,
};
use crate::error::ApiError;
use crate::image_cache::{ImageCache, Status};
use crate::parameters::{Kind, Parameters, optional, required};
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
    let tags = tags(parameters, world.behavior.project_tags)?;
    let World { behavior, image_caches, rng, build_time, lag, .. } = world;
    let cache = image_caches
        .get_mut(&context.region)
        .and_then(|caches| caches.get_mut(&id))
        .filter(|cache| !cache.deleted)
        .ok_or_else(|| not_found("ResourceNotFound", [&id]))?;
    check_status(cache, behavior)?;

    let size = match size {
        Some(size) if size < cache.image_cache_size => match behavior.shrink {
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
        || not_ignored(parameters.strings("SecurityGroupIds"), behavior).is_some()
        || not_ignored(credentials(parameters), behavior).is_some();
    change(cache, parameters, Checked { images, size, tags }, behavior);

    let changed = cache.images != before.images
        || cache.image_cache_size != before.image_cache_size
        || cache.security_group_ids != before.security_group_ids
        || cache.image_registry_credentials != before.image_registry_credentials;
    let due = later(context.now, *build_time);
    if changed || (pulls && behavior.unchanged_update == UnchangedUpdate::Rebuilds) {
        cache.start_build(context.now, due, behavior, rng);
    } else if behavior.light_update == LightUpdate::Updates && before.status == Status::Ready {
        cache.start_light_update(due);
    }
    if behavior.update_shown == UpdateShown::Later {
        cache.shown_as = Some((later(context.now, *lag), Box::new(ImageCache { shown_as: None, ..before })));
    }
    Ok(json!({}))
}

fn check_status(cache: &ImageCache, behavior: &Behavior) -> Result<(), ApiError> {
    let refusal = match cache.status {
        Status::Ready => return Ok(()),
        Status::Pending | Status::Updating => behavior.update_while_building,
        Status::Failed => behavior.update_when_failed,
        Status::UpdateFailed => behavior.update_when_update_failed,
    };
    let code = match refusal {
        UpdateRefusal::Accepted => return Ok(()),
        UpdateRefusal::UnsupportedOperation => "UnsupportedOperation",
        UpdateRefusal::TaskAlreadyRunning => "FailedOperation.TaskAlreadyRunning",
    };
    let message = format!("The image cache {} is {:?} and cannot be updated.", cache.id, cache.status);
    Err(ApiError::new(code, message))
}

/// The fields of a request that can be refused.
struct Checked {
    images: Option<Vec<String>>,
    size: Option<u64>,
    tags: Option<Vec<(String, String)>>,
}

/// Applies the request's fields to `cache`.
fn change(cache: &mut ImageCache, parameters: &Parameters<'_>, checked: Checked, behavior: &Behavior) {
    let Checked { images, size, tags } = checked;
    // The default of an omitted field; `None` keeps its value.
    let reset = behavior.omitted_fields == OmittedFields::Reset;
    if let Some(name) = parameters.string("ImageCacheName") {
        cache.name = name;
    }
    if let Some(images) = images {
        cache.images = images;
    }
    if let Some(size) = size {
        let rounds = behavior.size_step == SizeStep::RoundedUp;
        cache.image_cache_size = if rounds { size.next_multiple_of(10) } else { size };
    } else if reset && !parameters.has("ImageCacheSize") && behavior.shrink == Shrink::Accepted {
        cache.image_cache_size = 20;
    }
    if let Some(days) = parameters.uint("RetentionDays").or(reset.then_some(0)) {
        cache.retention_days = days;
    }
    let groups = not_ignored(parameters.strings("SecurityGroupIds"), behavior);
    if let Some(groups) = groups.or_else(|| omitted(parameters, "SecurityGroupIds", reset)) {
        cache.security_group_ids = groups;
    }
    let given = not_ignored(credentials(parameters), behavior);
    if let Some(credentials) = given.or_else(|| omitted(parameters, "ImageRegistryCredentials", reset)) {
        cache.image_registry_credentials = credentials;
    }
    let given = not_ignored(tags, behavior);
    if let Some(tags) = given.or_else(|| omitted(parameters, "Tags", reset)) {
        if behavior.update_tags == UpdateTags::Replace || tags.is_empty() {
            cache.tags.clear();
        }
        cache.tags.extend(tags);
    }
    if behavior.tag_policy == TagPolicy::Always {
        cache.tags.extend([policy_tag()]);
    }
}

fn omitted<T>(parameters: &Parameters<'_>, name: &str, reset: bool) -> Option<Vec<T>> {
    (reset && !parameters.has(name)).then(Vec::new)
}

fn not_ignored<T>(list: Option<Vec<T>>, behavior: &Behavior) -> Option<Vec<T>> {
    list.filter(|list| !list.is_empty() || behavior.empty_lists == EmptyLists::Clear)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture::Api;
    use crate::behavior::{CreatorTags, RebuildSnapshot};
    use crate::image_cache::ImageRegistryCredential;

    /// A region with the cache `imc-a`: 50 GiB, 7 days, a tag, a security group, a credential.
    fn api(status: Status, behavior: Behavior) -> Api {
        let mut api = Api::new(|world| world.behavior = behavior);
        let cache = ImageCache {
            id: "imc-a".to_owned(),
            image_cache_size: 50,
            retention_days: 7,
            status,
            snapshot_id: Some("snap-old".to_owned()),
            tags: [("team".to_owned(), "ml".to_owned())].into(),
            security_group_ids: vec!["sg-1".to_owned()],
            image_registry_credentials: vec![ImageRegistryCredential::default()],
            ..ImageCache::ready("a", &["nginx:1"], api.now)
        };
        api.world.image_caches.entry("ap-guangzhou".to_owned()).or_default().insert(cache.id.clone(), cache);
        api
    }

    /// The cache immediately after the update `body`.
    fn updated(behavior: Behavior, body: Value) -> ImageCache {
        let mut api = api(Status::Ready, behavior);
        update(&mut api, body).unwrap();
        cache(&api).clone()
    }

    fn update(api: &mut Api, mut body: Value) -> Result<Value, String> {
        body["ImageCacheId"] = "imc-a".into();
        api.call("UpdateImageCache", body)
    }

    fn cache(api: &Api) -> &ImageCache {
        &api.world.image_caches["ap-guangzhou"]["imc-a"]
    }

    #[test]
    fn reserved_tags_and_policy_tags() {
        for reserved in ["qcs:tag:createdBy", "tencentcloud:x", ""] {
            let tags = json!({"Tags": [{"Key": reserved, "Value": "v"}]});
            let mut api = api(Status::Ready, Behavior::default());
            assert_eq!(update(&mut api, tags).unwrap_err(), "InvalidParameter", "{reserved}");
        }
        let cleared = json!({"Tags": []});
        for (tag_policy, expected) in [(TagPolicy::OnCreate, 0), (TagPolicy::Always, 1)] {
            let behavior = Behavior { tag_policy, ..Behavior::default() };
            assert_eq!(updated(behavior, cleared.clone()).tags.len(), expected, "{tag_policy:?}");
        }
        let mut api = api(Status::Ready, Behavior { creator_tags: CreatorTags::Listed, ..Behavior::default() });
        update(&mut api, cleared).unwrap();
        assert!(cache(&api).tags.is_empty());
        let listed = api.call("DescribeImageCaches", json!({})).unwrap();
        assert_eq!(listed["ImageCaches"][0]["Tags"][0]["Key"], "qcs:tag:createdBy");
    }

    #[test]
    fn each_field_rebuilds_or_not() {
        for (body, expected) in [
            (json!({"ImageCacheName": "b"}), Status::Ready),
            (json!({"RetentionDays": 0}), Status::Ready),
            (json!({"Tags": []}), Status::Ready),
            (json!({"Images": ["nginx:2"]}), Status::Updating),
            (json!({"Images": ["nginx:1"]}), Status::Updating),
            (json!({"ImageCacheSize": 60}), Status::Updating),
            (json!({"SecurityGroupIds": []}), Status::Updating),
            (json!({"ImageRegistryCredentials": [{"Server": "r"}]}), Status::Updating),
        ] {
            assert_eq!(updated(Behavior::default(), body.clone()).status, expected, "{body}");
        }
    }

    #[test]
    fn rebuild_ends_ready_with_a_new_snapshot() {
        let mut api = api(Status::Ready, Behavior::default());
        update(&mut api, json!({"Images": ["nginx:2"]})).unwrap();
        api.wait(9);
        api.call("DescribeImageCaches", json!({})).unwrap();
        assert_eq!(cache(&api).status, Status::Updating);
        api.wait(1);
        api.call("DescribeImageCaches", json!({})).unwrap();
        assert_eq!((cache(&api).status, cache(&api).builds), (Status::Ready, 1));
        assert_ne!(cache(&api).snapshot_id.as_deref(), Some("snap-old"));
    }

    #[test]
    fn update_is_listed_at_once_or_after_a_while() {
        for (update_shown, at_once) in [(UpdateShown::AtOnce, "b"), (UpdateShown::Later, "a")] {
            let mut api = api(Status::Ready, Behavior { update_shown, ..Behavior::default() });
            update(&mut api, json!({"ImageCacheName": "b"})).unwrap();
            let name = |api: &mut Api| {
                api.call("DescribeImageCaches", json!({})).unwrap()["ImageCaches"][0]["ImageCacheName"].clone()
            };
            assert_eq!(name(&mut api), at_once);
            api.wait(5);
            assert_eq!(name(&mut api), "b");
        }
    }

    #[test]
    fn omitted_fields_are_kept_or_reset() {
        let body = || json!({"ImageCacheName": "b"});
        let kept = updated(Behavior::default(), body());
        assert_eq!((kept.image_cache_size, kept.retention_days, kept.tags.len()), (50, 7, 1));
        assert_eq!((kept.security_group_ids.len(), kept.image_registry_credentials.len()), (1, 1));
        let reset = Behavior { omitted_fields: OmittedFields::Reset, ..Behavior::default() };
        let reset = updated(reset, body());
        assert_eq!((reset.image_cache_size, reset.retention_days, reset.tags.len()), (20, 0, 0));
        assert_eq!((reset.security_group_ids.len(), reset.image_registry_credentials.len()), (0, 0));
        assert_eq!((reset.images.as_slice(), reset.status), (&["nginx:1".to_owned()][..], Status::Updating));
    }

    #[test]
    fn tags_replace_or_merge() {
        let keys = |update_tags| {
            let behavior = Behavior { update_tags, ..Behavior::default() };
            let cache = updated(behavior, json!({"Tags": [{"Key": "env", "Value": "dev"}]}));
            cache.tags.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(keys(UpdateTags::Replace), ["env"]);
        assert_eq!(keys(UpdateTags::Merge), ["env", "team"]);
    }

    #[test]
    fn empty_lists_clear_or_are_ignored() {
        let body = || json!({"Tags": [], "SecurityGroupIds": [], "ImageRegistryCredentials": []});
        for (empty_lists, left, status) in
            [(EmptyLists::Clear, 0, Status::Updating), (EmptyLists::Ignored, 1, Status::Ready)]
        {
            let cache = updated(Behavior { empty_lists, ..Behavior::default() }, body());
            let lengths = [cache.tags.len(), cache.security_group_ids.len(), cache.image_registry_credentials.len()];
            assert_eq!((lengths, cache.status), ([left; 3], status), "{empty_lists:?}");
        }
    }

    #[test]
    fn light_update_stays_ready_or_goes_through_updating() {
        for (light_update, meanwhile) in
            [(LightUpdate::StaysReady, Status::Ready), (LightUpdate::Updates, Status::Updating)]
        {
            let mut api = api(Status::Ready, Behavior { light_update, ..Behavior::default() });
            update(&mut api, json!({"RetentionDays": 1})).unwrap();
            assert_eq!(cache(&api).status, meanwhile);
            api.wait(10);
            api.call("DescribeImageCaches", json!({})).unwrap();
            assert_eq!((cache(&api).status, cache(&api).snapshot_id.as_deref()), (Status::Ready, Some("snap-old")));
        }
    }

    #[test]
    fn unchanged_update_rebuilds_or_does_nothing() {
        for (unchanged_update, expected) in
            [(UnchangedUpdate::Rebuilds, Status::Updating), (UnchangedUpdate::DoesNothing, Status::Ready)]
        {
            let behavior = Behavior { unchanged_update, ..Behavior::default() };
            assert_eq!(updated(behavior, json!({"Images": ["nginx:1"]})).status, expected);
            assert_eq!(updated(behavior, json!({"Images": ["nginx:2"]})).status, Status::Updating);
        }
    }

    #[test]
    fn shrinking_is_accepted_refused_or_ignored() {
        for (shrink, expected) in [
            (Shrink::Accepted, Ok((30, Status::Updating))),
            (Shrink::Refused, Err("UnsupportedOperation".to_owned())),
            (Shrink::Ignored, Ok((50, Status::Ready))),
        ] {
            let mut api = api(Status::Ready, Behavior { shrink, ..Behavior::default() });
            let result = update(&mut api, json!({"ImageCacheSize": 30}));
            let result = result.map(|_| (cache(&api).image_cache_size, cache(&api).status));
            assert_eq!(result, expected, "{shrink:?}");
        }
    }

    #[test]
    fn sizes_are_exact_or_rounded_up() {
        let size_step = SizeStep::RoundedUp;
        let behavior = Behavior { size_step, ..Behavior::default() };
        assert_eq!(updated(behavior, json!({"ImageCacheSize": 61})).image_cache_size, 70);
        assert_eq!(updated(Behavior::default(), json!({"ImageCacheSize": 61})).image_cache_size, 61);
    }

    #[test]
    fn statuses_refuse_updates_in_those_variants() {
        let default = Behavior::default();
        let building = |update_while_building| Behavior { update_while_building, ..default };
        let failed = |update_when_failed| Behavior { update_when_failed, ..default };
        let update_failed = |update_when_update_failed| Behavior { update_when_update_failed, ..default };
        let (unsupported, running) = (Some("UnsupportedOperation"), Some("FailedOperation.TaskAlreadyRunning"));
        for (status, behavior, expected) in [
            (Status::Pending, default, None),
            (Status::Updating, default, None),
            (Status::Failed, default, None),
            (Status::UpdateFailed, default, None),
            (Status::Pending, building(UpdateRefusal::UnsupportedOperation), unsupported),
            (Status::Updating, building(UpdateRefusal::TaskAlreadyRunning), running),
            (Status::Ready, building(UpdateRefusal::TaskAlreadyRunning), None),
            (Status::Failed, failed(UpdateRefusal::UnsupportedOperation), unsupported),
            (Status::Failed, failed(UpdateRefusal::TaskAlreadyRunning), running),
            (Status::UpdateFailed, update_failed(UpdateRefusal::UnsupportedOperation), unsupported),
            (Status::UpdateFailed, update_failed(UpdateRefusal::TaskAlreadyRunning), running),
        ] {
            let mut api = api(status, behavior);
            let code = update(&mut api, json!({"Images": ["nginx:2"]})).err();
            assert_eq!(code.as_deref(), expected, "{status:?} {behavior:?}");
            let images = if expected.is_none() { "nginx:2" } else { "nginx:1" };
            assert_eq!(cache(&api).images, [images], "{status:?} {behavior:?}");
        }
    }

    #[test]
    fn update_while_pending_stays_pending_and_restarts_the_build() {
        let mut api = api(Status::Ready, Behavior::default());
        let created =
            api.call("CreateImageCache", json!({"Images": ["nginx:1"], "VpcId": "vpc-1", "SubnetId": "subnet-1"}));
        let id = created.unwrap()["ImageCacheId"].as_str().unwrap().to_owned();
        api.wait(9);
        api.call("UpdateImageCache", json!({"ImageCacheId": id, "Images": ["nginx:2"]})).unwrap();
        api.wait(9);
        let status = |api: &mut Api| {
            let body = json!({ "ImageCacheIds": [id] });
            api.call("DescribeImageCaches", body).unwrap()["ImageCaches"][0]["Status"].clone()
        };
        assert_eq!(status(&mut api), "Pending");
        api.wait(1);
        assert_eq!(status(&mut api), "Ready");
    }

    #[test]
    fn failed_update_keeps_the_snapshot() {
        let rebuild_snapshot = RebuildSnapshot::AbsentMeanwhile;
        let mut api = api(Status::Ready, Behavior { rebuild_snapshot, ..Behavior::default() });
        api.world.build_failure = Box::new(|cache| cache.images.contains(&"bad".to_owned()).then(|| "no".to_owned()));
        update(&mut api, json!({"Images": ["bad"]})).unwrap();
        assert_eq!(cache(&api).snapshot_id, None);
        api.wait(10);
        api.call("DescribeImageCaches", json!({})).unwrap();
        assert_eq!((cache(&api).status, cache(&api).snapshot_id.as_deref()), (Status::UpdateFailed, Some("snap-old")));
    }
}

//! Builds requests from plans.

use super::changes::Changes;
use super::create_only::CREATE_ONLY;
use super::fields::{FIELDS, Planned};
use super::model::ImageCacheModel;
use crate::tags::TagPolicy;
use tencentcloud::tke::{CreateImageCache, ImageCache, UpdateImageCache};

/// A generated name: `tf-` and 16 letters and digits. It must be unique, because after a lost response the cache is looked up
/// by name.
pub(super) fn unique_name() -> String {
    format!("tf-{:016x}", rand::random::<u64>())
}

/// The request that creates the planned cache. `config` has the write-only passwords.
pub(super) fn create(planned: &ImageCacheModel, config: &ImageCacheModel, name: &str) -> CreateImageCache {
    let mut request = CreateImageCache::default();
    CREATE_ONLY.iter().for_each(|field| (field.send)(planned, &mut request));
    let from = Planned { planned, config, tags: &TagPolicy::default(), listed: None };
    FIELDS.iter().for_each(|field| (field.send_created)(&from, &mut request));
    request.image_cache_name = name.to_owned();
    request
}

/// All updatable fields as planned, for comparison with a new cache.
pub(super) fn planned(from: &Planned<'_>) -> UpdateImageCache {
    let mut request = UpdateImageCache::default();
    FIELDS.iter().for_each(|field| (field.send_planned)(from, &mut request));
    request
}

/// Which fields an update sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The changed fields, and those that are not listed, because a reset of them could not be detected.
    Changes,
    /// All fields: if the API reset omitted ones, which is not documented, a long build would have to be repeated.
    Build,
    /// All fields, because the API resets omitted ones; empty ones are omitted.
    Restore,
}

/// The request that carries out `changes` on the cache `listed`. Fields that the plan does not change are sent as currently
/// listed.
pub(super) fn update(
    changes: Changes<'_>,
    from: &Planned<'_>,
    listed: &ImageCache,
    extent: Extent,
) -> UpdateImageCache {
    let all = extent != Extent::Changes;
    let mut request = UpdateImageCache { image_cache_id: listed.image_cache_id.clone(), ..Default::default() };
    for field in &FIELDS {
        if (field.changes)(changes) {
            (field.send_planned)(from, &mut request);
            if extent != Extent::Restore && !(field.is_sent)(&request) {
                (field.send_empty)(&mut request);
            }
        } else if !(field.is_listed)(listed) {
            if all || !field.builds {
                (field.send_planned)(from, &mut request);
            }
        } else if all {
            (field.send_listed)(listed, Some(from.planned), &mut request);
        }
    }
    request
}

/// The request that rebuilds the cache `listed` without changes.
pub(super) fn rebuild(listed: &ImageCache) -> UpdateImageCache {
    let mut request = UpdateImageCache { image_cache_id: listed.image_cache_id.clone(), ..Default::default() };
    FIELDS.iter().for_each(|field| (field.send_listed)(listed, None, &mut request));
    request
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::{Value, json};

    use super::super::model::{AutoCreateEip, RegistryCredentials};
    use super::*;
    use crate::tags::IgnoreTags;
    use terraform_plugin::value::{Attr, Secret};

    type Credentials = Attr<BTreeMap<String, RegistryCredentials>>;

    fn set(elements: &[&str]) -> Attr<BTreeSet<String>> {
        elements.iter().map(ToString::to_string).collect::<BTreeSet<_>>().into()
    }

    fn map(entries: &[(&str, &str)]) -> Attr<BTreeMap<String, String>> {
        entries.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<BTreeMap<_, _>>().into()
    }

    fn private_registry(password: &str) -> Credentials {
        let credentials = RegistryCredentials {
            username: Attr::from("user".to_owned()),
            password: Attr::from(Secret::from(password.to_owned())),
            ..Default::default()
        };
        BTreeMap::from([("registry.example.com".to_owned(), credentials)]).into()
    }

    /// A cache after an apply.
    fn ready() -> ImageCacheModel {
        ImageCacheModel {
            images: set(&["nginx:1.27"]),
            vpc_id: Attr::from("vpc-1".to_owned()),
            subnet_id: Attr::from("subnet-1".to_owned()),
            name: Attr::from("a".to_owned()),
            image_cache_size: 20.into(),
            retention_days: 0.into(),
            tags_all: map(&[]),
            status: Attr::from("Ready".to_owned()),
            ..Default::default()
        }
    }

    #[test]
    fn create_sends_set_arguments_only() {
        let bare = ImageCacheModel { image_cache_size: Attr::Unknown, retention_days: Attr::Unknown, ..ready() };
        let required =
            json!({"Images": ["nginx:1.27"], "VpcId": "vpc-1", "SubnetId": "subnet-1", "ImageCacheName": "n"});
        let with = |model: ImageCacheModel, more: Value| {
            let mut expected = required.clone();
            let more = more.as_object().cloned().unwrap_or_default();
            expected.as_object_mut().unwrap().extend(more);
            assert_eq!(serde_json::to_value(create(&model, &model, "n")).unwrap(), expected);
        };
        with(bare.clone(), json!({}));
        with(
            ImageCacheModel { auto_create_eip: AutoCreateEip::default().into(), ..bare.clone() },
            json!({"AutoCreateEip": true}),
        );
        let eip = AutoCreateEip { internet_max_bandwidth_out: 10.into(), ..Default::default() };
        with(
            ImageCacheModel { auto_create_eip: eip.into(), ..bare.clone() },
            json!({"AutoCreateEip": true, "AutoCreateEipAttribute": {"DeletePolicy": "", "InternetMaxBandwidthOut": 10}}),
        );
        with(
            ImageCacheModel { image_registry_credentials: private_registry("p"), tags_all: map(&[("k", "v")]), ..bare },
            json!({
                "ImageRegistryCredentials": [{"Server": "registry.example.com", "Username": "user", "Password": "p"}],
                "Tags": [{"Key": "k", "Value": "v"}],
            }),
        );
    }

    #[test]
    fn write_only_password_comes_from_the_configuration() {
        let credentials = |password_wo: Attr<Secret>| {
            let one = RegistryCredentials { password_wo, ..Default::default() };
            let all = BTreeMap::from([("r.example.com".to_owned(), one)]);
            ImageCacheModel { image_registry_credentials: all.into(), ..ready() }
        };
        let request =
            create(&credentials(Attr::Null), &credentials(Attr::from(Secret::from("hidden".to_owned()))), "n");
        let sent = serde_json::to_value(request).unwrap();
        assert_eq!(sent["ImageRegistryCredentials"][0]["Password"], "hidden");
    }

    /// The cache of [`ready`] as listed, with the fields of `more`; null removes a field.
    fn row(more: Value) -> ImageCache {
        let mut row = json!({
            "ImageCacheId": "imc-1", "ImageCacheName": "a", "Images": ["docker.io/library/nginx:1.27"],
            "ImageCacheSize": 20, "RetentionDays": 0, "Tags": [], "Status": "Ready",
        });
        row.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        serde_json::from_value(row).unwrap()
    }

    /// The fields that are sent, besides the ID.
    fn sent(changes: Changes<'_>, policy: &TagPolicy, listed: &ImageCache) -> Value {
        let from = Planned { planned: changes.planned, config: changes.planned, tags: policy, listed: Some(listed) };
        let extent = if changes.rebuilding().is_empty() { Extent::Changes } else { Extent::Build };
        let request = update(changes, &from, listed, extent);
        let mut sent = serde_json::to_value(request).unwrap();
        assert_eq!(sent.as_object_mut().unwrap().remove("ImageCacheId"), Some("imc-1".into()));
        sent
    }

    #[test]
    fn update_sends_changes_or_everything_with_a_pull() {
        let pull = |more: Value| {
            let mut pull =
                json!({"Images": ["nginx:1.27"], "ImageCacheName": "a", "ImageCacheSize": 20, "RetentionDays": 0});
            pull.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            pull
        };
        let credentials = json!([{"Server": "registry.example.com", "Username": "user", "Password": "p"}]);
        let private = ImageCacheModel { image_registry_credentials: private_registry("p"), ..ready() };
        let tagged = ImageCacheModel { tags_all: map(&[("k", "v")]), ..ready() };
        let triggered = ImageCacheModel { rebuild_triggers: map(&[("digest", "1")]), ..ready() };
        let imported = ImageCacheModel { vpc_id: Attr::Null, subnet_id: Attr::Null, ..ready() };
        for (case, prior, planned, expected) in [
            ("nothing", ready(), ready(), json!({})),
            (
                "only attributes of the provider",
                ready(),
                ImageCacheModel { wait_for_ready: false.into(), ..ready() },
                json!({}),
            ),
            (
                "the name",
                ready(),
                ImageCacheModel { name: Attr::from("b".to_owned()), ..ready() },
                json!({"ImageCacheName": "b"}),
            ),
            ("the tags", tagged.clone(), ready(), json!({"Tags": []})),
            ("empty tags", ready(), ImageCacheModel { tags_all: Attr::Null, ..ready() }, json!({})),
            (
                "the size",
                ready(),
                ImageCacheModel { image_cache_size: 30.into(), ..ready() },
                pull(json!({"ImageCacheSize": 30})),
            ),
            (
                "the triggers, with credentials",
                private.clone(),
                ImageCacheModel { rebuild_triggers: map(&[("digest", "1")]), ..private.clone() },
                pull(json!({ "ImageRegistryCredentials": credentials })),
            ),
            ("the credentials are removed", private.clone(), ready(), pull(json!({"ImageRegistryCredentials": []}))),
            ("the tags are removed, and a pull", tagged, triggered.clone(), pull(json!({"Tags": []}))),
        ] {
            let changes = Changes { prior: &prior, planned: &planned, imported: false };
            assert_eq!(sent(changes, &TagPolicy::default(), &row(json!({}))), expected, "{case}");
        }
        for (case, planned) in [
            ("credentials", private),
            ("another spelling", ImageCacheModel { images: set(&["docker.io/library/nginx:1.27"]), ..triggered }),
        ] {
            let changes = Changes { prior: &imported, planned: &planned, imported: true };
            assert_eq!(changes.fields().count(), 0, "an import adopts {case}");
        }
    }

    #[test]
    fn unchanged_fields_are_sent_as_listed() {
        let (prior, tagged) = (ready(), ImageCacheModel { tags_all: map(&[("k", "v")]), ..ready() });
        let triggered =
            |prior: &ImageCacheModel| ImageCacheModel { rebuild_triggers: map(&[("digest", "1")]), ..prior.clone() };
        let pull = |more: Value| {
            let mut pull =
                json!({"Images": ["nginx:1.27"], "ImageCacheName": "a", "ImageCacheSize": 20, "RetentionDays": 0});
            pull.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            pull
        };
        let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let creator = tag("qcs:tag:createdBy", "Root:1");
        for (case, prior, planned, listed, expected) in [
            (
                "a build after changes in the console",
                prior.clone(),
                triggered(&prior),
                json!({"ImageCacheName": "c", "ImageCacheSize": 60, "RetentionDays": 9, "Images": ["redis:7"],
                       "Tags": [creator, tag("by", "hand")]}),
                json!({"ImageCacheName": "c", "ImageCacheSize": 60, "RetentionDays": 9, "Images": ["redis:7"],
                       "Tags": [tag("by", "hand")]}),
            ),
            (
                "a build of a cache that lists few fields",
                tagged.clone(),
                triggered(&tagged),
                json!({"RetentionDays": null, "Tags": null, "Images": [], "ImageCacheSize": null}),
                pull(json!({"Tags": [tag("k", "v")]})),
            ),
            (
                "a name, where tags and retention are not listed",
                tagged.clone(),
                ImageCacheModel { name: "b".to_owned().into(), ..tagged.clone() },
                json!({"RetentionDays": null, "Tags": null}),
                json!({"ImageCacheName": "b", "RetentionDays": 0, "Tags": [tag("k", "v")]}),
            ),
            (
                "tags, beside those that are ignored",
                prior.clone(),
                tagged.clone(),
                json!({"Tags": [creator, tag("robot-a", "1"), tag("by", "hand")]}),
                json!({"Tags": [tag("k", "v"), tag("robot-a", "1")]}),
            ),
            (
                "the last tags, beside those that are ignored",
                tagged.clone(),
                prior.clone(),
                json!({"Tags": [creator, tag("robot-a", "1"), tag("k", "v")]}),
                json!({"Tags": [tag("robot-a", "1")]}),
            ),
        ] {
            let ignore = IgnoreTags { key_prefixes: ["robot-".to_owned()].into(), ..IgnoreTags::default() };
            let policy = TagPolicy { ignore_tags: ignore.into(), ..TagPolicy::default() };
            let changes = Changes { prior: &prior, planned: &planned, imported: false };
            assert_eq!(sent(changes, &policy, &row(listed)), expected, "{case}");
        }
    }

    #[test]
    fn rebuild_sends_listed_fields_without_reserved_tags() {
        let tags = json!([{"Key": "qcs:tag:createdBy", "Value": "x"}, {"Key": "team", "Value": "ml"}]);
        let request = rebuild(&row(json!({"ImageCacheSize": 60, "RetentionDays": 7, "Tags": tags})));
        let expected = json!({
            "ImageCacheId": "imc-1", "ImageCacheName": "a", "Images": ["docker.io/library/nginx:1.27"],
            "ImageCacheSize": 60, "RetentionDays": 7, "Tags": [{"Key": "team", "Value": "ml"}],
        });
        assert_eq!(serde_json::to_value(request).unwrap(), expected);
    }
}

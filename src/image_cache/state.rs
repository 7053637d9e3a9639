//! Builds the state of a cache from the response of the API.

use super::computed::COMPUTED;
use super::fields::FIELDS;
use super::model::{CacheAnnotations, ImageCacheModel};
use crate::annotations;
use crate::tags::{self, TagPolicy, Tags};
use tencentcloud::tke::ImageCache;
use terraform_plugin::value::Attr;

/// The state after an import: the ID to read, and defaults of attributes that are not the API's.
pub(super) fn imported(region: Attr<String>, id: &str) -> ImageCacheModel {
    let mut state = ImageCacheModel {
        region,
        wait_for_ready: true.into(),
        replace_on_rebuild: false.into(),
        ..ImageCacheModel::default()
    };
    set_id(&mut state, id);
    state
}

/// Sets the ID, and the annotations that depend on it.
pub(super) fn set_id(state: &mut ImageCacheModel, id: &str) {
    state.id = Attr::from(id.to_owned());
    let (auto, pinned) = (annotations::image_cache(annotations::AUTO), annotations::image_cache(id));
    state.annotations = CacheAnnotations { auto: auto.into(), pinned: pinned.into() }.into();
}

/// Read: updates `state` from the API. Attributes that the API does not return are kept, and so is another spelling of the
/// same images. Only tags that Terraform manages are read.
pub(super) fn refresh(state: &mut ImageCacheModel, region: &str, cache: &ImageCache, policy: &TagPolicy) {
    state.region = Attr::from(region.to_owned());
    set_id(state, &cache.image_cache_id);
    FIELDS.iter().for_each(|field| (field.read)(cache, policy, state));
    COMPUTED.iter().for_each(|computed| *(computed.state)(state) = (computed.listed)(cache).into());
}

/// The tags that Terraform manages. If the API lists no tags, those of the state are kept, except unmanaged ones that an older
/// version read.
pub(super) fn read_tags(cache: &ImageCache, policy: &TagPolicy, state: &mut ImageCacheModel) {
    let listed = cache.tags.as_deref().map(tags::by_key);
    let Attr::Known(all) = Attr::from(listed).or(state.tags_all.clone()) else { return };
    let all = policy.managed(all, state.tags_all.known());
    if state.tags_all.known() != Some(&all) {
        state.tags = own_tags(&all, &state.tags, policy.default_tags.known());
        state.tags_all = all.into();
    }
}

/// The state as listed, after an update that the API did not apply as planned. `before` shows which attributes it lists.
pub(super) fn as_listed(state: &mut ImageCacheModel, before: &ImageCache, after: &ImageCache, policy: &TagPolicy) {
    let region = state.region.as_str().unwrap_or_default().to_owned();
    refresh(state, &region, &with_emptied(before, after), policy);
}

/// `after`, with empty values for fields that were listed `before` and are now omitted.
pub(super) fn with_emptied(before: &ImageCache, after: &ImageCache) -> ImageCache {
    let mut row = after.clone();
    for field in FIELDS.iter().filter(|field| (field.is_listed)(before) && !(field.is_listed)(after)) {
        (field.list_empty)(&mut row);
    }
    row
}

/// After create and update: sets unknown planned values, and keeps known ones.
///
/// Terraform requires the new state to match the plan; the next read shows differences in the cloud.
pub(super) fn complete(planned: &mut ImageCacheModel, cache: Option<&ImageCache>) {
    FIELDS.iter().for_each(|field| (field.fill)(cache, planned));
    COMPUTED.iter().for_each(|computed| fill((computed.state)(planned), cache.map(computed.listed)));
}

/// Sets unknown planned values.
pub(super) fn fill<T>(planned: &mut Attr<T>, listed: impl Into<Attr<T>>) {
    if planned.is_unknown() {
        *planned = listed.into();
    }
}

/// The resource's own tags: those that the provider's `default_tags` do not contain.
fn own_tags(all: &Tags, known: &Attr<Tags>, default_tags: Option<&Tags>) -> Attr<Tags> {
    let is_default = |key: &String, value: &String| {
        let own = known.known().is_some_and(|known| known.contains_key(key));
        !own && default_tags.and_then(|defaults| defaults.get(key)) == Some(value)
    };
    let mut own = all.clone();
    own.retain(|key, value| !is_default(key, value));
    // An empty map and null both mean no tags.
    if own.is_empty() && !known.is_known() { Attr::Null } else { own.into() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::tags::IgnoreTags;

    fn tags(entries: &[(&str, &str)]) -> Tags {
        entries.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    fn cache(more: serde_json::Value) -> ImageCache {
        let mut cache =
            json!({"ImageCacheId": "imc-1", "ImageCacheName": "a", "Images": ["nginx:1.27"], "Status": "Ready"});
        cache.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        serde_json::from_value(cache).unwrap()
    }

    #[test]
    fn own_tags_exclude_default_tags() {
        let defaults = tags(&[("team", "ai")]);
        for (case, listed_as, known, expected) in [
            ("only defaults", tags(&[("team", "ai")]), Attr::Null, Attr::Null),
            ("none at all", tags(&[]), Attr::from(tags(&[("k", "v")])), Attr::from(tags(&[]))),
            ("one more", tags(&[("k", "v"), ("team", "ai")]), Attr::Null, Attr::from(tags(&[("k", "v")]))),
            ("a default that was changed", tags(&[("team", "x")]), Attr::Null, Attr::from(tags(&[("team", "x")]))),
            (
                "a default that the cache sets as well",
                tags(&[("team", "ai")]),
                Attr::from(tags(&[("team", "ai")])),
                Attr::from(tags(&[("team", "ai")])),
            ),
        ] {
            assert_eq!(own_tags(&listed_as, &known, Some(&defaults)), expected, "{case}");
        }
    }

    #[test]
    fn other_spelling_of_the_same_images_is_not_drift() {
        for (listed_as, expected) in [("docker.io/library/nginx:1.27", "nginx:1.27"), ("nginx:1.28", "nginx:1.28")] {
            let mut state = imported(Attr::Null, "imc-1");
            state.images = BTreeSet::from(["nginx:1.27".to_owned()]).into();
            refresh(&mut state, "ap-guangzhou", &cache(json!({"Images": [listed_as]})), &TagPolicy::default());
            assert_eq!(state.images, BTreeSet::from([expected.to_owned()]).into(), "{listed_as}");
        }
    }

    #[test]
    fn unreturned_attributes_are_kept() {
        let mut state = imported(Attr::from("ap-guangzhou".to_owned()), "imc-1");
        state.vpc_id = Attr::from("vpc-1".to_owned());
        state.retention_days = 7.into();
        state.tags_all = tags(&[("k", "v")]).into();
        let before = state.clone();
        refresh(&mut state, "ap-guangzhou", &cache(json!({})), &TagPolicy::default());
        assert_eq!((state.vpc_id, state.retention_days), (before.vpc_id, before.retention_days));
        assert_eq!(state.tags_all, before.tags_all);
    }

    #[test]
    fn reserved_and_ignored_tags_leave_the_state() {
        let ignore = IgnoreTags { keys: ["cost".to_owned()].into(), ..IgnoreTags::default() };
        let policy = TagPolicy { default_tags: tags(&[("team", "ai")]).into(), ignore_tags: ignore.into() };
        let listed = json!({"Tags": [
            {"Key": "qcs:tag:createdBy", "Value": "Root:1"}, {"Key": "cost", "Value": "7"},
            {"Key": "team", "Value": "ai"}, {"Key": "k", "Value": "v"},
        ]});
        let older = tags(&[("qcs:tag:createdBy", "Root:1"), ("cost", "7"), ("k", "v")]);
        for (case, before, listed) in [
            ("an import", Attr::Null, listed.clone()),
            ("a state of an older version", Attr::Known(older.clone()), listed),
            ("the same, not listed", Attr::Known(older), json!({})),
        ] {
            let mut state = imported(Attr::Null, "imc-1");
            state.tags = before.clone();
            state.tags_all = before.map(|mut tags| {
                tags.insert("team".to_owned(), "ai".to_owned());
                tags
            });
            refresh(&mut state, "ap-guangzhou", &cache(listed), &policy);
            assert_eq!(state.tags, tags(&[("k", "v")]).into(), "{case}");
            assert_eq!(state.tags_all, tags(&[("k", "v"), ("team", "ai")]).into(), "{case}");
        }
    }

    #[test]
    fn known_planned_values_stay_and_unknown_ones_are_set() {
        let mut planned = ImageCacheModel {
            name: Attr::from("planned".to_owned()),
            snapshot_id: Attr::Unknown,
            status: Attr::Unknown,
            image_cache_size: Attr::Unknown,
            ..Default::default()
        };
        complete(&mut planned, Some(&cache(json!({"SnapshotId": "snap-1"}))));
        assert_eq!(planned.name.as_str(), Some("planned"));
        assert_eq!((planned.snapshot_id.as_str(), planned.status.as_str()), (Some("snap-1"), Some("Ready")));
        assert_eq!(planned.image_cache_size, Attr::Null);
    }
}

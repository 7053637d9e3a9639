//! Compares the cache that the API lists after a change with the request.
//!
//! It is not documented whether the API keeps omitted fields, replaces or merges tags, clears a field by an empty list, and
//! reduces sizes, or which size increments it uses. So the listed cache is compared, and differences are reported:
//!
//! | found | reported | state |
//! | --- | --- | --- |
//! | a size rounded up to tens | warning: write that size | as planned; from the next read on as listed, and no diff |
//! | unmanaged tags | warning, once | as planned; the next plan shows them |
//! | another difference after an update | error: the attribute and what to do | as listed |
//! | another difference after a creation | warning | as planned; the next plan shows it |
//! | no evidence of a build | warning | as planned |
//! | a cleared list that the API does not return | warning | as planned |
//!
//! Tags of the platform, and those that `ignore_tags` matches, are never compared.

mod messages;

use super::fields::{Difference, FIELDS};
use super::model::ImageCacheModel;
use super::{private, state};
use crate::image_caches::{rounded_up, was_built};
use crate::tags::TagPolicy;
use tencentcloud::tke::{ImageCache, UpdateImageCache};
use terraform_plugin::diagnostics::{AttributePath, Diagnostic};
use terraform_plugin::framework::{Private, Response};

/// The differences of the cache from the request. A field that the API does not return is not a difference, unless it was
/// listed `before`: then it is empty.
fn differences(
    sent: &UpdateImageCache,
    before: &ImageCache,
    after: &ImageCache,
    policy: &TagPolicy,
) -> Vec<Difference> {
    let after = state::with_emptied(before, after);
    FIELDS.iter().filter_map(|field| (field.differs)(sent, &after, policy)).collect()
}

/// The attributes that were not sent but have changed.
pub(super) fn reset(before: &ImageCache, after: &ImageCache, sent: &UpdateImageCache) -> Vec<&'static str> {
    let mut unchanged = UpdateImageCache::default();
    for field in FIELDS.iter().filter(|field| !(field.is_sent)(sent)) {
        (field.send_listed)(before, None, &mut unchanged);
    }
    // Unmanaged tags count, except those that have just been added.
    let found = differences(&unchanged, before, after, &TagPolicy::default());
    found.into_iter().filter(|found| found.extra.is_empty()).map(|found| found.attribute).collect()
}

/// Whether `after` shows everything that was sent.
pub(super) fn is_done(sent: &UpdateImageCache, before: &ImageCache, after: &ImageCache, policy: &TagPolicy) -> bool {
    differences(sent, before, after, policy).is_empty()
}

/// Reports the result of a create.
pub(super) fn created(
    sent: &UpdateImageCache,
    cache: &ImageCache,
    policy: &TagPolicy,
    response: &mut Response<ImageCacheModel>,
) {
    let mut found = differences(sent, cache, cache, policy);
    response.diagnostics.extend(take_rounding(sent, cache, &mut found, &mut response.private));
    response.diagnostics.extend(take_extra_tags(sent, cache, &mut found, &mut response.private));
    if !found.is_empty() {
        response.diagnostics.push(messages::created_otherwise(&cache.image_cache_id, &found));
    }
}

/// Reports the result of an update. After an error, the state is as listed. `waited` is whether the update waited for a build,
/// of which there must be evidence.
pub(super) fn updated(
    sent: &UpdateImageCache,
    before: &ImageCache,
    after: &ImageCache,
    policy: &TagPolicy,
    waited: bool,
    response: &mut Response<ImageCacheModel>,
) {
    let mut found = differences(sent, before, after, policy);
    response.diagnostics.extend(take_rounding(sent, after, &mut found, &mut response.private));
    response.diagnostics.extend(take_extra_tags(sent, after, &mut found, &mut response.private));
    if let Some(first) = found.first() {
        let at = AttributePath::root(first.attribute);
        response.diagnostics.push(messages::not_updated(before, &found).at(at));
        if let Some(saved) = &mut response.state {
            state::as_listed(saved, before, after, policy);
        }
        return;
    }
    let id = &after.image_cache_id;
    let cleared: Vec<_> = FIELDS.iter().filter(|field| (field.is_cleared_unseen)(sent)).collect();
    for field in &cleared {
        response.diagnostics.push(messages::cleared_unseen(id, field.attribute));
    }
    if waited && cleared.is_empty() && is_build_unseen(sent, before, after) {
        response.diagnostics.push(messages::no_build_seen(id).at(AttributePath::root("rebuild_triggers")));
    }
}

/// Whether a build was requested, but there is no evidence of one.
fn is_build_unseen(sent: &UpdateImageCache, before: &ImageCache, after: &ImageCache) -> bool {
    sent.images.is_some() && !was_built(before, after)
}

/// Reports the result of an action's rebuild.
pub(super) fn rebuilt(sent: &UpdateImageCache, before: &ImageCache, after: &ImageCache) -> Option<Diagnostic> {
    is_build_unseen(sent, before, after).then(|| messages::no_build_seen(&after.image_cache_id))
}

/// Removes a rounded size from `found`, and saves it, so that the next plan does not request it again. Returns the size if it
/// has not been reported yet.
fn take_rounding(
    sent: &UpdateImageCache,
    cache: &ImageCache,
    found: &mut Vec<Difference>,
    memory: &mut Private,
) -> Option<Diagnostic> {
    let sent = sent.image_cache_size?;
    let known = private::rounded_size(memory);
    match cache.image_cache_size {
        Some(given) if sent != given && rounded_up(sent) == given => {
            found.retain(|difference| difference.attribute != "image_cache_size");
            private::set_rounded_size(memory, Some((sent, given)));
            (known != Some((sent, given))).then(|| messages::rounded(&cache.image_cache_id, sent, given))
        }
        // The plan has the actual size.
        _ if known.is_some_and(|(_, given)| given == sent) => None,
        _ => {
            private::set_rounded_size(memory, None);
            None
        }
    }
}

/// Removes unmanaged tags from `found`, and saves them. Returns those that have not been reported yet.
fn take_extra_tags(
    sent: &UpdateImageCache,
    cache: &ImageCache,
    found: &mut Vec<Difference>,
    memory: &mut Private,
) -> Option<Diagnostic> {
    sent.tags.as_ref()?;
    let extra: Vec<_> = found.extract_if(.., |difference| !difference.extra.is_empty()).collect();
    let keys = extra.into_iter().flat_map(|difference| difference.extra).collect();
    let known = private::extra_tags(memory);
    private::set_extra_tags(memory, &keys);
    (!keys.is_subset(&known)).then(|| messages::extra_tags(&cache.image_cache_id, &keys))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tags::IgnoreTags;
    use tencentcloud::tke::Tag;

    /// A request: 50 GiB, 7 days, a tag.
    fn sent() -> UpdateImageCache {
        UpdateImageCache {
            image_cache_name: Some("a".to_owned()),
            images: Some(vec!["nginx:1.27".to_owned()]),
            image_cache_size: Some(50),
            retention_days: Some(7),
            tags: Some(vec![Tag { key: "k".to_owned(), value: "v".to_owned() }]),
            ..Default::default()
        }
    }

    /// A row as sent, with the fields of `more`; null removes a field.
    fn row(more: Value) -> ImageCache {
        let mut row = json!({
            "ImageCacheId": "imc-1", "ImageCacheName": "a", "Images": ["nginx:1.27"], "ImageCacheSize": 50,
            "RetentionDays": 7, "Tags": [{"Key": "k", "Value": "v"}], "Status": "Ready",
        });
        row.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        serde_json::from_value(row).unwrap()
    }

    fn tags(entries: &[(&str, &str)]) -> Value {
        let tags: Vec<_> = entries.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        json!({ "Tags": tags })
    }

    fn response() -> Response<ImageCacheModel> {
        Response {
            state: Some(ImageCacheModel::default()),
            private: Private::default(),
            diagnostics: Default::default(),
        }
    }

    #[test]
    fn differences_are_in_sent_and_listed_fields() {
        let robots = IgnoreTags { keys: ["robot".to_owned()].into(), ..IgnoreTags::default() };
        let policy = TagPolicy { ignore_tags: robots.into(), ..TagPolicy::default() };
        for (after, expected) in [
            (json!({}), &[][..]),
            (json!({"Images": ["docker.io/library/nginx:1.27"]}), &[]),
            (json!({"Images": ["nginx:1.28"]}), &["images"]),
            (json!({"ImageCacheName": "b", "ImageCacheSize": 20}), &["name", "image_cache_size"]),
            (json!({"RetentionDays": 0, "Tags": []}), &["retention_days", "tags"]),
            (tags(&[("k", "v"), ("l", "v")]), &["tags"]),
            (tags(&[("k", "v"), ("qcs:tag:createdBy", "Root:1"), ("robot", "1")]), &[]),
            // Listed before, so omitting them means that they are empty.
            (json!({"RetentionDays": null, "Tags": null}), &["retention_days", "tags"]),
        ] {
            let found = differences(&sent(), &row(json!({})), &row(after.clone()), &policy);
            assert_eq!(found.iter().map(|found| found.attribute).collect::<Vec<_>>(), expected, "{after}");
        }
        let unlisted = row(json!({"RetentionDays": null, "Tags": null}));
        assert_eq!(differences(&sent(), &unlisted, &unlisted, &policy), []);
    }

    #[test]
    fn reset_fields_were_not_sent_and_changed() {
        let renamed = UpdateImageCache { image_cache_name: Some("a".to_owned()), ..Default::default() };
        for (case, before, after, expected) in [
            ("nothing", json!({}), json!({}), &[][..]),
            ("the name was sent", json!({}), json!({"ImageCacheName": "b"}), &[]),
            ("the retention was not", json!({}), json!({"RetentionDays": 0}), &["retention_days"]),
            ("others had changed it before", json!({"RetentionDays": 1}), json!({"RetentionDays": 1}), &[]),
            ("others have added a tag", json!({}), tags(&[("k", "v"), ("robot", "1")]), &[]),
            ("a tag of others is lost", tags(&[("robot", "1")]), tags(&[]), &["tags"]),
            ("the platform added its tag", json!({}), tags(&[("k", "v"), ("qcs:tag:createdBy", "x")]), &[]),
        ] {
            assert_eq!(reset(&row(before), &row(after), &renamed), expected, "{case}");
        }
    }

    #[test]
    fn error_leaves_the_state_as_listed() {
        for (case, after, attribute, advice) in [
            ("ignored shrink", json!({"ImageCacheSize": 80}), "image_cache_size", "Set it to 80"),
            ("a tag that was not set", tags(&[("l", "v")]), "tags", "Use the listed value"),
        ] {
            let (mut response, after) = (response(), row(after));
            let before = row(json!({"ImageCacheSize": 80}));
            updated(&sent(), &before, &after, &TagPolicy::default(), true, &mut response);
            let [error] = &response.diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("{case}") };
            assert_eq!(error.path.to_string(), attribute, "{case}");
            assert!(error.detail.contains(advice), "{case}: {}", error.detail);
            let state = response.state.unwrap();
            assert_eq!(state.image_cache_size.known().copied(), after.image_cache_size, "{case}");
            assert_eq!(state.tags_all, crate::tags::by_key(after.tags.as_deref().unwrap()).into(), "{case}");
        }
    }

    #[test]
    fn unmanaged_tags_are_a_warning_once() {
        let mut response = response();
        let (before, tagged) = (row(json!({"Status": "Updating"})), row(tags(&[("k", "v"), ("by", "hand")])));
        for reported in [1, 1] {
            updated(&sent(), &before, &tagged, &TagPolicy::default(), true, &mut response);
            let found: Vec<_> = response.diagnostics.iter().collect();
            assert_eq!(found.len(), reported, "{found:?}");
            assert!(found[0].detail.contains("\"by\"") && found[0].detail.contains("ignore_tags"), "{found:?}");
        }
        // Removed, and added again.
        updated(&sent(), &before, &row(json!({})), &TagPolicy::default(), true, &mut response);
        created(&sent(), &tagged, &TagPolicy::default(), &mut response);
        assert_eq!(response.diagnostics.iter().count(), 2);
    }

    #[test]
    fn rounded_size_is_reported_once() {
        let mut response = response();
        let of_size = |size| UpdateImageCache { image_cache_size: Some(size), ..sent() };
        for reported in [1, 1] {
            created(&of_size(45), &row(json!({})), &TagPolicy::default(), &mut response);
            assert_eq!(response.diagnostics.iter().count(), reported);
            assert_eq!(private::rounded_size(&response.private), Some((45, 50)));
        }
        // After the next read, the plan has the actual size.
        created(&sent(), &row(json!({})), &TagPolicy::default(), &mut response);
        assert_eq!(private::rounded_size(&response.private), Some((45, 50)));
        created(&of_size(60), &row(json!({"ImageCacheSize": 60})), &TagPolicy::default(), &mut response);
        assert_eq!(private::rounded_size(&response.private), None);
    }
}

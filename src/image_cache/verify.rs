//! What the API made of a change, held against what was planned.
//!
//! Whether the API keeps what an update leaves out, replaces tags or merges them, clears by an empty list, shrinks, and in
//! which steps it counts sizes, is not documented. So what it lists afterwards is compared, and the user is told in the same
//! apply:
//!
//! | found | told | state |
//! | --- | --- | --- |
//! | a size rounded up to tens | warning: write that size | as planned; from the next read on as listed, and no diff |
//! | another difference after an update | error: the attribute and what to do | as listed |
//! | another difference after a creation | warning | as planned; the next plan shows it |
//! | no trace of a build | warning | as planned |
//! | lists cleared that the API never tells | warning | as planned |

mod messages;

use std::collections::{BTreeMap, BTreeSet};

use super::model::ImageCacheModel;
use super::{plan, state};
use crate::image_caches::was_built;
use crate::images;
use tencentcloud::tke::{ImageCache, UpdateImageCache};
use terraform_plugin::diagnostics::AttributePath;
use terraform_plugin::framework::Response;
use terraform_plugin::value::Attr;

/// The sizes of premium cloud disks come in such steps by some documents, and in steps of 1 by others.
const SIZE_STEP: u64 = 10;

/// An attribute that is listed otherwise than planned.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Difference {
    attribute: &'static str,
    planned: String,
    listed: String,
}

impl Difference {
    fn new(attribute: &'static str, planned: impl ToString, listed: impl ToString) -> Self {
        Self { attribute, planned: planned.to_string(), listed: listed.to_string() }
    }
}

/// Where `after` shows something else than planned. What the API does not tell is no difference; but what it told `before`
/// and now leaves out is empty.
fn differences(planned: &ImageCacheModel, before: &ImageCache, after: &ImageCache) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Some(name) = planned.name.as_str().filter(|name| *name != after.image_cache_name) {
        found.push(Difference::new("name", name, &after.image_cache_name));
    }
    let listed: BTreeSet<String> = after.images.iter().cloned().collect();
    if let Some(images) = planned.images.known().filter(|known| !listed.is_empty() && !images::same(known, &listed)) {
        found.push(Difference::new("images", format!("{images:?}"), format!("{listed:?}")));
    }
    if let (Attr::Known(size), Some(listed)) = (&planned.image_cache_size, after.image_cache_size)
        && *size != listed
    {
        found.push(Difference::new("image_cache_size", size, listed));
    }
    let days = after.retention_days.or(before.retention_days.map(|_| 0));
    if let (Attr::Known(planned), Some(listed)) = (&planned.retention_days, days)
        && *planned != listed
    {
        found.push(Difference::new("retention_days", planned, listed));
    }
    let listed = after.tags.as_deref().or(before.tags.as_ref().map(|_| &[][..]));
    if let (Attr::Known(planned), Some(listed)) = (&planned.tags_all, listed) {
        let listed = state::tags(listed);
        if *planned != listed {
            found.push(Difference::new("tags", format!("{planned:?}"), format!("{listed:?}")));
        }
    }
    found
}

/// The attributes that were as planned, were not part of the request, and are not as planned any more.
pub(super) fn reset(
    planned: &ImageCacheModel,
    before: &ImageCache,
    after: &ImageCache,
    asked: &UpdateImageCache,
) -> Vec<&'static str> {
    let drifted: Vec<_> = differences(planned, before, before).into_iter().map(|found| found.attribute).collect();
    let found = differences(planned, before, after).into_iter().map(|found| found.attribute);
    found.filter(|attribute| !drifted.contains(attribute) && !is_asked(asked, attribute)).collect()
}

/// True when `after` shows everything that was `asked` for as planned. What was not asked for may differ.
pub(super) fn is_done(
    planned: &ImageCacheModel,
    before: &ImageCache,
    after: &ImageCache,
    asked: &UpdateImageCache,
) -> bool {
    !differences(planned, before, after).iter().any(|difference| is_asked(asked, difference.attribute))
}

fn is_asked(asked: &UpdateImageCache, attribute: &str) -> bool {
    match attribute {
        "name" => asked.image_cache_name.is_some(),
        "images" => asked.images.is_some(),
        "image_cache_size" => asked.image_cache_size.is_some(),
        "retention_days" => asked.retention_days.is_some(),
        _ => asked.tags.is_some(),
    }
}

/// Tells the user what a creation led to.
pub(super) fn created(planned: &ImageCacheModel, cache: &ImageCache, response: &mut Response<ImageCacheModel>) {
    let mut found = differences(planned, cache, cache);
    tell_rounding(planned, cache, &mut found, response);
    if !found.is_empty() {
        response.diagnostics.push(messages::created_otherwise(&cache.image_cache_id, &found));
    }
}

/// Tells the user what an update led to. After an error the state is what the API lists.
pub(super) fn updated(
    planned: &ImageCacheModel,
    before: &ImageCache,
    after: &ImageCache,
    asked: &UpdateImageCache,
    default_tags: Option<&BTreeMap<String, String>>,
    response: &mut Response<ImageCacheModel>,
) {
    let mut found = differences(planned, before, after);
    // What differed before and was not asked for is the drift of others: the next plan shows it.
    found.retain(|difference| is_asked(asked, difference.attribute));
    tell_rounding(planned, after, &mut found, response);
    if let Some(first) = found.first() {
        let at = AttributePath::root(first.attribute);
        response.diagnostics.push(messages::not_updated(before, &found).at(at));
        if let Some(saved) = &mut response.state {
            state::as_listed(saved, before, after, default_tags);
        }
        return;
    }
    let id = &after.image_cache_id;
    let cleared = [
        ("security_group_ids", asked.security_group_ids.as_ref().is_some_and(Vec::is_empty)),
        ("image_registry_credentials", asked.image_registry_credentials.as_ref().is_some_and(Vec::is_empty)),
    ];
    for (attribute, _) in cleared.into_iter().filter(|(_, cleared)| *cleared) {
        response.diagnostics.push(messages::cleared_unseen(id, attribute));
    }
    let clears = cleared.iter().any(|(_, cleared)| *cleared);
    if asked.images.is_some() && !clears && planned.wait_for_ready != Attr::Known(false) && !was_built(before, after) {
        response.diagnostics.push(messages::no_build_seen(id));
    }
}

/// Takes a rounded size out of what was `found`, tells of it, and remembers it, so that the next plan does not try again.
fn tell_rounding(
    planned: &ImageCacheModel,
    cache: &ImageCache,
    found: &mut Vec<Difference>,
    response: &mut Response<ImageCacheModel>,
) {
    let known = plan::rounded(&response.private);
    match (planned.image_cache_size.known(), cache.image_cache_size) {
        (Some(&asked), Some(given)) if asked != given && asked.next_multiple_of(SIZE_STEP) == given => {
            found.retain(|difference| difference.attribute != "image_cache_size");
            if known != Some((asked, given)) {
                plan::remember_rounded(&mut response.private, Some((asked, given)));
                response.diagnostics.push(messages::rounded(&cache.image_cache_id, asked, given));
            }
        }
        // The plan took over the size that was given.
        (Some(&asked), _) if known.is_some_and(|(_, given)| given == asked) => {}
        _ => plan::remember_rounded(&mut response.private, None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn planned() -> ImageCacheModel {
        ImageCacheModel {
            images: BTreeSet::from(["nginx:1.27".to_owned()]).into(),
            name: "a".to_owned().into(),
            image_cache_size: 50.into(),
            retention_days: 7.into(),
            tags_all: BTreeMap::from([("k".to_owned(), "v".to_owned())]).into(),
            ..Default::default()
        }
    }

    /// A row that is as planned, but for `more`; null leaves a field out.
    fn row(more: Value) -> ImageCache {
        let mut row = json!({
            "ImageCacheId": "imc-1", "ImageCacheName": "a", "Images": ["nginx:1.27"], "ImageCacheSize": 50,
            "RetentionDays": 7, "Tags": [{"Key": "k", "Value": "v"}], "Status": "Ready",
        });
        row.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        serde_json::from_value(row).unwrap()
    }

    fn attributes(found: &[Difference]) -> Vec<&str> {
        found.iter().map(|difference| difference.attribute).collect()
    }

    #[test]
    fn what_is_told_otherwise_differs() {
        for (after, expected) in [
            (json!({}), &[][..]),
            (json!({"Images": ["docker.io/library/nginx:1.27"]}), &[]),
            (json!({"Images": ["nginx:1.28"]}), &["images"]),
            (json!({"ImageCacheName": "b", "ImageCacheSize": 20}), &["name", "image_cache_size"]),
            (json!({"RetentionDays": 0, "Tags": []}), &["retention_days", "tags"]),
            (json!({"Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "v"}]}), &["tags"]),
            // Told before, so that leaving them out says that they are empty.
            (json!({"RetentionDays": null, "Tags": null}), &["retention_days", "tags"]),
        ] {
            assert_eq!(attributes(&differences(&planned(), &row(json!({})), &row(after.clone()))), expected, "{after}");
        }
        let untold = row(json!({"RetentionDays": null, "Tags": null}));
        assert_eq!(differences(&planned(), &untold, &untold), []);
    }

    #[test]
    fn reset_is_what_was_neither_asked_for_nor_different_before() {
        let renamed = UpdateImageCache { image_cache_name: Some("a".to_owned()), ..Default::default() };
        for (case, before, after, expected) in [
            ("nothing", json!({}), json!({}), &[][..]),
            ("the name was asked for", json!({}), json!({"ImageCacheName": "b"}), &[]),
            ("the retention was not", json!({}), json!({"RetentionDays": 0}), &["retention_days"]),
            ("others had changed it", json!({"RetentionDays": 1}), json!({"RetentionDays": 1}), &[]),
        ] {
            assert_eq!(reset(&planned(), &row(before), &row(after), &renamed), expected, "{case}");
        }
    }

    #[test]
    fn an_error_leaves_the_state_as_listed_and_names_what_to_do() {
        let asked = UpdateImageCache { image_cache_size: Some(50), tags: Some(Vec::new()), ..Default::default() };
        for (case, after, attribute, advice) in [
            ("ignored shrink", json!({"ImageCacheSize": 80}), "image_cache_size", "Write 80"),
            (
                "merged tags",
                json!({"Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "v"}]}),
                "tags",
                "console",
            ),
        ] {
            let mut response =
                Response { state: Some(planned()), private: Default::default(), diagnostics: Default::default() };
            let after = row(after);
            updated(&planned(), &row(json!({"ImageCacheSize": 80})), &after, &asked, None, &mut response);
            let [error] = &response.diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("{case}") };
            assert_eq!(error.path.to_string(), attribute, "{case}");
            assert!(error.detail.contains(advice), "{case}: {}", error.detail);
            let state = response.state.unwrap();
            assert_eq!(state.image_cache_size.known().copied(), after.image_cache_size, "{case}");
            assert_eq!(state.tags_all, state::tags(after.tags.as_deref().unwrap()).into(), "{case}");
        }
    }

    #[test]
    fn a_rounded_size_is_told_once_and_remembered() {
        let mut response =
            Response { state: Some(planned()), private: Default::default(), diagnostics: Default::default() };
        let odd = ImageCacheModel { image_cache_size: 45.into(), ..planned() };
        for told in [1, 1] {
            created(&odd, &row(json!({})), &mut response);
            assert_eq!(response.diagnostics.iter().count(), told);
            assert_eq!(plan::rounded(&response.private), Some((45, 50)));
        }
        // From the next read on, the plan has the size that was given.
        created(&planned(), &row(json!({})), &mut response);
        assert_eq!(plan::rounded(&response.private), Some((45, 50)));
        created(
            &ImageCacheModel { image_cache_size: 60.into(), ..planned() },
            &row(json!({"ImageCacheSize": 60})),
            &mut response,
        );
        assert_eq!(plan::rounded(&response.private), None);
    }
}

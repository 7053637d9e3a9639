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

use std::collections::{BTreeMap, BTreeSet};

use super::model::ImageCacheModel;
use super::{messages, plan, state};
use crate::diagnostics::AttributePath;
use crate::framework::Response;
use crate::provider::images;
use crate::tencentcloud::image_caches::was_built;
use crate::tencentcloud::tke::{ImageCache, UpdateImageCache};
use crate::value::Attr;

/// The sizes of premium cloud disks come in such steps by some documents, and in steps of 1 by others.
const SIZE_STEP: u64 = 10;

/// An attribute that is listed otherwise than planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub attribute: &'static str,
    pub planned: String,
    pub listed: String,
}

impl Difference {
    fn new(attribute: &'static str, planned: impl ToString, listed: impl ToString) -> Self {
        Self { attribute, planned: planned.to_string(), listed: listed.to_string() }
    }
}

/// Where `after` shows something else than planned. What the API does not tell is no difference; but what it told `before`
/// and now leaves out is empty.
pub(super) fn differences(planned: &ImageCacheModel, before: &ImageCache, after: &ImageCache) -> Vec<Difference> {
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

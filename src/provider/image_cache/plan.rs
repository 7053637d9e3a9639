//! What a change of a cache means: nothing, an update in place, a replacement.
//!
//! | situation | plan |
//! | --- | --- |
//! | name, retention or tags change | in place; everything else stays known, so that Pods that use it show no change |
//! | images, size, credentials, security groups or triggers change | in place, pulled again: status and snapshot are known after apply |
//! | the same, with `replace_on_rebuild` | replaced |
//! | network, EIP, registry lists, DNS or region change | replaced |
//! | the same, after an import | adopted: the API does not tell them, and nothing says that they differ |
//! | the cache is `Failed` | replaced, with a warning that carries its last events |
//! | the cache is `UpdateFailed` | in place: the update is tried again |
//! | the cache is `Pending` or `Updating`, and `wait_for_ready` | in place: the wait goes on |

use std::collections::BTreeMap;

use super::model::ImageCacheModel;
use crate::diagnostics::{AttributePath, Diagnostic};
use crate::framework::{Outcome, Private, ResourcePlan};
use crate::provider::{EksProvider, annotations, images};
use crate::tencentcloud::tke::Status;
use crate::value::{Attr, Value};

/// Key of the private state under which Read leaves the last events of a failed cache for the plan to show.
pub(super) const LAST_EVENTS: &str = "last_events";

/// Key of the private state under which an apply leaves a size that the API rounded up: what was asked for and what was
/// given.
const ROUNDED_SIZE: &str = "rounded_size";

/// Attributes that the API never tells, and whose change replaces the cache.
const NETWORK: [&str; 7] = [
    "vpc_id",
    "subnet_id",
    "existed_eip_id",
    "auto_create_eip",
    "registry_skip_verify_list",
    "registry_http_endpoint_list",
    "resolve_config",
];

/// Attributes that the API never tells, and whose change pulls the images again.
const UNTOLD_BUILD: [&str; 3] = ["security_group_ids", "image_registry_credentials", "rebuild_triggers"];

/// Attributes that the API tells, and whose change pulls the images again.
const BUILD: [&str; 2] = ["images", "image_cache_size"];

/// What a build changes.
const BUILT: [&str; 4] = ["status", "snapshot_id", "creation_time", "expire_date_time"];

/// True for an object that was imported and not applied since: the API does not tell its network.
pub(super) fn is_imported(state: &ImageCacheModel) -> bool {
    state.vpc_id.is_null()
}

/// True when other images are planned. An import may have brought the same ones in another spelling.
pub(super) fn images_change(prior: &ImageCacheModel, planned: &ImageCacheModel) -> bool {
    match (&prior.images, &planned.images) {
        (Attr::Known(prior_images), Attr::Known(images)) if is_imported(prior) => !images::same(prior_images, images),
        (prior, planned) => prior != planned,
    }
}

/// The size that was asked for, and the one that the API gave instead.
pub(super) fn rounded(private: &Private) -> Option<(u64, u64)> {
    let (asked, given) = private.get(ROUNDED_SIZE)?.split_once(' ')?;
    Some((asked.parse().ok()?, given.parse().ok()?))
}

pub(super) fn remember_rounded(private: &mut Private, sizes: Option<(u64, u64)>) {
    private.set(ROUNDED_SIZE, sizes.map(|(asked, given)| format!("{asked} {given}")));
}

pub(super) async fn plan(provider: &EksProvider, plan: &mut ResourcePlan<ImageCacheModel>) -> Outcome<()> {
    let tags_all = provider.tags_all(&plan.planned.tags);
    match tags_all {
        Attr::Known(tags) => plan.set("tags_all", string_map(tags)),
        _ => plan.set_unknown("tags_all"),
    }
    match plan.prior.take() {
        None => plan_create(provider, plan).await,
        Some(prior) => {
            plan_update(&prior, plan);
            plan.prior = Some(prior);
            Ok(())
        }
    }
}

async fn plan_create(provider: &EksProvider, plan: &mut ResourcePlan<ImageCacheModel>) -> Outcome<()> {
    if plan.config.region.is_null()
        && let Attr::Known(region) = provider.region().await?
    {
        plan.set("region", Value::from(region));
    }
    let annotations = BTreeMap::from([
        ("auto".to_owned(), string_map(annotations::image_cache(annotations::AUTO))),
        ("pinned".to_owned(), Value::Unknown),
    ]);
    plan.set("annotations", Value::Map(annotations));
    Ok(())
}

fn plan_update(prior: &ImageCacheModel, plan: &mut ResourcePlan<ImageCacheModel>) {
    let status = prior.status();
    if status == Some(Status::Failed) {
        plan.set_unknown("status");
        plan.require_replace("status");
        plan.diagnostics.push(failed_warning(prior, plan.private.get(LAST_EVENTS)));
        return;
    }

    // The API was asked for this size, and gave that one: asking again would not change it.
    if let Some((asked, given)) = rounded(&plan.private)
        && plan.planned.image_cache_size == Attr::Known(asked)
        && prior.image_cache_size == Attr::Known(given)
    {
        plan.set("image_cache_size", given);
    }

    let mut rebuilding = BUILD.to_vec();
    if is_imported(prior) {
        NETWORK.iter().for_each(|attribute| plan.update_in_place(attribute));
    } else {
        rebuilding.extend(UNTOLD_BUILD);
    }
    rebuilding.retain(|attribute| match *attribute {
        "images" => images_change(prior, &plan.planned),
        attribute => plan.changes(attribute),
    });
    let retry = status == Some(Status::UpdateFailed);
    if !rebuilding.is_empty() || retry {
        BUILT.iter().for_each(|attribute| plan.set_unknown(attribute));
        if plan.planned.replace_on_rebuild == Attr::Known(true) {
            rebuilding.iter().for_each(|attribute| plan.require_replace(attribute));
            if retry {
                plan.require_replace("status");
            }
        }
    }
    let building = matches!(status, Some(Status::Pending | Status::Updating));
    if building && plan.planned.wait_for_ready == Attr::Known(true) {
        BUILT.iter().chain(&["image_cache_type", "snapshotter"]).for_each(|attribute| plan.set_unknown(attribute));
    }
    if plan.changes("retention_days") {
        plan.set_unknown("expire_date_time");
    }
}

fn failed_warning(prior: &ImageCacheModel, events: Option<&str>) -> Diagnostic {
    let id = prior.id.as_str().unwrap_or_default();
    let events = events.map(|events| format!("\n\nIts last events:\n{events}")).unwrap_or_default();
    Diagnostic::warning(
        "Image cache failed and will be replaced",
        format!("Image cache {id} is Failed: Pods cannot use it, and it cannot be repaired.{events}"),
    )
    .at(AttributePath::root("status"))
}

fn string_map(map: BTreeMap<String, String>) -> Value {
    Value::Map(map.into_iter().map(|(key, value)| (key, Value::from(value))).collect())
}

//! What a change of a cache means: nothing, an update in place, a replacement.
//!
//! | situation | plan |
//! | --- | --- |
//! | name, retention or tags change | in place; everything else stays known, so that Pods that use it show no change |
//! | images, size, credentials, security groups or triggers change | in place, pulled again: status and snapshot are known after apply |
//! | the same, with `replace_on_rebuild` | replaced |
//! | network, EIP, registry lists, DNS or region change | replaced |
//! | the provider's region changes, for a cache that names none | replaced |
//! | network, EIP, registry lists or DNS are configured after an import | adopted: the API does not tell them, and nothing says that they differ |
//! | a list or map that was absent is there and empty, or the other way round | in place, and nothing is done |
//! | the cache is `Failed` | replaced, with a warning that carries its last events |
//! | the cache is `UpdateFailed` | in place: the update is tried again |
//! | the cache is `Pending` or `Updating`, and `wait_for_ready` | in place: the wait goes on |
//!
//! A flag that is not known counts as set: what it may change is planned as unknown, or as a replacement, because Terraform
//! takes back neither a value nor an object that a plan had promised to keep.

use std::collections::BTreeMap;

use super::model::ImageCacheModel;
use super::validate;
use crate::session::Session;
use crate::{annotations, errors, images, regions};
use tencentcloud::tke::Status;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::{Outcome, Private, ResourcePlan};
use terraform_plugin::value::{Attr, Value};

/// Key of the private state under which Read leaves the last events of a failed cache for the plan to show.
pub(super) const LAST_EVENTS: &str = "last_events";

/// Key of the private state under which an apply leaves a size that the API rounded up: what was asked for and what was
/// given.
const ROUNDED_SIZE: &str = "rounded_size";

/// Key of the private state under which the plan of an import leaves the region of a cache that names none.
const IMPORTED_REGION: &str = "imported_region";

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

/// True when a collection asks for something else. An empty one asks for as little as none: modules pass it on when their
/// caller gave nothing.
fn elements_change<C: Default + PartialEq>(prior: &Attr<C>, planned: &Attr<C>) -> bool {
    match (prior, planned) {
        (Attr::Null, Attr::Known(elements)) | (Attr::Known(elements), Attr::Null) => *elements != C::default(),
        (prior, planned) => prior != planned,
    }
}

/// True when other security groups are planned.
pub(super) fn groups_change(prior: &ImageCacheModel, planned: &ImageCacheModel) -> bool {
    !is_imported(prior) && elements_change(&prior.security_group_ids, &planned.security_group_ids)
}

/// True when other credentials are planned.
pub(super) fn credentials_change(prior: &ImageCacheModel, planned: &ImageCacheModel) -> bool {
    !is_imported(prior) && elements_change(&prior.image_registry_credentials, &planned.image_registry_credentials)
}

/// The attributes whose change pulls the images again. Those that the API does not tell are adopted after an import.
pub(super) fn rebuilding(prior: &ImageCacheModel, planned: &ImageCacheModel) -> Vec<&'static str> {
    let triggers_change = !is_imported(prior) && elements_change(&prior.rebuild_triggers, &planned.rebuild_triggers);
    let attributes = [
        ("images", images_change(prior, planned)),
        ("image_cache_size", prior.image_cache_size != planned.image_cache_size),
        ("security_group_ids", groups_change(prior, planned)),
        ("image_registry_credentials", credentials_change(prior, planned)),
        ("rebuild_triggers", triggers_change),
    ];
    attributes.into_iter().filter(|(_, changes)| *changes).map(|(attribute, _)| attribute).collect()
}

/// The size that was asked for, and the one that the API gave instead.
pub(super) fn rounded(private: &Private) -> Option<(u64, u64)> {
    let (asked, given) = private.get(ROUNDED_SIZE)?.split_once(' ')?;
    Some((asked.parse().ok()?, given.parse().ok()?))
}

pub(super) fn remember_rounded(private: &mut Private, sizes: Option<(u64, u64)>) {
    private.set(ROUNDED_SIZE, sizes.map(|(asked, given)| format!("{asked} {given}")));
}

pub(super) async fn plan(session: &Session, plan: &mut ResourcePlan<ImageCacheModel>) -> Outcome<()> {
    let tags_all = session.tags_all(&plan.planned.tags);
    match tags_all {
        Attr::Known(tags) => plan.set("tags_all", string_map(tags)),
        _ => plan.set_unknown("tags_all"),
    }
    session.check_access().await?;
    let mut warnings = Diagnostics::default();
    validate::warn(&plan.config, &|attribute| plan.prior.is_none() || plan.changes(attribute), &mut warnings);
    plan.diagnostics.extend(warnings);
    match plan.prior.take() {
        None => plan_create(session, plan).await,
        Some(prior) => {
            plan_region(session, &prior, plan).await;
            plan_update(&prior, plan);
            plan.prior = Some(prior);
            Ok(())
        }
    }
}

async fn plan_create(session: &Session, plan: &mut ResourcePlan<ImageCacheModel>) -> Outcome<()> {
    if plan.config.region.is_null()
        && let Attr::Known(region) = session.region().await?
    {
        plan.set("region", Value::from(region));
    }
    // The ID is not known, the key is: what takes the annotations may depend on their keys.
    let pinned = annotations::planned_image_cache(&Attr::Unknown).into_keys().map(|key| (key, Value::Unknown));
    if let Some(region) = plan.config.region.as_str()
        && regions::is_financial(region)
        && !session.region.has_own_domain
    {
        plan.diagnostics.push(errors::financial_region(region));
    }
    let annotations = BTreeMap::from([
        ("auto".to_owned(), string_map(annotations::image_cache(annotations::AUTO))),
        ("pinned".to_owned(), Value::Map(pinned.collect())),
    ]);
    plan.set("annotations", Value::Map(annotations));
    Ok(())
}

/// A cache that names no region is in the provider's, whatever that becomes; but one that was imported from another is there.
async fn plan_region(session: &Session, prior: &ImageCacheModel, plan: &mut ResourcePlan<ImageCacheModel>) {
    if !plan.config.region.is_null() {
        return;
    }
    // Without a region of the provider, or while it is not known, nothing says that the cache should be elsewhere.
    let Ok(Attr::Known(region)) = session.region.get().await else { return };
    if prior.region.as_str() == Some(&region) {
        plan.private.set(IMPORTED_REGION, None);
    } else if is_imported(prior) {
        plan.private.set(IMPORTED_REGION, prior.region.known().cloned());
    } else if plan.private.get(IMPORTED_REGION) != prior.region.as_str() {
        plan.set("region", region);
        plan.require_replace("region");
    }
}

fn plan_update(prior: &ImageCacheModel, plan: &mut ResourcePlan<ImageCacheModel>) {
    let status = prior.status();
    if status == Some(Status::Failed) {
        plan.set_unknown("status");
        plan.require_replace("status");
        plan.diagnostics.push(failed_warning(prior, plan.private.get(LAST_EVENTS)));
        return;
    }

    let mut rebuilding = rebuilding(prior, &plan.planned);
    // The API was asked for this size, and gave that one: asking again would not change it.
    if let Some((asked, given)) = rounded(&plan.private)
        && plan.planned.image_cache_size == Attr::Known(asked)
        && prior.image_cache_size == Attr::Known(given)
    {
        plan.set("image_cache_size", given);
        rebuilding.retain(|attribute| *attribute != "image_cache_size");
    }

    if is_imported(prior) {
        NETWORK.iter().for_each(|attribute| plan.update_in_place(attribute));
        plan.diagnostics.extend(other_spelling(prior, &plan.planned));
    }
    if !elements_change(&prior.registry_skip_verify_list, &plan.planned.registry_skip_verify_list) {
        plan.update_in_place("registry_skip_verify_list");
    }
    if !elements_change(&prior.registry_http_endpoint_list, &plan.planned.registry_http_endpoint_list) {
        plan.update_in_place("registry_http_endpoint_list");
    }
    if let (Attr::Known(before), Attr::Known(after)) = (&prior.image_cache_size, &plan.planned.image_cache_size)
        && after < before
        && rebuilding.contains(&"image_cache_size")
    {
        plan.diagnostics.push(shrinks(*before, *after));
    }
    let retry = status == Some(Status::UpdateFailed);
    if !rebuilding.is_empty() || retry {
        BUILT.iter().for_each(|attribute| plan.set_unknown(attribute));
        if plan.planned.replace_on_rebuild != Attr::Known(false) {
            rebuilding.iter().for_each(|attribute| plan.require_replace(attribute));
            if retry {
                plan.require_replace("status");
            }
        }
    }
    let building = matches!(status, Some(Status::Pending | Status::Updating));
    if building && plan.planned.wait_for_ready != Attr::Known(false) {
        BUILT.iter().chain(&["image_cache_type", "snapshotter"]).for_each(|attribute| plan.set_unknown(attribute));
    }
    if plan.changes("retention_days") {
        plan.set_unknown("expire_date_time");
    }
}

/// A size that follows an image which became smaller is rarely meant: the cache is built again, and the API may refuse it.
fn shrinks(before: u64, after: u64) -> Diagnostic {
    let detail = format!(
        "image_cache_size falls from {before} to {after} GiB. The images are pulled again, a cache that is too small for them \
         fails, and the API may refuse a smaller size. If the size follows eks_pod_disk, keep it from falling with \
         max({before}, ...), or write a constant."
    );
    Diagnostic::warning("Image cache becomes smaller", detail).at(AttributePath::root("image_cache_size"))
}

/// An import has the images that are configured, by other names. Whether they were configured so when the cache was made,
/// or the API writes them so, nobody can tell; a rebuild for that would be billed.
fn other_spelling(prior: &ImageCacheModel, planned: &ImageCacheModel) -> Option<Diagnostic> {
    let (Attr::Known(listed), Attr::Known(configured)) = (&prior.images, &planned.images) else { return None };
    if listed == configured || images_change(prior, planned) {
        return None;
    }
    let others: Vec<_> = listed.difference(configured).map(|image| format!("  {image}")).collect();
    Some(
        Diagnostic::warning(
            "The image cache names its images otherwise",
            format!(
                "The API lists images of the imported cache {} in another spelling than images has them:\n{}\n\nThey are the \
                 same images, so that they are not pulled again. But Pods that match a cache by identical references \
                 (use-image-cache: auto) may have to name them as the API does: write them so, or change rebuild_triggers \
                 after this apply to have the cache built with the names that are configured.",
                prior.id.as_str().unwrap_or_default(),
                others.join("\n"),
            ),
        )
        .at(AttributePath::root("images")),
    )
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

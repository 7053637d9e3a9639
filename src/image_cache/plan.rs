//! Plans changes of a cache: no operation, an update in place, or a replacement.
//!
//! | situation | plan |
//! | --- | --- |
//! | name, retention or tags change | in place; everything else stays known, so that Pods which use it show no change |
//! | images, size, credentials, security groups or triggers change | in place, pulled again: status and snapshot are known after apply |
//! | the same, with `replace_on_rebuild` | replaced |
//! | network, EIP, registry lists, DNS or region change | replaced |
//! | the provider's region changes, for a cache without `region` | replaced |
//! | network, EIP, registry lists or DNS are configured after an import | adopted: the API does not return them |
//! | an omitted list or map becomes an empty one, or vice versa | in place, without a call |
//! | the cache is `Failed` | replaced, with a warning that shows its most recent events |
//! | the cache is `UpdateFailed` | in place: the update is tried again |
//! | the cache is `Pending` or `Updating`, and `wait_for_ready` | in place: the wait continues |
//!
//! An unknown flag counts as set: what it may change is planned as unknown, or as a replacement, because an apply may not
//! change a known planned value, nor replace an object that the plan keeps.

use super::changes::Changes;
use super::computed::COMPUTED;
use super::create_only::CREATE_ONLY;
use super::model::ImageCacheModel;
use super::{private, validate};
use crate::session::Session;
use crate::{annotations, errors, images, regions, tags};
use tencentcloud::tke::Status;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::framework::{Outcome, Private, ResourcePlan};
use terraform_plugin::value::{Attr, Value};

pub(super) async fn plan(session: &Session, plan: &mut ResourcePlan<ImageCacheModel>) -> Outcome<()> {
    let at = AttributePath::root("tags");
    session.tags.validate_not_ignored(&at, &plan.planned.tags, &mut plan.diagnostics);
    let tags_all = session.tags.all(&plan.planned.tags);
    tags::validate_count(&AttributePath::root("tags_all"), &tags_all, &mut plan.diagnostics);
    match tags_all {
        Attr::Known(tags) => plan.set("tags_all", Value::map(tags)),
        _ => plan.set_unknown("tags_all"),
    }
    session.check_access().await?;
    let mut warnings = Diagnostics::default();
    validate::warn(&plan.config, &|attribute| plan.prior.is_none() || plan.changes(attribute), &mut warnings);
    let planned = match plan.prior.take() {
        None => plan_create(session, plan).await,
        Some(prior) => {
            plan_region(session, &prior, plan).await;
            plan_update(&prior, plan);
            plan.prior = Some(prior);
            Ok(())
        }
    };
    // After the diagnostics of the plan itself.
    plan.diagnostics.extend(warnings);
    planned
}

async fn plan_create(session: &Session, plan: &mut ResourcePlan<ImageCacheModel>) -> Outcome<()> {
    if plan.config.region.is_null()
        && let Attr::Known(region) = session.region().await?
    {
        plan.set("region", Value::from(region));
    }
    // The ID is unknown, but the key is known: consumers of the annotations may depend on their keys.
    let pinned = annotations::planned_image_cache(&Attr::Unknown).into_keys().map(|key| (key, Value::Unknown));
    if let Some(region) = plan.config.region.as_str()
        && regions::is_financial(region)
        && !session.region.has_own_domain
    {
        plan.diagnostics.push(errors::financial_region(region));
    }
    let auto = Value::map(annotations::image_cache(annotations::AUTO));
    plan.set("annotations", Value::map([("auto", auto), ("pinned", Value::map(pinned))]));
    Ok(())
}

/// A cache without `region` follows the provider's region; one that was imported from another region stays there.
async fn plan_region(session: &Session, prior: &ImageCacheModel, plan: &mut ResourcePlan<ImageCacheModel>) {
    if !plan.config.region.is_null() {
        return;
    }
    // If the provider has no region, or it is unknown, the cache stays where it is.
    let Ok(Attr::Known(region)) = session.region.get().await else { return };
    if prior.region.as_str() == Some(&region) {
        plan.private.set(private::IMPORTED_REGION, None);
    } else if private::is_imported(&plan.private) {
        plan.private.set(private::IMPORTED_REGION, prior.region.known().cloned());
    } else if plan.private.get(private::IMPORTED_REGION) != prior.region.as_str() {
        plan.set("region", region);
        plan.require_replace("region");
    }
}

fn plan_update(prior: &ImageCacheModel, plan: &mut ResourcePlan<ImageCacheModel>) {
    let status = prior.status();
    if status == Some(Status::Failed) {
        plan.set_unknown("status");
        plan.require_replace("status");
        plan.diagnostics.push(failed_warning(prior, &plan.private));
        return;
    }

    let imported = private::is_imported(&plan.private);
    let mut rebuilding = Changes { prior, planned: &plan.planned, imported }.rebuilding();
    // The API rounded this size up to that one: requesting it again would not change it.
    if let Some((requested, given)) = private::rounded_size(&plan.private)
        && plan.planned.image_cache_size == Attr::Known(requested)
        && prior.image_cache_size == Attr::Known(given)
    {
        plan.set("image_cache_size", given);
        rebuilding.retain(|attribute| *attribute != "image_cache_size");
    }

    if imported {
        plan.diagnostics.extend(other_spelling(prior, &plan.planned));
    }
    for field in CREATE_ONLY {
        if imported || !(field.changes)(prior, &plan.planned) {
            plan.update_in_place(field.attribute);
        }
    }
    if let (Attr::Known(before), Attr::Known(after)) = (&prior.image_cache_size, &plan.planned.image_cache_size)
        && after < before
        && rebuilding.contains(&"image_cache_size")
    {
        plan.diagnostics.push(shrinks(*before, *after));
    }
    let retry = status == Some(Status::UpdateFailed);
    if !rebuilding.is_empty() || retry {
        let built = COMPUTED.iter().filter(|computed| computed.is_built);
        built.for_each(|computed| plan.set_unknown(computed.attribute));
        if plan.planned.replace_on_rebuild != Attr::Known(false) {
            if rebuilding == ["rebuild_triggers"] && plan.planned.rebuild_triggers.is_unknown() {
                plan.diagnostics.push(unknown_triggers());
            }
            rebuilding.iter().for_each(|attribute| plan.require_replace(attribute));
            if retry {
                plan.require_replace("status");
            }
        }
    }
    let building = matches!(status, Some(Status::Pending | Status::Updating));
    if building && plan.planned.wait_for_ready != Attr::Known(false) {
        COMPUTED.iter().for_each(|computed| plan.set_unknown(computed.attribute));
    }
    if plan.changes("retention_days") {
        plan.set_unknown("expire_date_time");
    }
}

/// A smaller size because an image became smaller is rarely intended: the cache is built again, and the API may refuse it.
fn shrinks(before: u64, after: u64) -> Diagnostic {
    let detail = format!(
        "image_cache_size decreases from {before} to {after} GiB. The images are pulled again, the build fails if they do not \
        fit, and the API may refuse a smaller size. If the size comes from eks_pod_disk, prevent this with max({before}, ...), \
        or use a constant."
    );
    Diagnostic::warning("Image cache becomes smaller", detail).at(AttributePath::root("image_cache_size"))
}

/// The digests of a data source that is read during apply may not change: Terraform defers the read for any pending change of a
/// resource that it refers to.
fn unknown_triggers() -> Diagnostic {
    let detail = "rebuild_triggers is known only after apply, and replace_on_rebuild is set. The cache is replaced even if no trigger \
    changes. A data source such as eks_pod_disk is read during apply if it refers to a resource with pending \
    changes, or has depends_on. Apply those changes first, or let it refer to constants and variables only.";
    Diagnostic::warning("Replacement may not be necessary", detail).at(AttributePath::root("rebuild_triggers"))
}

/// An imported cache lists the configured images in another spelling. It is unknown whether it was created with that spelling
/// or the API changed it; a rebuild would be billed.
fn other_spelling(prior: &ImageCacheModel, planned: &ImageCacheModel) -> Option<Diagnostic> {
    let (Attr::Known(listed), Attr::Known(configured)) = (&prior.images, &planned.images) else { return None };
    if listed == configured || !images::same(listed, configured) {
        return None;
    }
    let others: Vec<_> = listed.difference(configured).map(|image| format!("  {image}")).collect();
    Some(
        Diagnostic::warning(
            "Image references spelled differently",
            format!(
                "The API lists images of the imported cache {} in another spelling than the configuration:\n{}\n\nThey are the \
                same images, so they are not pulled again. But Pods that match a cache by identical references \
                (use-image-cache: auto) may have to use the spelling of the API: use it in the configuration too, or change \
                rebuild_triggers after this apply to rebuild the cache with the configured names.",
                prior.id.as_str().unwrap_or_default(),
                others.join("\n"),
            ),
        )
        .at(AttributePath::root("images")),
    )
}

fn failed_warning(prior: &ImageCacheModel, private: &Private) -> Diagnostic {
    let id = prior.id.as_str().unwrap_or_default();
    let events = private.get(private::LAST_EVENTS).map(|events| format!("\n\nMost recent events:\n{events}"));
    let warnings = private.get(private::INSTANCE_WARNINGS).map(|warnings| format!("\n\n{warnings}"));
    let (events, warnings) = (events.unwrap_or_default(), warnings.unwrap_or_default());
    Diagnostic::warning(
        "Image cache failed and will be replaced",
        format!("Image cache {id} is Failed: Pods cannot use it, and it cannot be repaired.{events}{warnings}"),
    )
    .at(AttributePath::root("status"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::block::{self, ProviderConfig};
    use crate::image_cache::ImageCacheResource;
    use tencentcloud::credentials::Environment;
    use terraform_plugin::diagnostics::Diagnostics;
    use terraform_plugin::framework::conformance::{Terraform, complete};
    use terraform_plugin::framework::{self, Context};
    use terraform_plugin::value::Secret;

    /// The attributes that a build changes.
    const BUILT: [&str; 4] = ["status", "snapshot_id", "creation_time", "expire_date_time"];

    /// The effect of a change of an argument.
    enum Effect {
        /// An update in place, in which these attributes become unknown.
        InPlace(&'static [&'static str]),
        Replace,
    }

    fn credentials(version: u64) -> Value {
        let credentials =
            [("username", Value::from("ci")), ("password", "p".into()), ("name", version.to_string().into())];
        Value::map([("registry.example.com", Value::map(credentials))])
    }

    /// Each argument: its value, another value, and the effect of the change.
    fn arguments() -> Vec<(&'static str, Value, Value, Effect)> {
        use Effect::{InPlace, Replace};
        let set = |element: &str| Value::set([Value::from(element)]);
        let map = |value: &str| Value::map([("key", value)]);
        vec![
            ("images", set("nginx:1.26"), set("nginx:1.27"), InPlace(&BUILT)),
            ("image_cache_size", 20_u64.into(), 50_u64.into(), InPlace(&BUILT)),
            ("security_group_ids", set("sg-1"), set("sg-2"), InPlace(&BUILT)),
            ("image_registry_credentials", credentials(1), credentials(2), InPlace(&BUILT)),
            ("rebuild_triggers", map("1"), map("2"), InPlace(&BUILT)),
            ("name", "a".into(), "b".into(), InPlace(&[])),
            ("retention_days", 7_u64.into(), 8_u64.into(), InPlace(&["expire_date_time"])),
            ("tags", map("1"), map("2"), InPlace(&[])),
            ("wait_for_ready", true.into(), false.into(), InPlace(&[])),
            ("replace_on_rebuild", false.into(), true.into(), InPlace(&[])),
            ("timeouts", Value::Null, Value::map([("create", "5m")]), InPlace(&[])),
            ("deletion_policy", "delete".into(), "retain".into(), InPlace(&[])),
            ("vpc_id", "vpc-1".into(), "vpc-2".into(), Replace),
            ("subnet_id", "subnet-1".into(), "subnet-2".into(), Replace),
            ("region", "ap-guangzhou".into(), "ap-shanghai".into(), Replace),
            ("existed_eip_id", Value::Null, "eip-1".into(), Replace),
            ("auto_create_eip", Value::Null, Value::Map(BTreeMap::new()), Replace),
            ("registry_skip_verify_list", Value::Null, set("a.example.com"), Replace),
            ("registry_http_endpoint_list", Value::Null, set("a.example.com"), Replace),
            ("resolve_config", "nameserver 10.0.0.2".into(), "nameserver 10.0.0.3".into(), Replace),
        ]
    }

    fn session() -> Session {
        let config = ProviderConfig {
            region: "ap-guangzhou".to_owned().into(),
            secret_id: "id".to_owned().into(),
            secret_key: Secret::from("key").into(),
            ..ProviderConfig::default()
        };
        block::configure(config, Environment::default(), &mut Diagnostics::default()).unwrap()
    }

    fn with(object: &Value, name: &str, value: Value) -> Value {
        let mut object = object.as_map().unwrap().clone();
        object.insert(name.to_owned(), value);
        Value::Map(object)
    }

    #[tokio::test]
    async fn unknown_triggers_with_replace_on_rebuild_are_a_warning() {
        let known = || Value::map([("digest", "sha256:1")]);
        let images = |image: &str| Value::set([Value::from(image)]);
        for (case, replaces, triggers, image, expected) in [
            ("deferred", true, Value::Unknown, "nginx:1", 1),
            ("a part is deferred", true, Value::Map([("digest".to_owned(), Value::Unknown)].into()), "nginx:1", 1),
            ("known", true, Value::map([("digest", "sha256:2")]), "nginx:1", 0),
            ("in place", false, Value::Unknown, "nginx:1", 0),
            ("replaced anyway", true, Value::Unknown, "nginx:2", 0),
        ] {
            let context = Context { session: Arc::new(session()), stop: CancellationToken::new() };
            let resource = framework::resource(ImageCacheResource);
            let mut terraform = Terraform::new(&*resource, &context);
            let config = |triggers: Value, image: &str| {
                let config = Value::map([
                    ("images", images(image)),
                    ("vpc_id", "vpc-1".into()),
                    ("subnet_id", "subnet-1".into()),
                    ("image_cache_size", 20_u64.into()),
                    ("retention_days", 0_u64.into()),
                    ("replace_on_rebuild", replaces.into()),
                    ("rebuild_triggers", triggers),
                ]);
                complete(config, &resource.schema().ty)
            };
            let created = terraform.plan(&config(known(), "nginx:1")).await.unwrap().object.value;
            let mut state = created.clone();
            for (name, value) in created.as_map().unwrap() {
                if value.is_unknown() {
                    let value = match name.as_str() {
                        "status" => "Ready".into(),
                        "image_cache_size" | "retention_days" => 20_i64.into(),
                        _ => "computed".into(),
                    };
                    state = with(&state, name, value);
                }
            }
            let annotations = ["auto", "pinned"].map(|name| (name, Value::map([("key", "imc-1")])));
            terraform.object.value = with(&state, "annotations", Value::map(annotations));
            let planned = terraform.plan(&config(triggers, image)).await.unwrap();
            let found = planned.diagnostics.iter().filter(|one| one.summary == "Replacement may not be necessary");
            assert_eq!(found.count(), expected, "{case}");
        }
    }

    #[tokio::test]
    async fn each_change_leaves_the_rest_known() {
        let context = Context { session: Arc::new(session()), stop: CancellationToken::new() };
        let resource = framework::resource(ImageCacheResource);
        let schema = resource.schema();
        let arguments = arguments();
        for name in schema
            .block
            .attributes
            .iter()
            .filter(|(_, attribute)| attribute.behavior.required || attribute.behavior.optional)
            .map(|(name, _)| name)
        {
            assert!(arguments.iter().any(|(argument, ..)| argument == name), "{name} is not in the table");
        }

        let config = Value::map(arguments.iter().map(|(name, value, ..)| (*name, value.clone())));
        let config = complete(config, &schema.ty);
        let mut terraform = Terraform::new(&*resource, &context);
        let created = terraform.plan(&config).await.unwrap().object.value;
        let annotations = ["auto", "pinned"].map(|name| (name, Value::map([("key", "imc-1")])));
        let mut state = with(&created, "annotations", Value::map(annotations));
        for (name, value) in created.as_map().unwrap() {
            if value.is_unknown() {
                state = with(&state, name, if name == "status" { "Ready" } else { "computed" }.into());
            }
        }
        terraform.object.value = state.clone();

        for (name, _, other, effect) in arguments {
            let other = complete(with(&config, name, other), &schema.ty);
            let planned = terraform.plan(&other).await.unwrap();
            let replaced_by: Vec<_> = planned.requires_replace.iter().map(ToString::to_string).collect();
            let planned = planned.object.value.as_map().unwrap().clone();
            let changed = planned.iter().filter(|(key, value)| state.as_map().unwrap()[*key] != **value);
            let changed: Vec<_> = changed.map(|(key, _)| key.as_str()).filter(|key| *key != name).collect();
            let mut expected = match effect {
                Effect::InPlace(unknown) => {
                    assert_eq!(replaced_by, Vec::<String>::new(), "{name}");
                    unknown.to_vec()
                }
                Effect::Replace => {
                    assert_eq!(replaced_by, [name]);
                    Vec::new()
                }
            };
            assert!(changed.iter().all(|key| *key == "tags_all" || planned[*key].is_unknown()), "{name}: {changed:?}");
            expected.extend((name == "tags").then_some("tags_all"));
            expected.sort_unstable();
            assert_eq!(changed, expected, "{name}");
        }
    }
}

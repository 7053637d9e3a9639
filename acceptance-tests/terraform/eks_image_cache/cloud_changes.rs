//! Plans after changes in the cloud: builds that ended, deleted caches, drift.

use std::time::Duration;

use tencentcloud_simulator::{Event, ImageCache, Status};

use super::plan_table::BUILD;
use crate::harness::config::{CacheBlock, REGION, all, cache};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

/// Applies one cache, changes it in the cloud, and plans.
fn changed_in_the_cloud(block: &CacheBlock, change: impl FnOnce(&mut ImageCache)) -> Workspace {
    let workspace = Workspace::new();
    workspace.step(block);
    let id = workspace.cloud_cache().id;
    assert!(workspace.cloud.change_cache(REGION, &id, change));
    workspace
}

#[test]
fn failed_cache_is_replaced_and_the_plan_shows_its_events() {
    let workspace = changed_in_the_cloud(&cache(), |cache| {
        cache.status = Status::Failed;
        cache.events = vec![Event {
            kind: "Warning",
            reason: "ImagePullFailed".to_owned(),
            message: "no space left on device".to_owned(),
            time: cache.creation_time,
        }];
    });
    let old = workspace.cloud_cache().id;

    let run = workspace.plan().succeeds();
    let [warning] = &run.warnings()[..] else { panic!("{run}") };
    warning.says(&["failed and will be replaced", &old, "ImagePullFailed", "no space left on device"]);
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_ne!(workspace.cloud_cache().id, old);
    workspace.destroy();
}

#[test]
fn failed_update_is_retried_in_place() {
    let credentials = r#"{ "registry.example.com" = { username = "ci", password = "one" } }"#;
    let workspace = changed_in_the_cloud(&cache().set("image_registry_credentials", credentials), |cache| {
        cache.status = Status::UpdateFailed;
    });
    let id = workspace.cloud_cache().id;

    workspace.step(cache().set("image_registry_credentials", credentials));
    let cache = workspace.cloud_cache();
    assert_eq!((cache.id, cache.status, cache.builds), (id, Status::Ready, 2));
    let [sent] = &workspace.sent("UpdateImageCache")[..] else { panic!() };
    assert_eq!(sent["ImageRegistryCredentials"][0]["Password"], "one", "the pull needs them again");
    workspace.destroy();
}

#[test]
fn failed_update_is_replaced_with_replace_on_rebuild() {
    let block = cache().set("replace_on_rebuild", "true");
    let workspace = changed_in_the_cloud(&block, |cache| cache.status = Status::UpdateFailed);
    let old = workspace.cloud_cache().id;
    workspace.step(block);
    assert_ne!(workspace.cloud_cache().id, old);
    workspace.destroy();
}

#[test]
fn deleted_cache_is_created_again() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let old = workspace.cloud_cache().id;
    assert!(workspace.cloud.delete_cache(REGION, &old));
    workspace.step(cache());
    assert_ne!(workspace.cloud_cache().id, old);
    workspace.destroy();
}

#[test]
fn expired_cache_is_created_again() {
    let workspace = Workspace::new();
    workspace.step(cache().set("retention_days", "1"));
    let old = workspace.cloud_cache().id;
    workspace.cloud.clock().advance(Duration::from_secs(24 * 3600));
    assert_eq!(workspace.cloud.caches(REGION), []);
    workspace.step(cache().set("retention_days", "1"));
    assert_ne!(workspace.cloud_cache().id, old);
    workspace.destroy();
}

#[test]
fn drift_is_corrected_in_place() {
    type Change = fn(&mut ImageCache);
    let build = [BUILD, &["Tags"]].concat();
    let drifts: [(&str, Change, &[&str]); 6] = [
        ("images", |cache| cache.images = vec!["busybox:1".to_owned()], &build),
        ("image_cache_size", |cache| cache.image_cache_size = 40, &build),
        ("name", |cache| cache.name = "renamed".to_owned(), &["ImageCacheName"]),
        ("retention_days", |cache| cache.retention_days = 1, &["RetentionDays"]),
        ("tags", |cache| drop(cache.tags.insert("team".to_owned(), "web".to_owned())), &["Tags"]),
        ("tags", |cache| cache.tags.clear(), &["Tags"]),
    ];
    let block = |i: usize| {
        CacheBlock::labelled(format!("drift_{i}"))
            .set("name", format!("\"drift-{i}\""))
            .set("image_cache_size", "50")
            .set("retention_days", "30")
            .set("tags", r#"{ team = "ml" }"#)
    };
    let workspace = Workspace::new();
    let config = all((0..drifts.len()).map(block));
    workspace.step(&config);
    let state = workspace.state();
    let address = |i: usize| format!("eks_image_cache.drift_{i}");
    for (i, (_, change, _)) in drifts.iter().enumerate() {
        assert!(workspace.cloud.change_cache(REGION, state.id(&address(i)), change));
    }

    let plan = workspace.planned(&config);
    for (i, (attribute, ..)) in drifts.iter().enumerate() {
        let change = plan.change(&address(i));
        assert_eq!(change.actions(), ["update"], "{attribute}");
        assert_ne!(change.before(attribute), change.after(attribute), "{attribute}");
    }
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    let sent = workspace.sent("UpdateImageCache");
    for (i, (attribute, _, fields)) in drifts.iter().enumerate() {
        let sent: Vec<_> = sent.iter().filter(|body| body["ImageCacheId"] == state.id(&address(i))).collect();
        let [body] = sent[..] else { panic!("{attribute}: {sent:?}") };
        let keys: Vec<_> = body.as_object().unwrap().keys().filter(|key| *key != "ImageCacheId").collect();
        assert_eq!(keys, *fields, "{attribute}");
    }
    workspace.destroy();
}

#[test]
fn build_keeps_changes_between_plan_and_apply() {
    let block = cache().set("name", r#""web""#).set("retention_days", "7").set("tags", r#"{ team = "ml" }"#);
    for ignored in ["[]", "[name, retention_days, tags]"] {
        let workspace = Workspace::new();
        let block = block.clone().block(&format!("lifecycle {{\n    ignore_changes = {ignored}\n  }}"));
        workspace.step(&block);
        let built = block.clone().set("rebuild_triggers", r#"{ day = "2" }"#);
        workspace.planned(&built);
        let id = workspace.cloud_cache().id;
        assert!(workspace.cloud.change_cache(REGION, &id, |cache| {
            cache.name = "console".to_owned();
            cache.retention_days = 30;
            cache.tags = [("owner".to_owned(), "ops".to_owned())].into();
        }));
        let changed = workspace.cloud_cache();
        workspace.apply_planned().succeeds();
        let after = workspace.cloud_cache();
        assert_eq!(after.builds, changed.builds + 1);
        let kept = |cache: &ImageCache| (cache.name.clone(), cache.retention_days, cache.tags.clone());
        assert_eq!(kept(&after), kept(&changed), "{ignored}");

        // The next apply corrects the attributes that are not ignored.
        workspace.step(&built);
        assert_eq!(workspace.cloud_cache().name, if ignored == "[]" { "web" } else { "console" });
        workspace.destroy();
    }
}

#[test]
fn unconfigured_attributes_may_drift() {
    let workspace = changed_in_the_cloud(&cache(), |cache| {
        cache.name = "renamed".to_owned();
        cache.image_cache_size = 60;
        cache.retention_days = 9;
    });
    workspace.step(cache());
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0);
    let state = workspace.state();
    assert_eq!(state.text(TEST, "name"), "renamed");
    assert_eq!(state.attributes(TEST)["image_cache_size"], 60);
    workspace.destroy();
}

#[test]
fn other_spelling_of_the_same_image_is_not_drift() {
    let workspace = changed_in_the_cloud(&cache(), |cache| {
        cache.images = vec!["docker.io/library/nginx:1.27".to_owned()];
    });
    workspace.plan_is_empty();
    workspace.destroy();
}

#[test]
fn cache_outside_the_callers_policy_appears_deleted() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let id = workspace.cloud_cache().id;
    assert!(workspace.cloud.hide_cache(REGION, &id));
    // As documented in the guide on permissions, the list is filtered and succeeds.
    let plan = workspace.planned(cache());
    assert_eq!(plan.change(TEST).actions(), ["create"]);
    assert!(workspace.cloud.delete_cache(REGION, &id));
}

//! Caches that are retained after a destroy, and decreasing sizes.

use crate::harness::config::{CacheBlock, REGION, cache};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

fn retained() -> CacheBlock {
    cache().set("deletion_policy", "\"retain\"")
}

#[test]
fn policy_changes_in_place_without_a_write() {
    let workspace = Workspace::new();
    workspace.step(cache());
    for block in [retained(), cache().set("deletion_policy", "\"delete\""), retained(), cache()] {
        let plan = workspace.planned(&block);
        assert_eq!(plan.change(TEST).actions(), ["update"]);
        assert_eq!(plan.change(TEST).unknown(), [""; 0]);
        workspace.cloud.clear_requests();
        workspace.apply_planned().succeeds();
        let calls: Vec<_> = workspace.cloud.requests().into_iter().map(|request| request.action).collect();
        assert!(calls.is_empty(), "{calls:?}");
        workspace.plan_is_empty();
    }
    workspace.destroy();
}

#[test]
fn retained_cache_survives_destroy_and_replacement() {
    let workspace = Workspace::new();
    workspace.step(retained());
    let first = workspace.cloud_cache().id;
    let run = workspace.step(retained().set("subnet_id", "\"subnet-other\""));
    let warnings = run.warnings();
    let [warning] = &warnings[..] else { panic!("{run}") };
    warning.says(&["Image cache retained", &first, &format!("terraform import <address> {REGION}/{first}"), "billed"]);

    let second = workspace.state().text(TEST, "id").to_owned();
    let run = workspace.destroy();
    assert!(run.warnings().iter().any(|warning| warning.detail.contains(&second)), "{run}");
    assert_eq!(workspace.cloud.count("DeleteImageCaches"), 0);

    // The printed command works, and the configured policy takes effect with the next apply.
    workspace.write(cache());
    workspace.run(&["import", TEST, &format!("{REGION}/{first}")]).succeeds();
    workspace.apply().succeeds();
    workspace.destroy();
    assert!(workspace.cloud.delete_cache(REGION, &second));
    assert_eq!(workspace.cloud.caches(REGION).len(), 0);
}

#[test]
fn decreasing_size_is_a_warning_of_the_plan() {
    let workspace = Workspace::new();
    workspace.step(cache().set("image_cache_size", "60"));
    workspace.write(cache().set("image_cache_size", "40"));
    let warnings = workspace.plan().succeeds().warnings();
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    warning.says(&["Image cache becomes smaller", "from 60 to 40 GiB", "max(60, ...)"]);
    workspace.write(cache().set("image_cache_size", "80"));
    assert_eq!(workspace.plan().succeeds().warnings().len(), 0);
    workspace.destroy();
}

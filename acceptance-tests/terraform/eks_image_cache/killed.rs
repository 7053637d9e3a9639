//! Killed runs that did not save a cache: the next run warns of it.

use std::process::Command;
use std::time::Duration;

use tencentcloud_simulator::{Fault, Settings};

use crate::harness::config::{CacheBlock, REGION, all, cache};
use crate::harness::run::Run;
use crate::harness::workspace::Workspace;

const SUMMARY: &str = "Similar image cache exists";

/// The warnings about a cache that an earlier run left.
fn warnings(run: &Run) -> Vec<String> {
    run.warnings().into_iter().filter(|warning| warning.summary == SUMMARY).map(|warning| warning.detail).collect()
}

/// A workspace whose builds take long enough to kill a run during its wait.
fn slow_builds() -> Workspace {
    Workspace::with(Settings { build_time: Duration::from_secs(3), ..Settings::default() })
}

/// Applies `block`, and kills Terraform and the provider with SIGKILL while they wait for the cache. Returns its ID.
fn killed(workspace: &Workspace, block: &CacheBlock) -> String {
    workspace.write(block);
    let mut running = workspace.start_apply();
    // At the second poll, the wait has begun.
    workspace.wait_for_requests("CreateImageCache", 1);
    workspace.wait_for_requests("DescribeImageCaches", 2);
    let group = format!("-{}", running.process_id());
    assert!(!running.has_ended());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    running.wait().fails();
    assert!(workspace.state().is_empty());
    // A killed Terraform leaves its state locked.
    let _ = std::fs::remove_file(workspace.path(".terraform.tfstate.lock.info"));
    workspace.cloud_cache().id
}

#[test]
fn killed_run_leaves_a_cache_and_the_next_one_warns() {
    for block in [cache().set("name", "\"llm\""), cache().set("tags", r#"{ team = "ml" }"#)] {
        let workspace = slow_builds();
        let left = killed(&workspace, &block);
        let run = workspace.apply().succeeds();
        let [warning] = &warnings(&run)[..] else { panic!("{run}") };
        for part in [&left, "status ", "created ", &format!("terraform import <address> {REGION}/{left}"), "killed"] {
            assert!(warning.contains(part), "no {part:?} in {warning}");
        }
        assert_eq!(workspace.cloud.caches(REGION).len(), 2);
        workspace.plan_is_empty();

        // The printed command, with the address of a resource without an object.
        let new = workspace.state().text("eks_image_cache.test", "id").to_owned();
        workspace.run(&["state", "rm", "eks_image_cache.test"]).succeeds();
        workspace.run(&["import", "eks_image_cache.test", &format!("{REGION}/{left}")]).succeeds();
        workspace.cloud.delete_cache(REGION, &new);
        workspace.apply().succeeds();
        workspace.plan_is_empty();
        workspace.destroy();
    }
}

#[test]
fn other_caches_are_not_reported() {
    let workspace = Workspace::new();
    // Two resources with the same name, and two without a name.
    let two = |name: &str| {
        let block = |label: &str| match name {
            "" => CacheBlock::labelled(label),
            name => CacheBlock::labelled(label).set("name", format!("{name:?}")),
        };
        all([block("a"), block("b")])
    };
    for name in ["llm", ""] {
        assert_eq!(warnings(&workspace.step(two(name))), [""; 0]);
        workspace.destroy();
    }

    // A replacement under the same name.
    let generation = |image: &str| {
        let block = cache().set("name", "\"llm\"").set("replace_on_rebuild", "true");
        block.set("images", format!("[{image:?}]")).block("lifecycle {\n    create_before_destroy = true\n  }")
    };
    workspace.step(generation("nginx:1.27"));
    let run = workspace.step(generation("nginx:1.28"));
    assert_eq!(warnings(&run), [""; 0]);
    assert_eq!(workspace.cloud_cache().images, ["nginx:1.28"]);
    workspace.destroy();
}

#[test]
fn failed_listing_gives_no_warning() {
    let workspace = slow_builds();
    let left = killed(&workspace, &cache());
    workspace.cloud.finish_build(REGION, &left);
    let denied = Fault::AuthFailure.when(|request| {
        request.action == "DescribeImageCaches"
            && request.body.get("ImageCacheNames").is_none()
            && request.body.get("ImageCacheIds").is_none()
    });
    workspace.cloud.inject(denied);
    let run = workspace.apply().succeeds();
    assert_eq!(warnings(&run), [""; 0]);
    workspace.cloud.clear_faults();
    workspace.cloud.delete_cache(REGION, &left);
    workspace.destroy();
}

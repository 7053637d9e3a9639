//! `terraform query` with the list resource `eks_image_cache`.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use tencentcloud_simulator::{Fault, ImageCache, Status};

use crate::harness::cli::Cli;
use crate::harness::config::REGION;
use crate::harness::features::Feature;
use crate::harness::plan::Plan;
use crate::harness::run::Run;
use crate::harness::workspace::Workspace;

/// Terraform's default limit of a list block.
const DEFAULT_LIMIT: usize = 100;

/// More caches than [`DEFAULT_LIMIT`].
const MANY: usize = DEFAULT_LIMIT + 20;

/// A workspace with a list block with these arguments, and `count` caches in the cloud.
fn workspace(count: usize, arguments: &str) -> Workspace {
    let workspace = Workspace::new();
    let now = workspace.cloud.clock().now();
    for index in 0..count {
        workspace.cloud.insert_cache(REGION, ImageCache::ready(&format!("cache-{index}"), &["nginx:1.27"], now));
    }
    let list = format!("list \"eks_image_cache\" \"all\" {{\n  provider = eks\n{arguments}\n}}\n");
    fs::write(workspace.path("all.tfquery.hcl"), list).unwrap();
    workspace
}

fn empty_the_cloud(workspace: &Workspace) {
    for cache in workspace.cloud.caches(REGION) {
        workspace.cloud.delete_cache(REGION, &cache.id);
    }
}

/// What a query with `-json` found.
fn found(run: &Run) -> Vec<Value> {
    run.messages()
        .filter(|message| message["type"] == "list_resource_found")
        .map(|found| found["list_resource_found"].clone())
        .collect()
}

#[test]
fn query_finds_caches_by_name_and_status() {
    if Cli::get().skips(Feature::Query) {
        return;
    }
    let workspace = workspace(3, "  include_resource = true\n  config {\n    status = \"Failed\"\n  }");
    let [failed, ..] = &workspace.cloud.caches(REGION)[..] else { panic!() };
    workspace.cloud.change_cache(REGION, &failed.id, |cache| cache.status = Status::Failed);

    let run = workspace.run(&["query", "-json"]).succeeds();
    let [one] = &found(&run)[..] else { panic!("{run}") };
    assert_eq!(one["display_name"], failed.name.as_str());
    assert_eq!(one["identity"], serde_json::json!({ "region": REGION, "id": failed.id }));
    assert_eq!(one["resource_object"]["status"], "Failed", "{one:#}");
    let run = workspace.run(&["query", "-no-color"]).succeeds();
    assert!(run.stdout.contains(&format!("id={},region={REGION}", failed.id)), "{run}");
    empty_the_cloud(&workspace);
}

#[test]
fn query_without_limit_stops_at_terraforms_default() {
    if Cli::get().skips(Feature::Query) {
        return;
    }
    for (arguments, expected) in [("", DEFAULT_LIMIT), ("  limit = 2", 2), ("  limit = 1000", MANY)] {
        let workspace = workspace(MANY, arguments);
        let run = workspace.run(&["query", "-json"]).succeeds();
        let ids: BTreeSet<_> = found(&run).iter().map(|found| found["identity"]["id"].to_string()).collect();
        assert_eq!(ids.len(), expected, "{arguments:?}");
        empty_the_cloud(&workspace);
    }
}

/// Terraform lists the received pages; without the error, its exit code would indicate a complete list.
#[test]
fn query_interrupted_is_an_error() {
    if Cli::get().skips(Feature::Query) {
        return;
    }
    let workspace = workspace(MANY, "  limit = 1000");
    workspace.cloud.inject(Fault::Delay(Duration::from_secs(600)).on("DescribeImageCaches").after(1));
    let query = workspace.start(&["query", "-no-color", "-generate-config-out=generated.tf"]);
    workspace.wait_for_requests("DescribeImageCaches", 2);
    query.interrupt();
    let run = query.wait().fails();
    let error = run.unwrapped_stderr();
    for part in ["Listing interrupted", "image caches in ap-guangzhou", "50 were listed"] {
        assert!(error.contains(part), "no {part:?} in {run}");
    }
    assert!(!workspace.path("generated.tf").exists(), "{run}");
    workspace.cloud.clear_faults();
    empty_the_cloud(&workspace);
}

#[test]
fn query_generates_configuration_that_imports() {
    if Cli::get().skips(Feature::Query) {
        return;
    }
    let workspace = workspace(2, "");
    workspace.run(&["query", "-generate-config-out=generated.tf"]).succeeds();
    let path = workspace.path("generated.tf");
    let mut generated = fs::read_to_string(&path).unwrap();
    // The API does not return the network.
    for name in ["vpc_id", "subnet_id"] {
        let nulls: BTreeSet<_> = generated.lines().filter(|line| line.trim_start().starts_with(name)).collect();
        let [null] = nulls.into_iter().map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
        generated = generated.replace(&null, &format!("  {name} = \"{name}-1\""));
    }
    fs::write(path, generated).unwrap();

    workspace.plan().succeeds();
    let plan = Plan(workspace.run(&["show", "-json", "plan"]).succeeds().json());
    for label in ["all_0", "all_1"] {
        assert_eq!(plan.change(&format!("eks_image_cache.{label}")).actions(), ["update"]);
    }
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0, "nothing differs");
    workspace.destroy();
}

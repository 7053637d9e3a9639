//! `terraform plan -generate-config-out` for an existing cache.

use std::fs;

use tencentcloud_simulator::ImageCache;

use crate::harness::cli::Cli;
use crate::harness::config::REGION;
use crate::harness::features::Feature;
use crate::harness::plan::Plan;
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

#[test]
fn generated_configuration_with_network_has_an_empty_plan() {
    if Cli::get().skips(Feature::GeneratedConfig) {
        return;
    }
    let workspace = Workspace::new();
    let mut cache = ImageCache::ready("by-hand", &["nginx:1.27"], workspace.cloud.clock().now());
    cache.image_cache_size = 50;
    cache.retention_days = 7;
    cache.tags = [("team".to_owned(), "ml".to_owned())].into();
    let id = workspace.cloud.insert_cache(REGION, cache);
    let import = |provider: &str| format!("import {{\n  to = {TEST}\n  id = {id:?}\n{provider}}}\n");
    // Terraform 1.16.0 to 1.16.2 generate only for a block that names the provider, as the guide on importing says.
    let cli = Cli::get();
    let provider = if !cli.is_opentofu && cli.version >= (1, 16) { "  provider = eks\n" } else { "" };
    workspace.write(import(provider));

    // The API does not return the network: Terraform writes the file, then reports the missing arguments.
    let run = workspace.run(&["plan", "-input=false", "-json", "-generate-config-out=generated.tf"]).fails();
    let errors = run.diagnostics().into_iter().filter(|diagnostic| diagnostic.severity == "error");
    let mut missing: Vec<_> = errors.map(|error| error.detail.split(' ').next().unwrap().to_owned()).collect();
    missing.sort();
    assert_eq!(missing, ["subnet_id", "vpc_id"], "{run}");

    let path = workspace.path("generated.tf");
    let generated = fs::read_to_string(&path).unwrap();
    let filled = ["vpc_id", "subnet_id"].iter().fold(generated, |text, name| {
        let line = |line: &&str| line.split_whitespace().next() == Some(name);
        let line = text.lines().find(line).unwrap_or_else(|| panic!("no {name} in {text}")).to_owned();
        text.replace(&line, &format!("  {name} = \"{name}-1\""))
    });
    fs::write(path, filled).unwrap();
    workspace.write(import(""));

    workspace.plan().succeeds();
    let plan = Plan(workspace.run(&["show", "-json", "plan"]).succeeds().json());
    assert_eq!((plan.change(TEST).actions(), plan.change(TEST).unknown()), (vec!["update"], vec![]));
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0, "nothing differs");
    assert_eq!(workspace.state().id(TEST), id);
    workspace.destroy();
}

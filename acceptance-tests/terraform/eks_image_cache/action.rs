//! The action `eks_image_cache_rebuild`, invoked by a command and by a trigger.

use std::time::Duration;

use tencentcloud_simulator::{Behavior, Settings, Status};

use crate::harness::cli::Cli;
use crate::harness::config::{REGION, cache};
use crate::harness::features::Feature;
use crate::harness::run::{Run, Running};
use crate::harness::workspace::Workspace;

/// The cache, an action on it, and a digest that triggers the action when it changes.
fn config(digest: &str) -> String {
    format!(
        r#"{}
action "eks_image_cache_rebuild" "test" {{
  config {{
    image_cache_id = eks_image_cache.test.id
  }}
}}

resource "terraform_data" "digest" {{
  input = {digest:?}

  lifecycle {{
    action_trigger {{
      events  = [after_update]
      actions = [action.eks_image_cache_rebuild.test]
    }}
  }}
}}
"#,
        cache()
    )
}

fn invoke(workspace: &Workspace) -> Running {
    workspace.start(&["apply", "-auto-approve", "-input=false", "-json", "-invoke=action.eks_image_cache_rebuild.test"])
}

/// The progress messages of the action.
fn progress(run: &Run) -> Vec<String> {
    let messages = run.messages().filter(|message| message["type"] == "action_progress");
    messages.map(|message| message["hook"]["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn invoked_action_rebuilds_in_place() {
    if Cli::get().skips(Feature::Actions) {
        return;
    }
    let workspace = Workspace::new();
    workspace.step(config("a"));
    let before = workspace.cloud_cache();
    assert_eq!(before.builds, 1, "no trigger on create");

    let run = invoke(&workspace).wait().succeeds();
    let after = workspace.cloud_cache();
    assert_eq!((after.id, after.status, after.builds), (before.id.clone(), Status::Ready, 2));
    let progress = progress(&run);
    assert!(progress.iter().all(|message| message.contains(&before.id)), "{progress:?}");
    assert!(progress.iter().any(|message| message.contains("Updating")), "{progress:?}");
    assert!(progress.last().unwrap().contains("Ready"), "{progress:?}");
    workspace.plan_is_empty();
    workspace.destroy();
}

/// A cloud with this behavior variant.
fn cloud_with(name: &str, variant: &str) -> Workspace {
    let behavior = Behavior::default().with(name, variant).unwrap();
    Workspace::with(Settings { behavior, build_time: Duration::from_millis(200), ..Settings::default() })
}

#[test]
fn rebuild_keeps_fields_that_omission_resets() {
    if Cli::get().skips(Feature::Actions) {
        return;
    }
    let workspace = cloud_with("omitted_fields", "reset to the default");
    let arguments =
        [("name", r#""web""#), ("image_cache_size", "60"), ("retention_days", "7"), ("tags", r#"{ team = "ml" }"#)];
    let block = arguments.into_iter().fold(cache(), |block, (name, value)| block.set(name, value));
    let config = config("a").replace(&cache().to_string(), &block.to_string());
    workspace.step(&config);
    let before = workspace.cloud_cache();
    let run = invoke(&workspace).wait().succeeds();
    assert_eq!(run.diagnostics().len(), 0, "{run}");
    let after = workspace.cloud_cache();
    assert_eq!(after.builds, before.builds + 1);
    assert_eq!(
        (after.name.as_str(), after.image_cache_size, after.retention_days, &after.tags),
        ("web", 60, 7, &before.tags)
    );
    workspace.plan_is_empty();
    workspace.destroy();
}

#[test]
fn rebuild_without_effect_is_a_warning() {
    if Cli::get().skips(Feature::Actions) {
        return;
    }
    let workspace = cloud_with("unchanged_update", "does nothing");
    workspace.step(config("a"));
    let run = invoke(&workspace).wait().succeeds();
    let [warning] = &run.warnings()[..] else { panic!("{run}") };
    warning.says(&["Image pull cannot be verified", &workspace.cloud_cache().id]);
    assert_eq!(workspace.cloud_cache().builds, 1);
    workspace.destroy();
}

#[test]
fn action_without_wait_returns_at_once() {
    if Cli::get().skips(Feature::Actions) {
        return;
    }
    let workspace = Workspace::new();
    workspace.step(config("a"));
    workspace.write(config("a").replace("    image_cache_id", "    wait = false\n    image_cache_id"));
    let reads = workspace.cloud.count("DescribeImageCaches");
    invoke(&workspace).wait().succeeds();
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 1);
    assert!(workspace.cloud.count("DescribeImageCaches") <= reads + 4, "refresh, and the cache before it is rebuilt");
    let id = workspace.cloud_cache().id;
    workspace.cloud.finish_build(REGION, &id);
    workspace.destroy();
}

#[test]
fn changed_digest_triggers_the_action() {
    if Cli::get().skips(Feature::Actions) {
        return;
    }
    let workspace = Workspace::new();
    workspace.step(config("a"));
    workspace.write(config("b"));
    let plan = workspace.run(&["plan", "-input=false", "-no-color"]).succeeds();
    assert!(plan.stdout.contains("Actions: 1 to invoke"), "{plan}");
    workspace.step(config("b"));
    assert_eq!(workspace.cloud_cache().builds, 2);
    workspace.step(config("b"));
    assert_eq!(workspace.cloud_cache().builds, 2, "the digest is the same");
    workspace.destroy();
}

#[test]
fn failed_action_is_explained_and_not_planned_again() {
    if Cli::get().skips(Feature::Actions) {
        return;
    }
    let workspace = Workspace::new();
    workspace.step(config("a"));
    let id = workspace.cloud_cache().id;
    workspace.cloud.make_unpullable("nginx:1.27");
    workspace.write(config("b"));
    let run = workspace.apply().fails();
    run.error().says(&[&id, REGION, "UpdateFailed"]);
    workspace.cloud.fail_builds(|_| None);

    // The digest is stored before the action runs. The planned update is due to the resource's status.
    let plan = workspace.run(&["plan", "-input=false", "-no-color"]).succeeds();
    assert!(!plan.stdout.contains("to invoke"), "{plan}");
    invoke(&workspace).wait().succeeds();
    assert_eq!(workspace.cloud_cache().status, Status::Ready);
    workspace.apply().succeeds();
    workspace.plan_is_empty();
    workspace.destroy();
}

#[test]
fn interrupted_action_does_not_stop_the_build() {
    if Cli::get().skips(Feature::Actions) {
        return;
    }
    let workspace = Workspace::with_endless_builds();
    workspace.write(config("a"));
    let apply = workspace.start_apply();
    let id = workspace.wait_for_cache();
    workspace.cloud.finish_build(REGION, &id);
    apply.wait().succeeds();

    let running = invoke(&workspace);
    workspace.wait_for_requests("UpdateImageCache", 1);
    // Waits until the status has been reported: Terraform 1.14 and 1.15 crash on a second event after the interrupt, even
    // if it was sent before.
    let polls = workspace.cloud.count("DescribeImageCaches");
    workspace.wait_for_requests("DescribeImageCaches", polls + 3);
    running.interrupt();
    let run = running.wait();
    assert_ne!(run.exit_code(), Some(11), "a crash of Terraform: {run}");
    let found = run.diagnostics();
    assert!(found.iter().any(|diagnostic| diagnostic.detail.contains(&id)), "{run}");
    assert_eq!(workspace.cloud_cache().status, Status::Updating);
    workspace.cloud.finish_build(REGION, &id);
    workspace.destroy();
}

//! Waits for builds: `wait_for_ready`, timeouts, interrupts, and continued waits.

use std::fmt::Display;
use std::time::Duration;

use tencentcloud_simulator::behavior::Delete;
use tencentcloud_simulator::{Behavior, Fault, Settings, Status};

use crate::harness::config::{REGION, cache};
use crate::harness::run::{Running, wait_until};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

#[test]
fn interrupted_create_is_saved_untainted_and_the_next_apply_waits() {
    let workspace = Workspace::with_endless_builds();
    workspace.write(cache());
    let apply = workspace.start_apply();
    workspace.wait_for_requests("DescribeImageCaches", 2);
    apply.interrupt();
    let run = apply.wait();
    let [warning] = &run.warnings()[..] else { panic!("{run}") };
    let id = workspace.cloud_cache().id;
    warning.says(&["Stopped waiting", &id, "not complete", "its status is Pending", "not tainted"]);
    let state = workspace.state();
    assert!(!state.is_tainted(TEST));
    assert_eq!((state.id(TEST), state.text(TEST, "status")), (id.as_str(), "Pending"));

    // The plan continues the wait in place, and its results are unknown.
    let plan = workspace.planned(cache());
    assert_eq!(plan.change(TEST).actions(), ["update"]);
    assert!(plan.change(TEST).unknown().contains(&"status"));
    let seen = workspace.cloud.count("DescribeImageCaches");
    let apply = workspace.start_apply();
    workspace.wait_for_requests("DescribeImageCaches", seen + 2);
    assert!(workspace.cloud.finish_build(REGION, &id));
    apply.wait().succeeds();
    workspace.plan_is_empty();

    assert_eq!(workspace.state().text(TEST, "status"), "Ready");
    assert_eq!((workspace.cloud.count("CreateImageCache"), workspace.cloud.count("UpdateImageCache")), (1, 0));
    workspace.destroy();
}

#[test]
fn interrupted_update_saves_the_sent_values() {
    let workspace = Workspace::with_endless_builds();
    workspace.write(cache());
    let apply = workspace.start_apply();
    let id = workspace.wait_for_cache();
    workspace.cloud.finish_build(REGION, &id);
    apply.wait().succeeds();

    let changed = cache().set("images", r#"["nginx:1.28"]"#);
    workspace.write(&changed);
    let apply = workspace.start_apply();
    workspace.wait_for_requests("UpdateImageCache", 1);
    apply.interrupt();
    apply.wait();
    let state = workspace.state();
    assert_eq!(state.text(TEST, "status"), "Updating");
    assert_eq!(state.attributes(TEST)["images"][0], "nginx:1.28");

    workspace.cloud.finish_build(REGION, &id);
    workspace.step(changed);
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 1, "sent once");
    workspace.destroy();
}

#[test]
fn timeout_names_the_status_and_untaint_continues_the_wait() {
    let workspace = Workspace::with_endless_builds();
    let block = cache().block("timeouts {\n    create = \"300ms\"\n  }");
    workspace.write(&block);
    let run = workspace.apply().fails();
    let id = workspace.cloud_cache().id;
    let error = run.error();
    error.says(&["Image cache not Ready", &id, REGION, "after 300ms", "its status is Pending", "terraform untaint"]);
    assert!(error.code().contains("300ms"), "points at timeouts.create, not {:?}", error.code());
    assert!(workspace.state().is_tainted(TEST));

    workspace.run(&["untaint", TEST]).succeeds();
    workspace.cloud.finish_build(REGION, &id);
    workspace.step(block);
    assert_eq!((workspace.cloud_cache().id, workspace.cloud.count("CreateImageCache")), (id, 1));
    workspace.destroy();
}

#[test]
fn apply_without_wait_for_ready_returns_at_once() {
    let workspace = Workspace::with_endless_builds();
    workspace.step(cache().set("wait_for_ready", "false"));
    assert_eq!(workspace.state().text(TEST, "status"), "Pending");
    assert_eq!(workspace.cloud_cache().status, Status::Pending);

    // A cache can be destroyed during its build.
    workspace.destroy();
}

/// A cache with an endless build, its ID, and an apply of `config` that waits for it.
fn apply_during_a_build(config: impl Display) -> (Workspace, String, Running) {
    let workspace = Workspace::with_endless_builds();
    workspace.step(cache().set("wait_for_ready", "false"));
    let id = workspace.cloud_cache().id;
    let seen = workspace.cloud.count("DescribeImageCaches");
    workspace.write(config);
    let apply = workspace.start_apply();
    workspace.wait_for_requests("DescribeImageCaches", seen + 3);
    (workspace, id, apply)
}

#[test]
fn wait_for_ready_can_be_set_later() {
    let (workspace, id, apply) = apply_during_a_build(cache());
    workspace.cloud.finish_build(REGION, &id);
    apply.wait().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.state().text(TEST, "status"), "Ready");
    workspace.destroy();
}

#[test]
fn change_during_a_build_is_sent_afterwards() {
    let changed = cache().set("images", r#"["nginx:1.28"]"#);
    let (workspace, id, apply) = apply_during_a_build(&changed);
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0, "the API may refuse or lose a change during a build");
    workspace.cloud.finish_build(REGION, &id);
    workspace.wait_for_requests("UpdateImageCache", 1);
    wait_until("the second build", || workspace.cloud.finish_build(REGION, &id));
    apply.wait().succeeds();
    workspace.plan_is_empty();
    assert_eq!((workspace.cloud_cache().images, workspace.cloud_cache().builds), (vec!["nginx:1.28".to_owned()], 2));
    workspace.destroy();
}

#[test]
fn interrupt_before_an_update_is_sent_is_an_error() {
    let changed = cache().set("images", r#"["nginx:1.28"]"#);
    let (workspace, id, apply) = apply_during_a_build(&changed);
    apply.interrupt();
    let run = apply.wait().fails();
    run.error_of_interrupted_run().says(&["Image cache not updated", &id, REGION, "was not sent. Apply again."]);
    assert_eq!(workspace.cloud.count("UpdateImageCache"), 0);
    assert_eq!(workspace.state().attributes(TEST)["images"][0], "nginx:1.27");

    workspace.cloud.finish_build(REGION, &id);
    let apply = workspace.start_apply();
    workspace.wait_for_requests("UpdateImageCache", 1);
    wait_until("the second build", || workspace.cloud.finish_build(REGION, &id));
    apply.wait().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.cloud_cache().images, ["nginx:1.28"]);
    workspace.destroy();
}

#[test]
fn interrupt_ends_a_refresh() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let seen = workspace.cloud.count("DescribeImageCaches");
    workspace.cloud.inject(Fault::Delay(Duration::from_secs(3600)).on("DescribeImageCaches").times(1));
    let plan = workspace.start(&["plan", "-input=false", "-json"]);
    workspace.wait_for_requests("DescribeImageCaches", seen + 1);
    plan.interrupt();
    plan.wait().error_of_interrupted_run().says(&["Interrupted", "run the command again"]);
    workspace.destroy();
}

/// A cloud in which a deleted cache stays listed until the test advances the clock.
fn with_lingering_deletions() -> Workspace {
    let behavior = Behavior { delete: Delete::Lingers, ..Behavior::default() };
    let lag = Duration::from_secs(7 * 24 * 3600);
    Workspace::with(Settings { build_time: Duration::ZERO, lag, behavior, ..Settings::default() })
}

#[test]
fn destroy_waits_until_the_cache_is_not_listed() {
    let workspace = with_lingering_deletions();
    workspace.step(cache());
    let destroy = workspace.start(&["destroy", "-auto-approve", "-input=false", "-json"]);
    workspace.wait_for_requests("DeleteImageCaches", 1);
    let seen = workspace.cloud.count("DescribeImageCaches");
    workspace.wait_for_requests("DescribeImageCaches", seen + 2);
    assert_eq!(workspace.cloud_cache().id, workspace.state().id(TEST), "kept in the state while it exists");
    workspace.cloud.clock().advance(Duration::from_secs(8 * 24 * 3600));
    destroy.wait().succeeds();
    assert!(workspace.state().is_empty());
}

#[test]
fn interrupted_deletion_keeps_the_state() {
    let workspace = with_lingering_deletions();
    workspace.step(cache());
    let destroy = workspace.start(&["destroy", "-auto-approve", "-input=false", "-json"]);
    workspace.wait_for_requests("DeleteImageCaches", 1);
    let seen = workspace.cloud.count("DescribeImageCaches");
    workspace.wait_for_requests("DescribeImageCaches", seen + 1);
    destroy.interrupt();
    let id = workspace.cloud_cache().id;
    destroy.wait().error_of_interrupted_run().says(&["not deleted yet", &id, "the wait was stopped"]);
    assert_eq!(workspace.state().id(TEST), id);

    workspace.cloud.clock().advance(Duration::from_secs(8 * 24 * 3600));
    workspace.destroy();
}

#[test]
fn deletion_timeout_keeps_the_state() {
    let workspace = with_lingering_deletions();
    workspace.step(cache().block("timeouts {\n    delete = \"300ms\"\n  }"));
    let run = workspace.run(&["destroy", "-auto-approve", "-input=false", "-json"]).fails();
    let id = workspace.cloud_cache().id;
    run.error().says(&["not deleted yet", &id, "still exists after 300ms", "timeouts.delete"]);
    assert_eq!(workspace.state().id(TEST), id);

    workspace.run(&["apply", "-auto-approve", "-input=false", "-refresh-only"]).succeeds();
    workspace.cloud.clock().advance(Duration::from_secs(8 * 24 * 3600));
    workspace.step("");
    assert!(workspace.state().is_empty());
}

#[test]
fn refused_deletion_names_the_build_and_the_timeout() {
    let workspace = Workspace::with(Settings {
        behavior: Behavior { delete: Delete::RefusedWhileBuilding, ..Behavior::default() },
        build_time: Duration::from_secs(7 * 24 * 3600),
        ..Settings::default()
    });
    let block = cache().set("wait_for_ready", "false").block("timeouts {\n    delete = \"1s\"\n  }");
    workspace.write(&block);
    workspace.apply().succeeds();
    let id = workspace.cloud_cache().id;

    let run = workspace.run(&["destroy", "-auto-approve", "-input=false", "-json"]).fails();
    run.error().says(&[&id, "Pending", "within 1s", "timeouts.delete (now 1s)"]);
    workspace.cloud.finish_build(REGION, &id);
    workspace.destroy();
}

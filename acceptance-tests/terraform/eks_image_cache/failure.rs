//! Failures: failed builds, lost responses, unusable responses.

use std::time::Duration;

use tencentcloud_simulator::{Behavior, Fault, Moment, Settings, Status};

use crate::harness::config::{PROVIDER, REGION, cache};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

#[test]
fn failed_create_is_explained_and_tainted() {
    let workspace = Workspace::new();
    workspace.cloud.make_unpullable("nginx:1.27");
    workspace.write(cache());
    let run = workspace.apply().fails();
    let id = workspace.cloud_cache().id;
    run.error().says(&[
        "Image cache build failed",
        &id,
        REGION,
        "entered the status Failed",
        "Failed to pull image nginx:1.27: not found",
        "Check the references in images",
    ]);
    let state = workspace.state();
    assert!(state.is_tainted(TEST));
    assert_eq!((state.id(TEST), state.text(TEST, "status")), (id.as_str(), "Failed"));

    workspace.cloud.fail_builds(|_| None);
    workspace.step(cache());
    assert_ne!(workspace.cloud_cache().id, id, "created again");
    workspace.destroy();
}

#[test]
fn build_that_fails_after_apply_is_replaced() {
    let workspace = Workspace::with_endless_builds();
    let block = cache().set("wait_for_ready", "false");
    workspace.step(&block);
    workspace.cloud.make_unpullable("nginx:1.27");
    let id = workspace.cloud_cache().id;
    workspace.cloud.finish_build(REGION, &id);

    let run = workspace.plan().succeeds();
    let [warning] = &run.warnings()[..] else { panic!("{run}") };
    warning.says(&["Failed to pull image nginx:1.27"]);
    workspace.cloud.fail_builds(|_| None);
    workspace.step(&block);
    assert_ne!(workspace.cloud_cache().id, id);
    workspace.destroy();
}

#[test]
fn failed_update_is_explained_and_retried() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let id = workspace.cloud_cache().id;
    let changed = cache().set("images", r#"["nginx:1.28"]"#);
    workspace.cloud.make_unpullable("nginx:1.28");
    workspace.write(&changed);
    workspace.apply().error().says(&["Image cache update failed", &id, "nginx:1.28: not found", "retried"]);
    assert!(!workspace.state().is_tainted(TEST), "the old snapshot still serves Pods");
    assert_eq!(workspace.state().text(TEST, "status"), "UpdateFailed");

    workspace.cloud.fail_builds(|_| None);
    workspace.step(changed);
    assert_eq!((workspace.cloud_cache().id, workspace.cloud_cache().status), (id, Status::Ready));
    workspace.destroy();
}

#[test]
fn create_adopts_the_cache_of_a_lost_response() {
    for fault in [
        Fault::Reset(Moment::AfterActing),
        Fault::BadGateway(Moment::AfterActing),
        Fault::InternalError(Moment::AfterActing),
        Fault::EmptyBody,
        Fault::TruncatedJson,
    ] {
        let workspace = Workspace::new();
        workspace.cloud.inject(fault.clone().on("CreateImageCache").nth(1));
        workspace.write(cache().set("name", r#""web""#));
        workspace.apply().succeeds();
        assert_eq!(workspace.cloud.count("CreateImageCache"), 1, "{fault:?}");
        assert_eq!(workspace.state().id(TEST), workspace.cloud_cache().id, "{fault:?}");
        workspace.destroy();
    }
}

#[test]
fn lost_response_with_a_shared_name_gives_two_objects() {
    let workspace = Workspace::new();
    workspace.cloud.inject(Fault::Reset(Moment::AfterActing).on("CreateImageCache").nth(1));
    workspace.step(cache().set("count", "2").set("name", r#""web""#));
    let state = workspace.state();
    let mut ids = state.ids(TEST);
    let mut there: Vec<_> = workspace.cloud.caches(REGION).into_iter().map(|cache| cache.id).collect();
    ids.sort_unstable();
    there.sort_unstable();
    assert_eq!(ids, there);
    assert_eq!(ids.len(), 2);
    workspace.destroy();
}

#[test]
fn refused_create_has_the_error_of_the_api() {
    let workspace = Workspace::new();
    workspace.cloud.inject(
        Fault::Error {
            code: "LimitExceeded".to_owned(),
            message: "too many image caches".to_owned(),
            moment: Moment::BeforeActing,
        }
        .on("CreateImageCache"),
    );
    workspace.write(cache());
    workspace.apply().error().says(&[
        "Error creating image cache",
        "CreateImageCache",
        "LimitExceeded",
        "too many image caches",
        "request ",
        "quota",
    ]);
    assert!(workspace.state().is_empty());
}

#[test]
fn throttled_calls_are_retried() {
    let workspace = Workspace::new();
    for action in ["CreateImageCache", "DescribeImageCaches", "DeleteImageCaches"] {
        workspace.cloud.inject(Fault::Throttled.on(action).times(1));
    }
    workspace.write(cache());
    workspace.apply().succeeds();
    workspace.destroy();
}

#[test]
fn delete_of_a_deleted_cache_is_success() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let id = workspace.cloud_cache().id;
    assert!(workspace.cloud.delete_cache(REGION, &id));
    workspace.run(&["destroy", "-auto-approve", "-input=false", "-refresh=false"]).succeeds();
    assert_eq!(workspace.cloud.count("DeleteImageCaches"), 1);
    assert!(workspace.state().is_empty());
}

#[test]
fn refused_delete_keeps_the_state() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let id = workspace.cloud_cache().id;
    workspace.cloud.inject(
        Fault::Error {
            code: "UnsupportedOperation".to_owned(),
            message: "in use".to_owned(),
            moment: Moment::BeforeActing,
        }
        .on("DeleteImageCaches"),
    );
    let run = workspace.run(&["destroy", "-auto-approve", "-input=false", "-json"]);
    run.error().says(&["Error deleting", &id, "UnsupportedOperation", "in use"]);
    assert_eq!(workspace.state().id(TEST), id);
    workspace.cloud.clear_faults();
    workspace.destroy();
}

#[test]
fn unusable_responses_have_action_status_and_request_id() {
    let workspace = Workspace::new();
    workspace.provider(&format!("{PROVIDER}\n  max_retries = 0"));
    workspace.step(cache());
    for (fault, parts) in [
        (Fault::BadGateway(Moment::BeforeActing), vec!["DescribeImageCaches", "502"]),
        (Fault::TruncatedJson, vec!["DescribeImageCaches", "200"]),
        (Fault::EmptyBody, vec!["DescribeImageCaches", "200"]),
        (Fault::InternalError(Moment::BeforeActing), vec!["DescribeImageCaches", "InternalError", "request "]),
    ] {
        workspace.cloud.inject(fault.on("DescribeImageCaches"));
        let error = workspace.plan().error();
        error.says(&["Error reading image cache"]).says(&parts);
        workspace.cloud.clear_faults();
    }
    workspace.destroy();
}

#[test]
fn unknown_status_is_an_error_and_keeps_the_cache() {
    let workspace = Workspace::new();
    let text = r#""Status":"Ready""#.to_owned();
    let with = r#""Status":"Hibernating""#.to_owned();
    workspace.cloud.inject(Fault::Replaced { text, with }.on("DescribeImageCaches"));
    workspace.write(cache());
    let error = workspace.apply().error();
    let id = workspace.cloud_cache().id;
    error.says(&["Unknown image cache status", &id, "Hibernating", "upgrade the provider"]);
    assert_eq!(workspace.state().id(TEST), id);
    workspace.cloud.clear_faults();
    workspace.destroy();
}

#[test]
fn create_response_without_the_id_adopts_the_cache() {
    let workspace = Workspace::new();
    let (text, with) = ("ImageCacheId".to_owned(), "SomethingElse".to_owned());
    workspace.cloud.inject(Fault::Replaced { text, with }.on("CreateImageCache"));
    workspace.step(cache());
    assert_eq!(workspace.cloud.count("CreateImageCache"), 1);
    workspace.destroy();
}

#[test]
fn slow_api_is_waited_for() {
    let workspace = Workspace::with(Settings { build_time: Duration::ZERO, ..Settings::default() });
    workspace.cloud.inject(Fault::DelayedResponse(Duration::from_millis(700)).on("CreateImageCache"));
    workspace.step(cache());
    assert_eq!(workspace.cloud.count("CreateImageCache"), 1);
    workspace.destroy();
}

#[test]
fn cache_that_cannot_be_read_after_create_is_not_tainted() {
    let workspace = Workspace::new();
    workspace.provider(&format!("{PROVIDER}\n  max_retries = 0"));
    let read = |fault: Fault| fault.when(|request| request.body["ImageCacheIds"].is_array());
    let block = cache().set("wait_for_ready", "false");
    workspace.cloud.inject(read(Fault::AuthFailure));
    workspace.write(&block);
    let run = workspace.apply().succeeds();
    let [warning] = &run.warnings()[..] else { panic!("{run}") };
    warning.says(&["without its status", "AuthFailure", &workspace.cloud_cache().id]);
    assert!(!workspace.state().is_tainted(TEST));
    workspace.cloud.clear_faults();
    workspace.step(block);
    assert_eq!(workspace.sent("CreateImageCache").len(), 1);
    workspace.destroy();

    workspace.cloud.inject(read(Fault::AuthFailure));
    workspace.write(cache());
    workspace.apply().error().says(&["waiting for", &workspace.cloud_cache().id, "AuthFailure", "terraform untaint"]);
    workspace.cloud.clear_faults();
    workspace.run(&["untaint", TEST]).succeeds();
    workspace.step(cache());
    assert_eq!(workspace.sent("CreateImageCache").len(), 2);
    workspace.destroy();
}

/// A cloud whose caches do not list the reason of a failed build, with this container instance.
fn with_build_instance(variant: &str) -> Workspace {
    let behavior = Behavior::default().with("failure_events", "say nothing").unwrap();
    let behavior = behavior.with("build_instance", variant).unwrap();
    let workspace =
        Workspace::with(Settings { behavior, build_time: Duration::from_millis(900), ..Settings::default() });
    workspace.cloud.fail_builds(|_| Some("Failed to pull image: no space left on device".to_owned()));
    workspace
}

#[test]
fn failed_build_has_the_reason_from_its_container_instance() {
    let mut workspace = with_build_instance("for-<cache ID>");
    workspace.environment("TF_LOG_PROVIDER", "INFO");
    workspace.write(cache());
    let run = workspace.apply().fails();
    let id = workspace.cloud_cache().id;
    run.error().says(&[
        "Image cache build failed",
        "DiskCreated",
        "Warnings of its container instance eksci-",
        &format!("(for-{id})"),
        "no space left on device",
        "Increase image_cache_size",
    ]);
    let event = |line: &&str| line.contains("image cache event") && line.contains("no space left on device");
    assert_eq!(run.stderr.lines().filter(event).count(), 1, "{}", run.stderr);
    // Terraform does not pass a tainted object to a plan. Otherwise, the plan that replaces it shows the reason.
    workspace.run(&["untaint", "eks_image_cache.test"]).succeeds();
    let plan = workspace.plan().succeeds();
    let [warning] = &plan.warnings()[..] else { panic!("{plan}") };
    warning.says(&["no space left on device"]);
    workspace.destroy();
}

#[test]
fn failed_build_is_reported_without_a_container_instance() {
    for variant in ["another name", "InternalError.CamNoAuth", "InvalidAction"] {
        let workspace = with_build_instance(variant);
        workspace.write(cache());
        let run = workspace.apply().fails();
        let error = run.error();
        error.says(&["Image cache build failed", "DiskCreated", "registry_skip_verify_list"]);
        assert!(!run.to_string().contains("ContainerInstance"), "{variant}: {run}");
        assert_eq!(workspace.cloud.count("DescribeEKSContainerInstanceEvent"), 0, "{variant}");
        let refused = variant != "another name";
        assert!(!refused || workspace.cloud.count("DescribeEKSContainerInstances") == 1, "{variant}");
        workspace.destroy();
    }
}

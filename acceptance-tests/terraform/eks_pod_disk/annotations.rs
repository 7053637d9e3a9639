//! Annotations for Pods, from constants without an account, and from image caches.

use serde_json::json;
use tencentcloud_simulator::{ImageCache, Status};

use crate::harness::config::{PROVIDER, REGION, cache};
use crate::harness::workspace::Workspace;

/// A Pod disk with these arguments, and all its results as outputs.
fn disk(arguments: &str) -> String {
    format!(
        "data \"eks_pod_disk\" \"test\" {{\n  {arguments}\n}}\n\n\
         output \"annotations\" {{\n  value = data.eks_pod_disk.test.annotations\n}}\n\n\
         output \"disk\" {{\n  value = data.eks_pod_disk.test\n}}\n"
    )
}

/// Adds a cache of 50 GiB with nginx:1.27 to the cloud, and returns its ID.
fn insert(workspace: &Workspace, status: Status) -> String {
    let mut cache = ImageCache::ready("web", &["nginx:1.27"], workspace.cloud.clock().now());
    cache.image_cache_size = 50;
    cache.status = status;
    workspace.cloud.insert_cache(REGION, cache)
}

#[test]
fn constants_need_no_credentials_no_region_and_no_network() {
    let mut workspace = Workspace::new();
    workspace.provider("");
    for name in ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_ENDPOINT_URL"] {
        workspace.environment(name, "");
    }
    workspace.step(disk(
        "size = 50\n  reuse_key = \"vllm\"\n  image_gc = { high_threshold = 90, period = \"5m\" }\n  \
         registry_http_endpoint_list = [\"b.example.com\", \"a.example.com\"]",
    ));
    let state = workspace.state();
    assert_eq!(
        *state.output("annotations"),
        json!({
            "eks.tke.cloud.tencent.com/root-cbs-size": "50",
            "eks.tke.cloud.tencent.com/cbs-reuse-key": "vllm",
            "eks.tke.cloud.tencent.com/image-gc-high-threshold": "90",
            "eks.tke.cloud.tencent.com/image-gc-period": "5m",
            "eks.tke.cloud.tencent.com/registry-http-endpoint": "a.example.com,b.example.com",
        })
    );
    let disk = state.output("disk");
    assert_eq!((&disk["disk_size"], &disk["billed_size"]), (&json!(50), &json!(30)));
    assert!(disk["global_config"]["pod.annotations"].as_str().unwrap().contains("root-cbs-size"));
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn disk_of_a_cache_in_the_same_apply() {
    let workspace = Workspace::new();
    let of = "image_cache = eks_image_cache.test.id\n  size = 100\n  retain_minutes = 10";
    let config = format!("{}\n{}", cache().set("image_cache_size", "50"), disk(of));
    workspace.step(&config);
    let id = workspace.cloud_cache().id;
    let state = workspace.state();
    assert_eq!(
        *state.output("annotations"),
        json!({
            "eks.tke.cloud.tencent.com/use-image-cache": id,
            "eks.tke.cloud.tencent.com/image-cache-disk-size": "100",
            "eks.tke.cloud.tencent.com/image-cache-disk-retain-minute": "10",
        })
    );
    let disk = state.output("disk");
    assert_eq!((&disk["disk_size"], &disk["billed_size"]), (&json!(100), &json!(100)));
    assert_eq!(disk["matched_image_cache"]["id"], id);
    assert_eq!(disk["matched_image_cache"]["image_cache_size"], 50);

    // The cache changes in place, so the Pods keep their annotations.
    workspace.step(config.replace("nginx:1.27", "nginx:1.28"));
    assert_eq!(workspace.state().output("annotations"), state.output("annotations"));
    workspace.destroy();
}

#[test]
fn auto_shows_the_cache_that_matches() {
    let workspace = Workspace::new();
    let id = insert(&workspace, Status::Ready);
    workspace.step(disk("image_cache = \"auto\"\n  images = [\"nginx:1.27\"]\n  inspect_images = false"));
    let state = workspace.state();
    assert_eq!(*state.output("annotations"), json!({"eks.tke.cloud.tencent.com/use-image-cache": "auto"}));
    assert_eq!(state.output("disk")["matched_image_cache"]["id"], id);
    assert!(workspace.cloud.count("GetMostSuitableImageCache") > 0);

    workspace.cloud.delete_cache(REGION, &id);
    let run = workspace.plan().succeeds();
    let [warning] = &run.warnings()[..] else { panic!("{run}") };
    warning.says(&["No image cache matches", "identical names and tags"]);
}

#[test]
fn fallback_size_is_written_beside_the_cache() {
    let workspace = Workspace::new();
    let arguments =
        "image_cache = \"auto\"\n  images = [\"nginx:1.27\"]\n  inspect_images = false\n  fallback_size = 70";
    workspace.write(disk(arguments));
    let run = workspace.apply().succeeds();
    let [warning] = &run.warnings()[..] else { panic!("{run}") };
    warning.says(&["No image cache matches", "70 GiB"]);
    let state = workspace.state();
    assert_eq!(
        *state.output("annotations"),
        json!({
            "eks.tke.cloud.tencent.com/use-image-cache": "auto",
            "eks.tke.cloud.tencent.com/root-cbs-size": "70",
        })
    );
    assert!(state.output("disk")["billed_size"].is_null());

    workspace.write(disk("size = 50\n  fallback_size = 70"));
    workspace.plan().error().says(&["Missing image cache", "fallback_size"]);
}

#[test]
fn unusable_cache_is_reported_at_plan_time() {
    let workspace = Workspace::new();
    let ready = insert(&workspace, Status::Ready);
    let failed = insert(&workspace, Status::Failed);
    for (arguments, code, says) in [
        (format!("image_cache = {ready:?}\n  size = 40"), "size", vec!["40", "50"]),
        ("image_cache = \"imc-00000000\"".to_owned(), "image_cache", vec!["not found", "imc-00000000", REGION]),
    ] {
        workspace.write(disk(&arguments));
        let error = workspace.plan().error();
        assert!(error.code().contains(code), "{error:?}");
        error.says(&says);
    }
    let images = "inspect_images = false\n  images = [\"redis:7\"]";
    for (arguments, says) in [
        (format!("image_cache = {failed:?}"), vec!["Image cache not Ready", "Failed"]),
        (format!("image_cache = {ready:?}\n  {images}"), vec!["redis:7", "identical names"]),
    ] {
        workspace.write(disk(&arguments));
        let run = workspace.plan().succeeds();
        let [warning] = &run.warnings()[..] else { panic!("{run}") };
        warning.says(&says);
    }
    for id in [ready, failed] {
        workspace.cloud.delete_cache(REGION, &id);
    }
}

#[test]
fn cache_with_images_needs_a_region_and_credentials() {
    let mut workspace = Workspace::new();
    let id = "image_cache = \"imc-1a2b3c4d\"";
    let with_images = format!("{id}\n  inspect_images = false\n  images = [\"redis:7\"]");
    workspace.provider("");
    workspace.write(disk(id));
    workspace.plan().succeeds();
    workspace.write(disk(&with_images));
    workspace.plan().error().says(&["No region", "TENCENTCLOUD_REGION", "image_cache_annotations"]);

    workspace.provider(PROVIDER);
    workspace.environment("TENCENTCLOUD_SECRET_ID", "");
    workspace.environment("TENCENTCLOUD_SECRET_KEY", "");
    workspace.plan().error().says(&["credentials", "TENCENTCLOUD_SECRET_ID", "image_cache_annotations"]);
    workspace.write(disk(id));
    workspace.plan().succeeds();
    assert_eq!(workspace.cloud.requests().iter().filter(|request| request.service.is_some()).count(), 0);
}

#[test]
fn cache_with_its_own_region_is_looked_up_there() {
    let workspace = Workspace::new();
    let config = |region: &str| {
        let disk = disk(&format!("image_cache = eks_image_cache.test.id\n  {region}"));
        format!("{}{disk}", cache().set("region", r#""ap-singapore""#))
    };
    workspace.step(config("region = eks_image_cache.test.region"));
    workspace.write(config(""));
    workspace.plan().error().says(&["Image cache not found", REGION, "region, which defaults to that of the provider"]);
    workspace.write(config("region = eks_image_cache.test.region"));
    workspace.destroy();
}

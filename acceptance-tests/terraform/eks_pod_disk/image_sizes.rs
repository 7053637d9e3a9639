//! Disks for images in a real registry, and caches that are rebuilt when a tag moves.

use std::fs;

use serde_json::{Value, json};
use tencentcloud_simulator::ImageCache;

use crate::harness::config::{REGION, cache};
use crate::harness::docker_registry::{PASSWORD, USERNAME};
use crate::harness::registry::{Registry, example};
use crate::harness::workspace::Workspace;
use crate::harness::zeros::gzip_zeros;

/// A layer of 3 GiB.
const LARGE: usize = 3 << 10;

/// A Pod disk for these images of `registry`, with further arguments.
fn disk(registry: &Registry, images: &[&str], arguments: &str) -> String {
    let http = format!("registry_http_endpoint_list = [{:?}]", registry.host());
    disk_without_list(registry, images, &format!("{http}\n  {arguments}"))
}

fn disk_without_list(registry: &Registry, images: &[&str], arguments: &str) -> String {
    let images: Vec<_> = images.iter().map(|image| registry.image(image)).collect();
    format!(
        "data \"eks_pod_disk\" \"test\" {{\n  images = {images:?}\n  {arguments}\n}}\n\n\
         output \"size\" {{\n  value = data.eks_pod_disk.test.disk_size\n}}\n"
    )
}

/// `image_sizes` of an image with these layers.
fn size(digest: &str, layers: &[usize]) -> Value {
    let compressed: usize = layers.iter().map(|mib| gzip_zeros(*mib).len()).sum();
    let unpacked = layers.iter().sum::<usize>() << 20;
    json!({
        "digest": digest, "compressed_bytes": compressed, "exact": true,
        "unpacked_bytes": unpacked, "unpacked_bytes_min": unpacked, "unpacked_bytes_max": unpacked,
    })
}

/// The data source in the state.
fn read(workspace: &Workspace) -> Value {
    workspace.state().attributes("eks_pod_disk.test").clone()
}

/// Its `required_size`, `disk_size` and `billed_size`.
fn sizes(disk: &Value) -> [&Value; 3] {
    ["required_size", "disk_size", "billed_size"].map(|name| &disk[name])
}

#[test]
fn disk_is_computed_from_images() {
    let registry = Registry::start();
    let digest = registry.push("team/app:1", &[LARGE, 100]);
    let mut workspace = Workspace::new();
    workspace.provider("");
    workspace.environment("TENCENTCLOUD_SECRET_ID", "");
    workspace.environment("TENCENTCLOUD_SECRET_KEY", "");

    workspace.step(disk(&registry, &["team/app:1"], "headroom = 18"));
    let large = read(&workspace);
    assert_eq!(large["image_sizes"], json!({registry.image("team/app:1"): size(&digest, &[LARGE, 100])}));
    assert_eq!(sizes(&large), [40, 40, 20]);
    let http = "eks.tke.cloud.tencent.com/registry-http-endpoint";
    assert_eq!(large["annotations"], json!({"eks.tke.cloud.tencent.com/root-cbs-size": "40", http: registry.host()}));

    // The default disk is large enough, and no annotation is written.
    workspace.step(disk(&registry, &["team/app:1"], ""));
    let small = read(&workspace);
    assert_eq!(sizes(&small), [20, 20, 0]);
    assert_eq!(small["annotations"], json!({http: registry.host()}));
    assert_eq!(workspace.cloud.requests(), []);
}

#[test]
fn given_size_is_checked_against_the_images() {
    let registry = Registry::start();
    registry.push("team/app:1", &[LARGE, 100]);
    let workspace = Workspace::new();
    workspace.write(disk(&registry, &["team/app:1"], "headroom = 18\n  size = 21"));
    let error = workspace.plan().error();
    assert_eq!(error.code(), "size = 21");
    error.says(&[
        "Disk too small for its images",
        "A disk of 21 GiB has room for 20.50 GiB",
        "at least 21.11 GiB",
        &format!("3.11 GiB {} (0.01 GiB compressed + 3.10 GiB unpacked)", registry.image("team/app:1")),
        "18.00 GiB headroom",
        "a disk of 40 GiB, which has 29.24 GiB below 80 % of usage",
        "Set size to 40",
    ]);

    // The images fit, but from 80 % on the node removes images, except those in use.
    let run = workspace.step(disk(&registry, &["team/app:1"], "headroom = 18\n  size = 22"));
    assert_eq!(sizes(&read(&workspace)), [40, 22, 2]);
    let warnings = run.warnings();
    assert_eq!(warnings.len(), 1, "{run}");
    warnings[0].says(&["Disk usage above a threshold", "below 80 %, the platform's default", "Set size to 40"]);

    // A sufficient size need not be a multiple of 10. A configured threshold replaces the platform's default.
    for arguments in ["headroom = 18\n  size = 35", "headroom = 9\n  size = 23\n  pod_eviction_threshold = 70"] {
        let run = workspace.step(disk(&registry, &["team/app:1"], arguments));
        assert_eq!(run.warnings().len(), 0, "{run}");
    }
    workspace.write(disk(&registry, &["team/app:1"], "size = 20\n  pod_eviction_threshold = 15"));
    let error = workspace.plan().error();
    assert_eq!(error.code(), "pod_eviction_threshold = 15");
    error.says(&["pod_eviction_threshold is 15 %", "the images alone take at least 3.11 GiB", "Set size to 100"]);
}

#[test]
fn shared_layers_count_once() {
    let registry = Registry::start();
    let one = registry.push("team/one:1", &[LARGE, 100]);
    let two = registry.push("other/two:1", &[LARGE, 200]);
    let workspace = Workspace::new();
    let images = ["team/one:1", "other/two:1"];
    workspace.step(disk(&registry, &images, "headroom = 9"));
    let both = read(&workspace);
    assert_eq!(
        both["image_sizes"],
        json!({
            registry.image("team/one:1"): size(&one, &[LARGE, 100]),
            registry.image("other/two:1"): size(&two, &[LARGE, 200]),
        })
    );
    assert_eq!(both["required_size"], 20, "3 GiB twice and 9 would take 30");

    workspace.write(disk(&registry, &images, "headroom = 17\n  size = 20"));
    workspace.plan().error().says(&["-3.01 GiB layers that images share count once", "a disk of 30 GiB"]);
}

#[test]
fn platform_selects_the_image() {
    let registry = Registry::start();
    let digest = registry.push_index("team/app:1", &[("amd64", &[LARGE]), ("arm64", &[1 << 10])]);
    let workspace = Workspace::new();
    for (argument, layers) in [("", LARGE), ("platform = \"linux/arm64\"", 1 << 10)] {
        workspace.step(disk(&registry, &["team/app:1"], argument));
        let sizes = &read(&workspace)["image_sizes"];
        assert_eq!(*sizes, json!({registry.image("team/app:1"): size(&digest, &[layers])}), "{argument}");
    }
    workspace.write(disk(&registry, &["team/app:1"], "platform = \"linux/s390x\""));
    let error = workspace.plan().error();
    assert_eq!(error.code(), "platform = \"linux/s390x\"");
    error.says(&[
        &registry.image("team/app:1"),
        "not available for linux/s390x; it is available for linux/amd64, linux/arm64",
    ]);

    registry.push_index("team/app:2", &[("arm64", &[1])]);
    workspace.write(disk(&registry, &["team/app:2"], ""));
    let error = workspace.plan().error();
    assert!(error.code().starts_with("images = "), "{error:?}");
    error.says(&["not available for linux/amd64; it is available for linux/arm64", "Set platform"]);
}

#[test]
fn credentials_from_the_attribute_or_dockers_configuration() {
    let registry = Registry::start_with_password();
    registry.push("team/app:1", &[100]);
    let credentials = |password: &str| {
        let host = registry.host();
        format!("image_registry_credentials = {{ {host:?} = {{ username = {USERNAME:?}, password = {password:?} }} }}")
    };
    let with = |arguments: &str| disk(&registry, &["team/app:1"], arguments);
    let workspace = Workspace::new();
    workspace.step(with(&credentials(PASSWORD)));
    assert_eq!(read(&workspace)["required_size"], 10);

    let image = registry.image("team/app:1");
    let wrong = credentials("wrong horse");
    for (arguments, says) in [("", "without credentials"), (&*wrong, "check the user name and password")] {
        workspace.write(with(arguments));
        let run = workspace.plan();
        let error = run.error();
        assert!(error.code().starts_with("images = "), "{error:?}");
        error.says(&[&image, says, "image_registry_credentials", "docker login"]);
        assert!(!run.stdout.contains("wrong horse"), "{run}");
    }

    let docker = tempfile::tempdir().unwrap();
    let login = json!({"auths": {registry.host(): {"username": USERNAME, "password": PASSWORD}}});
    fs::write(docker.path().join("config.json"), login.to_string()).unwrap();
    let mut workspace = Workspace::new();
    workspace.environment("DOCKER_CONFIG", docker.path().to_str().unwrap());
    workspace.step(with(""));
    assert_eq!(read(&workspace)["required_size"], 10);
    assert!(!workspace.state_text().contains(PASSWORD));
}

#[test]
fn credential_helper_gets_no_secret_of_the_provider() {
    use std::os::unix::fs::PermissionsExt as _;

    let registry = Registry::start_with_password();
    registry.push("team/app:1", &[100]);
    let mut workspace = Workspace::new();
    let (docker, helper, seen) =
        (workspace.path("docker"), workspace.path("docker-credential-test"), workspace.path("seen"));
    fs::create_dir(&docker).unwrap();
    fs::write(docker.join("config.json"), json!({"credsStore": "test"}).to_string()).unwrap();
    let credential = json!({"Username": USERNAME, "Secret": PASSWORD});
    let script = format!("#!/bin/sh\nenv > {}\ncat > /dev/null\necho '{credential}'\n", seen.display());
    fs::write(&helper, script).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:{}", helper.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let secrets = ["SECRET_KEY", "SECURITY_TOKEN", "ASSUME_ROLE_SAML_ASSERTION", "MFA_CERTIFICATION_TOKEN_CODE"];
    for name in secrets {
        workspace.environment(&format!("TENCENTCLOUD_{name}"), "123456");
    }
    workspace.environment("PATH", &path);
    workspace.environment("DOCKER_CONFIG", docker.to_str().unwrap());
    workspace.step(disk(&registry, &["team/app:1"], ""));
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.contains("DOCKER_CONFIG=") && !seen.contains("TENCENTCLOUD_"), "{seen}");
}

#[test]
fn docker_hub_is_inspected_through_a_mirror() {
    let registry = Registry::start();
    let digest = registry.push("vllm/vllm-openai:v0.8.5", &[LARGE]);
    let workspace = Workspace::new();
    let mirror = |url: &str| workspace.provider(&format!("registry_mirrors = {{ \"docker.io\" = {url:?} }}"));
    mirror(&format!("http://{}", registry.host()));
    let image = "vllm/vllm-openai:v0.8.5";
    workspace.step(disk(&registry, &[], "").replace("images = []", &format!("images = [{image:?}]")));
    let disk_of_mirror = read(&workspace);
    assert_eq!(disk_of_mirror["image_sizes"], json!({image: size(&digest, &[LARGE])}));
    assert!(!disk_of_mirror["annotations"].to_string().contains("docker.io"));

    mirror("ftp://mirror.example.com");
    workspace.plan().error().says(&["Invalid registry mirror", "docker.io", "https:// or http://, got ftp://"]);
}

#[test]
fn failed_inspection_names_image_and_registry() {
    let registry = Registry::start();
    registry.push("team/app:1", &[1]);
    let workspace = Workspace::new();
    let (missing, other) = (registry.image("team/app:2"), registry.image("team/other:1"));
    let (unlisted, unknown) = (registry.image("team/app:1"), "registry.invalid/team/app:1");
    for (config, says) in [
        (disk(&registry, &["team/app:1", "team/app:2"], ""), [&*missing, "no tag 2", registry.host()]),
        (disk(&registry, &["team/other:1"], ""), [&other, "no tag 1", registry.host()]),
        (
            disk_without_list(&registry, &["team/app:1"], ""),
            [&unlisted, "does not speak TLS", "registry_http_endpoint_list"],
        ),
        (
            disk(&registry, &["team/app:1"], "").replace(&unlisted, unknown),
            [unknown, "no response from registry.invalid", "inspect_images"],
        ),
    ] {
        workspace.write(&config);
        let error = workspace.plan().error();
        assert!(error.code().starts_with("images = "), "{error:?}");
        error.says(&says).says(&["Image size not known"]);
    }
}

#[test]
fn unverified_certificate_is_accepted_only_if_listed() {
    let registry = Registry::start_with_own_certificate();
    registry.push("team/app:1", &[LARGE]);
    let workspace = Workspace::new();
    workspace.write(disk_without_list(&registry, &["team/app:1"], ""));
    workspace.plan().error().says(&[&registry.image("team/app:1"), "certificate", "registry_skip_verify_list"]);

    let listed = format!("registry_skip_verify_list = [{:?}]", registry.host());
    workspace.step(disk_without_list(&registry, &["team/app:1"], &listed));
    let disk = read(&workspace);
    assert_eq!(disk["required_size"], 20);
    let annotation = "eks.tke.cloud.tencent.com/registry-insecure-skip-verify";
    assert_eq!(disk["annotations"], json!({annotation: registry.host()}));
}

#[test]
fn inspect_images_false_contacts_no_registry() {
    let workspace = Workspace::new();
    let config = "images = [\"registry.invalid/team/app:1\"]\n  size = 50\n  inspect_images = false";
    workspace.step(format!("data \"eks_pod_disk\" \"test\" {{\n  {config}\n}}\n"));
    let disk = read(&workspace);
    assert_eq!((sizes(&disk), &disk["image_sizes"]), ([&Value::Null, &json!(50), &json!(30)], &Value::Null));
}

#[test]
fn disk_of_a_cache_is_large_enough_for_the_images() {
    let registry = Registry::start();
    registry.push("team/app:1", &[LARGE]);
    let image = registry.image("team/app:1");
    let workspace = Workspace::new();
    let insert = |size| {
        let mut cache = ImageCache::ready("web", &[&image], workspace.cloud.clock().now());
        cache.image_cache_size = size;
        workspace.cloud.insert_cache(REGION, cache)
    };
    let (small, large) = (insert(20), insert(50));
    for (id, expected, annotation) in [(&small, 30, json!("30")), (&large, 50, Value::Null)] {
        let from = format!("headroom = 18\n  image_cache = {id:?}");
        let run = workspace.step(disk(&registry, &["team/app:1"], &from));
        assert_eq!(run.warnings().len(), 0, "{run}");
        let disk = read(&workspace);
        assert_eq!(sizes(&disk), [30, expected, expected]);
        assert_eq!(disk["annotations"]["eks.tke.cloud.tencent.com/image-cache-disk-size"], annotation);
        assert_eq!(disk["matched_image_cache"]["id"], *id);
    }
    workspace.write(disk(
        &registry,
        &["team/app:1"],
        &format!("headroom = 18\n  size = 20\n  image_cache = {small:?}"),
    ));
    let error = workspace.plan().error();
    assert_eq!(error.code(), "size = 20");
    error.says(&["a disk of 30 GiB"]);
    for id in [small, large] {
        workspace.cloud.delete_cache(REGION, &id);
    }
}

#[test]
fn cache_is_rebuilt_when_a_tag_moves() {
    let registry = Registry::start();
    let first = registry.push("team/app:nightly", &[100]);
    let workspace = Workspace::new();
    let config = format!(
        "{}\n{}",
        disk(&registry, &["team/app:nightly"], ""),
        cache()
            .set("images", "data.eks_pod_disk.test.images")
            .set("image_cache_size", "data.eks_pod_disk.test.disk_size")
            .set(
                "rebuild_triggers",
                "{ for image, size in data.eks_pod_disk.test.image_sizes : image => size.digest }"
            )
    );
    let image = registry.image("team/app:nightly");
    workspace.step(&config);
    let before = workspace.cloud_cache();
    assert_eq!(workspace.state().attributes("eks_image_cache.test")["rebuild_triggers"], json!({&image: first}));

    let second = registry.push("team/app:nightly", &[200]);
    let plan = workspace.planned(&config);
    let change = plan.change("eks_image_cache.test");
    assert_eq!(change.actions(), ["update"]);
    assert_eq!(*change.after("rebuild_triggers"), json!({&image: second}));
    assert_eq!((change.after("id"), change.after("annotations")), (change.before("id"), change.before("annotations")));
    workspace.apply_planned().succeeds();
    workspace.plan_is_empty();
    assert_eq!(workspace.cloud_cache().id, before.id);
    assert_eq!((workspace.sent("UpdateImageCache").len(), workspace.sent("CreateImageCache").len()), (1, 1));
    workspace.destroy();
}

#[test]
fn examples_with_images_can_be_planned() {
    let registry = Registry::start();
    registry.push("vllm/vllm-openai:v0.8.5", &[LARGE]);
    registry.push("vllm/vllm-openai:nightly", &[LARGE]);
    for file in ["images.tf", "moving-tag.tf", "given-size.tf"] {
        let workspace = Workspace::new();
        workspace.planned(example(&format!("data-sources/eks_pod_disk/{file}"), &registry));
    }
}

#[test]
fn precondition_checks_the_size_of_a_cache_with_its_images() {
    let registry = Registry::start();
    registry.push("vllm/vllm-openai:v0.8.5", &[LARGE, LARGE + 1, LARGE + 2, LARGE + 3, LARGE + 4]);
    let mut workspace = Workspace::new();
    let config = example("resources/eks_image_cache/precondition.tf", &registry);
    let plan = workspace.planned(&config);
    assert_eq!(plan.change("eks_image_cache.checked").actions(), ["create"]);

    workspace.environment("TF_VAR_image_cache_size", "20");
    let error = workspace.plan().error();
    error.says(&["The images need 40 GiB", "image_cache_size is 20"]);
}

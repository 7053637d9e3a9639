//! A cache from create to destroy.

use serde_json::json;

use crate::harness::config::{CacheBlock, REGION, all, cache};
use crate::harness::workspace::Workspace;

const TEST: &str = "eks_image_cache.test";

#[test]
fn cache_is_created_updated_and_destroyed() {
    let workspace = Workspace::new();
    let output = "\noutput \"annotations\" {\n  value = eks_image_cache.test.annotations\n}\n";

    workspace.step(format!("{}{output}", cache().set("name", r#""web""#)));
    let state = workspace.state();
    let id = state.id(TEST).to_owned();
    assert_eq!(state.text(TEST, "status"), "Ready");
    assert_eq!(
        *state.output("annotations"),
        json!({
            "auto": {"eks.tke.cloud.tencent.com/use-image-cache": "auto"},
            "pinned": {"eks.tke.cloud.tencent.com/use-image-cache": id},
        })
    );
    let created = workspace.cloud_cache();
    assert_eq!((created.id.as_str(), created.name.as_str()), (id.as_str(), "web"));

    workspace.step(format!("{}{output}", cache().set("name", r#""web-2""#).set("retention_days", "7")));
    let updated = workspace.cloud_cache();
    assert_eq!((updated.id.as_str(), updated.name.as_str(), updated.retention_days), (id.as_str(), "web-2", 7));
    assert_eq!(updated.builds, 1, "a new name pulls nothing");

    workspace.destroy();
    assert_eq!((workspace.cloud.count("CreateImageCache"), workspace.cloud.count("DeleteImageCaches")), (1, 1));
}

#[test]
fn every_argument_reaches_the_api() {
    let workspace = Workspace::new();
    workspace.step(
        cache()
            .set("name", r#""web""#)
            .set("images", r#"["registry.example.com/b:2", "nginx:1.27"]"#)
            .set("image_cache_size", "50")
            .set("retention_days", "30")
            .set("security_group_ids", r#"["sg-1"]"#)
            .set("tags", r#"{ team = "ml" }"#)
            .set(
                "image_registry_credentials",
                r#"{ "registry.example.com" = { username = "ci", password = "one", name = "mine" } }"#,
            )
            .set(
                "auto_create_eip",
                r#"{ delete_policy = "Never", internet_service_provider = "CMCC", internet_max_bandwidth_out = 10 }"#,
            )
            .set("registry_skip_verify_list", r#"["registry.example.com"]"#)
            .set("registry_http_endpoint_list", r#"["plain.example.com"]"#)
            .set("resolve_config", r#""nameserver 10.0.0.2""#),
    );
    let [sent] = &workspace.sent("CreateImageCache")[..] else { panic!() };
    assert_eq!(
        *sent,
        json!({
            "ImageCacheName": "web",
            "Images": ["nginx:1.27", "registry.example.com/b:2"],
            "VpcId": "vpc-test",
            "SubnetId": "subnet-test",
            "ImageCacheSize": 50,
            "RetentionDays": 30,
            "SecurityGroupIds": ["sg-1"],
            "Tags": [{"Key": "team", "Value": "ml"}],
            "ImageRegistryCredentials": [
                {"Server": "registry.example.com", "Username": "ci", "Password": "one", "Name": "mine"},
            ],
            "AutoCreateEip": true,
            "AutoCreateEipAttribute": {
                "DeletePolicy": "Never", "InternetServiceProvider": "CMCC", "InternetMaxBandwidthOut": 10,
            },
            "RegistrySkipVerifyList": ["registry.example.com"],
            "RegistryHttpEndPointList": ["plain.example.com"],
            "ResolveConfig": "nameserver 10.0.0.2",
        })
    );
    workspace.destroy();
}

#[test]
fn omitted_arguments_are_not_sent() {
    let workspace = Workspace::new();
    workspace.step(cache().set("count", "2"));
    let names: Vec<_> = workspace.cloud.caches(REGION).into_iter().map(|cache| cache.name).collect();
    let [a, b] = &names[..] else { panic!("{names:?}") };
    assert!(a != b && names.iter().all(|name| name.starts_with("tf-")), "{names:?}");
    for sent in workspace.sent("CreateImageCache") {
        let mut keys: Vec<_> = sent.as_object().unwrap().keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, ["ImageCacheName", "Images", "SubnetId", "VpcId"]);
    }
    workspace.destroy();
}

#[test]
fn one_provider_block_serves_two_regions() {
    let workspace = Workspace::new();
    let other = CacheBlock::labelled("other").set("region", r#""ap-singapore""#);
    workspace.step(all([&cache(), &other]));
    for (region, address) in [(REGION, TEST), ("ap-singapore", "eks_image_cache.other")] {
        let caches = workspace.cloud.caches(region);
        let state = workspace.state();
        assert_eq!(caches.iter().map(|cache| cache.id.as_str()).collect::<Vec<_>>(), [state.id(address)], "{region}");
        assert_eq!(state.text(address, "region"), region);
    }
    workspace.destroy();
    assert_eq!(workspace.cloud.regions(), [""; 0]);
}

#[test]
fn twelve_caches_share_calls() {
    let workspace = Workspace::new();
    workspace.step(cache().set("for_each", "toset([for i in range(12) : tostring(i)])"));
    assert_eq!(workspace.cloud.caches(REGION).len(), 12);
    assert_eq!(workspace.state().ids(TEST).len(), 12);

    workspace.cloud.clear_requests();
    workspace.plan_is_empty();
    let reads = workspace.cloud.count("DescribeImageCaches");
    assert!((1..=6).contains(&reads), "{reads} calls to refresh 12 caches, ten at a time");
    workspace.destroy();
}

#[test]
fn moved_resource_is_unchanged() {
    let workspace = Workspace::new();
    workspace.step(cache());
    let id = workspace.cloud_cache().id;

    let moved = "moved {\n  from = eks_image_cache.test\n  to = eks_image_cache.moved\n}\n";
    workspace.step(format!("{}\n{moved}", CacheBlock::labelled("moved")));
    assert_eq!(workspace.state().id("eks_image_cache.moved"), id);

    workspace.run(&["state", "mv", "eks_image_cache.moved", TEST]).succeeds();
    workspace.write(cache());
    workspace.plan_is_empty();
    assert_eq!(workspace.state().id(TEST), id);
    workspace.destroy();
}

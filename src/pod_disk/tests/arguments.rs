//! Validation: invalid arguments are refused, unknown ones are not.

use super::*;

#[tokio::test]
async fn wrong_arguments_are_refused_at_their_attribute() {
    let gc = |name: &'static str, value: Value| Value::map([("image_gc", Value::map([(name, value)]))]);
    let one = |name: &'static str, value: Value| Value::map([(name, value)]);
    for (config, path) in [
        (one("size", 19u64.into()), "size"),
        (one("size", 32_001u64.into()), "size"),
        (one("size", "20.5".parse::<value::Number>().unwrap().into()), "size"),
        (one("images", images(&[])), "images"),
        (one("images", images(&["nginx:1.27", "UPPER:1"])), "images"),
        (one("inspect_images", false.into()), "inspect_images"),
        (one("platform", "linux".into()), "platform"),
        (one("image_cache", "nginx".into()), "image_cache"),
        (one("image_cache", "".into()), "image_cache"),
        (one("disk_type", "CLOUD_SSD".into()), "disk_type"),
        (one("retain_minutes", 10u64.into()), "retain_minutes"),
        (one("fallback_size", 50u64.into()), "fallback_size"),
        (Value::map([("image_cache", Value::from("auto")), ("fallback_size", 19u64.into())]), "fallback_size"),
        (Value::map([("image_cache", Value::from("auto")), ("disk_type", "SSD".into())]), "disk_type"),
        (Value::map([("image_cache", Value::from("auto")), ("retain_minutes", 0u64.into())]), "retain_minutes"),
        (one("reuse_key", "".into()), "reuse_key"),
        (one("registry_skip_verify_list", images(&["https://a"])), "registry_skip_verify_list"),
        (one("registry_http_endpoint_list", images(&["a,b"])), "registry_http_endpoint_list"),
        (one("existing_pod_annotations", "a: b: c".into()), "existing_pod_annotations"),
        (gc("high_threshold", 101u64.into()), "image_gc"),
        (gc("high_threshold", 75u64.into()), "image_gc"),
        (gc("low_threshold", 80u64.into()), "image_gc"),
        (gc("period", "3".into()), "image_gc"),
        (one("container_gc_threshold", 0u64.into()), "container_gc_threshold"),
        (one("pod_eviction_threshold", 101u64.into()), "pod_eviction_threshold"),
        (
            one(
                "image_registry_credentials",
                Value::map([("https://r.example.com", Value::map([("username", "u"), ("password", "p")]))]),
            ),
            // Not at the argument: Terraform would print the password.
            "",
        ),
    ] {
        let diagnostics = framework::data_source(PodDisk).validate(&config).await;
        let paths: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.path.to_string()).collect();
        assert_eq!(paths, [path], "{config:?}: {diagnostics:?}");
    }
}

#[tokio::test]
async fn unknown_values_are_not_refused() {
    for config in [
        Value::map([("inspect_images", Value::from(false)), ("size", Value::Unknown)]),
        Value::map([("inspect_images", Value::from(false)), ("image_cache", Value::Unknown)]),
        Value::map([("inspect_images", Value::Unknown)]),
        Value::map([("disk_type", Value::from("CLOUD_SSD")), ("image_cache", Value::Unknown)]),
        Value::map([("disk_type", Value::Unknown)]),
        Value::map([("retain_minutes", Value::Unknown)]),
        Value::map([("fallback_size", Value::from(50u64)), ("image_cache", Value::Unknown)]),
        Value::map([("images", Value::list([Value::Unknown, "nginx:1.27".into()]))]),
        Value::map([("platform", Value::Unknown)]),
        Value::map([("existing_pod_annotations", Value::Unknown)]),
        Value::map([(
            "image_gc",
            Value::map([("low_threshold", Value::from(90u64)), ("high_threshold", Value::Unknown)]),
        )]),
        Value::map([("image_registry_credentials", Value::map([("r.example.com", Value::Unknown)]))]),
    ] {
        let diagnostics = framework::data_source(PodDisk).validate(&config).await;
        assert_eq!(diagnostics, Diagnostics::default(), "{config:?}");
    }
}

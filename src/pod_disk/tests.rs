mod arguments;
mod inspected_images;

use std::sync::Arc;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::block::{self, ProviderConfig};
use crate::image_caches::fake::Fake;
use tencentcloud::credentials::Environment;
use tencentcloud::tke::ImageCache;
use terraform_plugin::diagnostics::{AttributePath, Severity};
use terraform_plugin::framework;
use terraform_plugin::value::{self, Value};

fn cache(id: &str, size: u64, status: &str, images: &[&str]) -> ImageCache {
    let row = json!({"ImageCacheId": id, "ImageCacheName": "app", "ImageCacheSize": size, "Status": status,
        "SnapshotId": "snap-1", "Images": images});
    serde_json::from_value(row).unwrap()
}

/// Reads the data source with `config`, a provider in `region` and these caches. Returns the value, the diagnostics and the calls.
async fn read(config: Value, region: Attr<String>, caches: Vec<ImageCache>) -> (Value, Diagnostics, Vec<String>) {
    let (fake, image_caches) = Fake::new();
    caches.into_iter().for_each(|cache| fake.add_listed(cache));
    let block = ProviderConfig { region, ..ProviderConfig::with_keys() };
    let mut session = block::configure(block, Environment::default(), &mut Diagnostics::default()).unwrap();
    session.image_caches = image_caches;
    let context = Context { session: Arc::new(session), stop: CancellationToken::new() };
    let data_source = framework::data_source(PodDisk);
    let invalid = data_source.validate(&config).await;
    assert_eq!(invalid, Diagnostics::default());
    let (value, diagnostics) = data_source.read(&context, &config).await;
    let state = fake.state();
    let calls = state.calls.iter().map(|call| format!("{call} in {}", state.regions.join(", "))).collect();
    (value, diagnostics, calls)
}

fn unconfigured() -> Session {
    block::configure(ProviderConfig::default(), Environment::default(), &mut Diagnostics::default()).unwrap()
}

fn guangzhou() -> Attr<String> {
    "ap-guangzhou".to_owned().into()
}

fn attribute<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(&AttributePath::root(name)).unwrap()
}

fn annotations(entries: &[(&str, &str)]) -> Value {
    Value::map(entries.iter().map(|&(key, value)| (format!("eks.tke.cloud.tencent.com/{key}"), value)))
}

fn images(images: &[&str]) -> Value {
    Value::list(images.iter().copied())
}

#[tokio::test]
async fn constants_need_no_credentials_no_region_and_no_network() {
    let image_gc = Value::map([("high_threshold", Value::from(85u64)), ("period", "5m".into())]);
    for (config, expected) in [
        (Value::map([("size", 50u64)]), annotations(&[("root-cbs-size", "50")])),
        (Value::map([("size", 20u64)]), annotations(&[("root-cbs-size", "20")])),
        (Value::map([("image_cache", "auto")]), annotations(&[("use-image-cache", "auto")])),
        (
            Value::map([
                ("image_cache", Value::from("auto")),
                ("size", 60u64.into()),
                ("disk_type", "CLOUD_SSD".into()),
                ("retain_minutes", 10u64.into()),
                ("fallback_size", 70u64.into()),
            ]),
            annotations(&[
                ("use-image-cache", "auto"),
                ("image-cache-disk-size", "60"),
                ("image-cache-disk-type", "CLOUD_SSD"),
                ("image-cache-disk-retain-minute", "10"),
                ("root-cbs-size", "70"),
            ]),
        ),
        (
            Value::map([
                ("reuse_key", Value::from("app")),
                ("registry_skip_verify_list", images(&["b.example.com", "a.example.com"])),
                ("registry_http_endpoint_list", images(&["c.example.com"])),
                ("image_gc", image_gc),
                ("container_gc_threshold", 80u64.into()),
                ("must_keep_last_container", true.into()),
                ("pod_eviction_threshold", 90u64.into()),
            ]),
            annotations(&[
                ("cbs-reuse-key", "app"),
                ("registry-insecure-skip-verify", "a.example.com,b.example.com"),
                ("registry-http-endpoint", "c.example.com"),
                ("image-gc-high-threshold", "85"),
                ("image-gc-period", "5m"),
                ("container-gc-threshold", "80"),
                ("must-keep-last-container", "true"),
                ("pod-eviction-threshold", "90"),
            ]),
        ),
        (Value::map([("must_keep_last_container", false)]), annotations(&[])),
        (
            Value::map([
                ("size", Value::from(50u64)),
                ("images", images(&["nginx:1.27"])),
                ("inspect_images", false.into()),
            ]),
            annotations(&[("root-cbs-size", "50")]),
        ),
    ] {
        let (value, diagnostics, calls) = read(config.clone(), Attr::Null, vec![]).await;
        assert_eq!((diagnostics, calls), (Diagnostics::default(), vec![]), "{config:?}");
        assert_eq!(*attribute(&value, "annotations"), expected, "{config:?}");
    }
}

#[tokio::test]
async fn results_are_set_beside_the_arguments() {
    let (value, ..) = read(Value::map([("size", 50u64)]), Attr::Null, vec![]).await;
    let yaml = "eks.tke.cloud.tencent.com/root-cbs-size: \"50\"\n";
    let expected = PodDiskModel {
        size: 50.into(),
        annotations: Annotations::from([("eks.tke.cloud.tencent.com/root-cbs-size".into(), "50".into())]).into(),
        global_config: Annotations::from([("pod.annotations".into(), yaml.into())]).into(),
        disk_size: 50.into(),
        billed_size: 30.into(),
        ..Default::default()
    };
    assert_eq!(value::from_value::<PodDiskModel>(&value).unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn named_cache_is_read_for_its_size() {
    let config = Value::map([("image_cache", Value::from("imc-1"))]);
    let (value, diagnostics, calls) =
        read(config, guangzhou(), vec![cache("imc-1", 40, "Ready", &["nginx:1.27"])]).await;
    assert_eq!((diagnostics, calls), (Diagnostics::default(), vec!["describe in ap-guangzhou".to_owned()]));
    let matched = FoundImageCache::new("ap-guangzhou", &cache("imc-1", 40, "Ready", &["nginx:1.27"]));
    let model: PodDiskModel = value::from_value(&value).unwrap();
    assert_eq!(model.matched_image_cache, matched.into());
    assert_eq!((model.disk_size, model.billed_size), (40.into(), 40.into()));
    assert_eq!(*attribute(&value, "annotations"), annotations(&[("use-image-cache", "imc-1")]));
}

#[tokio::test(start_paused = true)]
async fn unusable_cache_is_reported() {
    let config = |image_cache: &str, size: Option<u64>, names: &[&str]| {
        let size = size.map(|size| ("size", Value::from(size)));
        let names = (!names.is_empty()).then(|| ("images", images(names)));
        let common = [("image_cache", Value::from(image_cache)), ("inspect_images", false.into())];
        Value::map(common.into_iter().chain(size).chain(names))
    };
    let ready = || vec![cache("imc-1", 40, "Ready", &["docker.io/library/nginx:1.27"])];
    let of_status = |status| vec![cache("imc-1", 40, status, &["nginx:1.27"])];
    use Severity::{Error, Warning};
    for (config, caches, expected) in [
        (config("imc-2", None, &[]), vec![], (Error, "image_cache", "no image cache imc-2 in ap-guangzhou")),
        (config("imc-1", Some(30), &[]), ready(), (Error, "size", "30 GiB, but the image cache has 40 GiB")),
        (config("imc-1", None, &[]), of_status("Pending"), (Warning, "image_cache", "is \"Pending\"")),
        (config("imc-1", None, &[]), of_status("Failed"), (Warning, "image_cache", "is \"Failed\"")),
        (config("imc-1", None, &[]), of_status("Sleeping"), (Warning, "image_cache", "is \"Sleeping\"")),
        (config("auto", None, &["nginx:1.27"]), of_status("Updating"), (Warning, "image_cache", "is \"Updating\"")),
        (
            config("imc-1", None, &["nginx:1.27", "redis:7"]),
            ready(),
            (Warning, "images", "nginx:1.27 (the cache has it as docker.io/library/nginx:1.27), redis:7"),
        ),
        (
            config("auto", None, &["nginx:1.27"]),
            ready(),
            (Warning, "image_cache", "No Ready image cache in ap-guangzhou"),
        ),
    ] {
        let (value, diagnostics, _) = read(config.clone(), guangzhou(), caches).await;
        let [diagnostic] = diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("{config:?}: {diagnostics:?}") };
        let (severity, path, says) = expected;
        assert_eq!((diagnostic.severity, &diagnostic.path), (severity, &AttributePath::root(path)), "{diagnostic:?}");
        assert!(diagnostic.detail.contains(says), "{diagnostic:?}");
        assert_eq!(value.is_null(), severity == Error, "{config:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn auto_with_images_shows_the_cache_that_matches() {
    let config = Value::map([
        ("image_cache", Value::from("auto")),
        ("images", images(&["nginx:1.27"])),
        ("inspect_images", false.into()),
    ]);
    let (value, diagnostics, calls) =
        read(config, guangzhou(), vec![cache("imc-1", 40, "Ready", &["nginx:1.27"])]).await;
    assert_eq!((diagnostics, calls), (Diagnostics::default(), vec!["most_suitable in ap-guangzhou".to_owned()]));
    let id = AttributePath::root("matched_image_cache").attribute("id");
    assert_eq!(value.get(&id), Some(&"imc-1".into()));
    assert_eq!(*attribute(&value, "disk_size"), 40u64.into());
    assert_eq!(*attribute(&value, "annotations"), annotations(&[("use-image-cache", "auto")]));
}

#[tokio::test]
async fn named_cache_alone_needs_no_region() {
    let (value, diagnostics, calls) = read(Value::map([("image_cache", "imc-1")]), Attr::Null, vec![]).await;
    assert_eq!((diagnostics, calls), (Diagnostics::default(), vec![]));
    assert_eq!(*attribute(&value, "annotations"), annotations(&[("use-image-cache", "imc-1")]));
    assert_eq!(*attribute(&value, "matched_image_cache"), Value::Null);
    assert_eq!(*attribute(&value, "disk_size"), Value::Null);
}

#[tokio::test]
async fn named_cache_with_images_cannot_be_read_without_a_known_region() {
    for (region, summary) in [(Attr::Null, "No region"), (Attr::Unknown, "Region not known yet")] {
        let config = Value::map([
            ("image_cache", Value::from("imc-1")),
            ("images", images(&["nginx:1.27"])),
            ("inspect_images", false.into()),
        ]);
        let (value, diagnostics, calls) = read(config, region, vec![]).await;
        let [error] = diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("{diagnostics:?}") };
        assert_eq!((error.summary.as_str(), value, calls), (summary, Value::Null, vec![]));
        assert!(error.detail.contains("image_cache_annotations"), "{error:?}");
    }
}

#[tokio::test]
async fn global_config_keeps_existing_annotations() {
    for (existing, expected) in [
        (Value::Null, "eks.tke.cloud.tencent.com/root-cbs-size: \"50\"\n"),
        ("".into(), "eks.tke.cloud.tencent.com/root-cbs-size: \"50\"\n"),
        (
            "z/mode: 0644 # octal\neks.tke.cloud.tencent.com/root-cbs-size: 30\na/b: c\n".into(),
            "z/mode: \"0644\"\neks.tke.cloud.tencent.com/root-cbs-size: \"50\"\na/b: \"c\"\n",
        ),
    ] {
        let config = Value::map([("size", Value::from(50u64)), ("existing_pod_annotations", existing)]);
        let (value, diagnostics, _) = read(config, Attr::Null, vec![]).await;
        assert_eq!(diagnostics, Diagnostics::default());
        assert_eq!(*attribute(&value, "global_config"), Value::map([("pod.annotations", expected)]));
        assert_eq!(*attribute(&value, "annotations"), annotations(&[("root-cbs-size", "50")]));
    }
}

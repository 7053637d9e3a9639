use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::block::{self, ProviderConfig};
use crate::image_caches::{ImageCacheApi, ImageCaches};
use tencentcloud::Error;
use tencentcloud::credentials::Environment;
use tencentcloud::tke::*;
use terraform_plugin::diagnostics::{AttributePath, Severity};
use terraform_plugin::framework;
use terraform_plugin::value::{self, Value};

/// The API with these caches; it counts what it is asked.
#[derive(Debug, Default)]
struct Caches {
    caches: Vec<ImageCache>,
    calls: Mutex<Vec<String>>,
}

#[async_trait]
impl ImageCacheApi for Caches {
    async fn describe(&self, region: &str, _: &DescribeImageCaches) -> Result<DescribeImageCachesResponse, Error> {
        self.calls.lock().unwrap().push(format!("describe in {region}"));
        let (total_count, image_caches) = (Some(self.caches.len() as u64), self.caches.clone());
        Ok(DescribeImageCachesResponse { total_count, image_caches, request_id: "request-1".to_owned() })
    }

    async fn most_suitable(
        &self,
        region: &str,
        request: &GetMostSuitableImageCache,
    ) -> Result<GetMostSuitableImageCacheResponse, Error> {
        self.calls.lock().unwrap().push(format!("most suitable in {region}"));
        let image_cache = self.caches.iter().find(|cache| cache.images == request.images).cloned();
        Ok(GetMostSuitableImageCacheResponse { found: image_cache.is_some(), image_cache })
    }

    async fn create(
        &self,
        _: &str,
        _: &CreateImageCache,
        _: &CancellationToken,
    ) -> Result<CreateImageCacheResponse, Error> {
        unreachable!("a data source creates nothing")
    }

    async fn update(&self, _: &str, _: &UpdateImageCache) -> Result<Done, Error> {
        unreachable!("a data source updates nothing")
    }

    async fn delete(&self, _: &str, _: &DeleteImageCaches) -> Result<Done, Error> {
        unreachable!("a data source deletes nothing")
    }
}

fn cache(id: &str, size: u64, status: &str, images: &[&str]) -> ImageCache {
    let row = json!({"ImageCacheId": id, "ImageCacheName": "app", "ImageCacheSize": size, "Status": status,
        "SnapshotId": "snap-1", "Images": images});
    serde_json::from_value(row).unwrap()
}

/// What the data source says of `config`, with a provider that knows `region` and `caches`, and the calls that it made.
async fn read(config: Value, region: Attr<String>, caches: Vec<ImageCache>) -> (Value, Diagnostics, Vec<String>) {
    let api = Arc::new(Caches { caches, ..Default::default() });
    let block = ProviderConfig { region, ..ProviderConfig::with_keys() };
    let mut session = block::configure(block, Environment::default(), &mut Diagnostics::default()).unwrap();
    session.image_caches = ImageCaches::with_api(api.clone(), Duration::from_secs(5));
    let context = Context { session: Arc::new(session), stop: CancellationToken::new() };
    let data_source = framework::data_source(PodDisk);
    let invalid = data_source.validate(&config).await;
    assert_eq!(invalid, Diagnostics::default());
    let (value, diagnostics) = data_source.read(&context, &config).await;
    let calls = api.calls.lock().unwrap().clone();
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
async fn results_stand_beside_the_arguments() {
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
async fn a_named_cache_is_read_and_gives_its_size() {
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
async fn what_a_cache_cannot_do_is_said() {
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
        (config("imc-1", Some(30), &[]), ready(), (Error, "size", "30 GiB, and the image cache has 40 GiB")),
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
    assert_eq!((diagnostics, calls), (Diagnostics::default(), vec!["most suitable in ap-guangzhou".to_owned()]));
    let id = AttributePath::root("matched_image_cache").attribute("id");
    assert_eq!(value.get(&id), Some(&"imc-1".into()));
    assert_eq!(*attribute(&value, "disk_size"), 40u64.into());
    assert_eq!(*attribute(&value, "annotations"), annotations(&[("use-image-cache", "auto")]));
}

#[tokio::test]
async fn a_cache_cannot_be_looked_up_without_a_known_region() {
    for (region, summary) in [(Attr::Null, "No region"), (Attr::Unknown, "Region not known yet")] {
        let (value, diagnostics, calls) = read(Value::map([("image_cache", "imc-1")]), region, vec![]).await;
        let summaries: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect();
        assert_eq!((summaries, value, calls), (vec![summary], Value::Null, vec![]));
    }
}

#[tokio::test]
async fn the_configuration_of_a_cluster_keeps_the_annotations_of_others() {
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
            // Not there: Terraform would quote the password.
            "",
        ),
    ] {
        let diagnostics = framework::data_source(PodDisk).validate(&config).await;
        let paths: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.path.to_string()).collect();
        assert_eq!(paths, [path], "{config:?}: {diagnostics:?}");
    }
}

#[tokio::test]
async fn what_may_become_right_is_not_refused() {
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

/// A registry that gives `answer` to each request, and its host.
async fn registry(status: &'static str, body: String) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all((head + &body).as_bytes()).await.unwrap();
        }
    });
    host
}

/// A manifest with one layer of the given number of GiB that registries do not distribute: its unpacked size is estimated.
fn manifest(gib: u64) -> String {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest("a"), "size": 2},
        "layers": [{"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "digest": digest("b"), "size": gib << 30}],
    })
    .to_string()
}

fn of_registry(host: &str, size: Attr<u64>) -> PodDiskModel {
    PodDiskModel {
        images: std::collections::BTreeSet::from([format!("{host}/ai/vllm:1")]).into(),
        registry_http_endpoint_list: std::collections::BTreeSet::from([host.to_owned()]).into(),
        size,
        ..Default::default()
    }
}

#[tokio::test]
async fn images_give_the_size_that_they_need() {
    let host = registry("200 OK", manifest(10)).await;
    let config = of_registry(&host, Attr::Null);
    let inspection =
        inspection::inspect(&unconfigured(), &config, image_registry::Environment::default()).await.unwrap();
    let mut diagnostics = Diagnostics::default();
    let model = answer(config, None, inspection, &mut diagnostics).unwrap();
    // 10 GiB compressed, up to 27.55 unpacked, 5 of headroom.
    assert_eq!((model.required_size, model.disk_size, model.billed_size), (70.into(), 70.into(), 50.into()));
    let sizes = model.image_sizes.into_known().unwrap();
    let size = &sizes[&format!("{host}/ai/vllm:1")];
    assert!(size.digest.as_str().unwrap().starts_with("sha256:"), "{size:?}");
    assert_eq!((&size.compressed_bytes, &size.exact), (&(10 << 30).into(), &false.into()));
    let bounds = [&size.unpacked_bytes_min, &size.unpacked_bytes, &size.unpacked_bytes_max];
    assert_eq!(bounds.map(|bytes| *bytes.known().unwrap() >> 30), [9, 17, 27]);
    let [warning] = diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("{diagnostics:?}") };
    assert_eq!((warning.severity, &warning.path), (Severity::Warning, &AttributePath::root("images")));
    let layer = format!("{host}/ai/vllm:1, layer sha256:{}: 10.00 GiB compressed, 9.99 to 27.55 GiB", "b".repeat(64));
    assert!(warning.detail.contains(&layer), "{}", warning.detail);
    let annotations = model.annotations.into_known().unwrap();
    assert_eq!(annotations.get("eks.tke.cloud.tencent.com/root-cbs-size").map(String::as_str), Some("70"));
}

#[tokio::test]
async fn a_size_that_cannot_hold_the_images_is_an_error_with_the_arithmetic() {
    let host = registry("200 OK", manifest(10)).await;
    let config = of_registry(&host, 20.into());
    let inspection =
        inspection::inspect(&unconfigured(), &config, image_registry::Environment::default()).await.unwrap();
    let error = answer(config, None, inspection, &mut Diagnostics::default()).unwrap_err();
    assert_eq!(error.path, AttributePath::root("size"));
    for says in ["5.00 GiB headroom", "an estimated 9.99 GiB to 27.55 GiB", "Set size to 70"] {
        assert!(error.detail.contains(says), "{}", error.detail);
    }
}

#[tokio::test]
async fn an_image_that_is_not_there_is_an_error_at_the_images() {
    let host = registry("404 Not Found", "{}".to_owned()).await;
    let errors =
        inspection::inspect(&unconfigured(), &of_registry(&host, Attr::Null), image_registry::Environment::default())
            .await
            .unwrap_err();
    let [error] = errors.iter().collect::<Vec<_>>()[..] else { panic!("{errors:?}") };
    assert_eq!(error.path, AttributePath::root("images"));
    assert!(error.detail.contains(&format!("{host}/ai/vllm:1")), "{}", error.detail);
}

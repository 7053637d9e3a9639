//! Sizes of images in a registry in this process.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// A registry that responds to each request with `body`, and its host.
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

/// A manifest with a foreign layer of the given size in GiB, whose unpacked size is estimated.
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
async fn size_is_computed_from_images() {
    let host = registry("200 OK", manifest(10)).await;
    let config = of_registry(&host, Attr::Null);
    let inspection =
        inspection::inspect(&unconfigured(), &config, image_registry::Environment::default()).await.unwrap();
    let mut diagnostics = Diagnostics::default();
    let model = results(config, None, inspection, &mut diagnostics).unwrap();
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
async fn size_below_the_need_is_an_error_with_the_arithmetic() {
    let host = registry("200 OK", manifest(10)).await;
    let config = of_registry(&host, 20.into());
    let inspection =
        inspection::inspect(&unconfigured(), &config, image_registry::Environment::default()).await.unwrap();
    let error = results(config, None, inspection, &mut Diagnostics::default()).unwrap_err();
    assert_eq!(error.path, AttributePath::root("size"));
    for says in ["5.00 GiB headroom", "an estimated 9.99 GiB to 27.55 GiB", "Set size to 70"] {
        assert!(error.detail.contains(says), "{}", error.detail);
    }
}

#[tokio::test]
async fn missing_image_is_an_error_at_the_images() {
    let host = registry("404 Not Found", "{}".to_owned()).await;
    let errors =
        inspection::inspect(&unconfigured(), &of_registry(&host, Attr::Null), image_registry::Environment::default())
            .await
            .unwrap_err();
    let [error] = errors.iter().collect::<Vec<_>>()[..] else { panic!("{errors:?}") };
    assert_eq!(error.path, AttributePath::root("images"));
    assert!(error.detail.contains(&format!("{host}/ai/vllm:1")), "{}", error.detail);
}

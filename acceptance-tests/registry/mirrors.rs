//! Pull-through mirrors: tried first, with their own credentials, then the registry.

use std::collections::BTreeMap;

use image_registry::{Config, ImageSize, InspectError, Login};

use crate::docker_registry::digest;
use crate::http_server::{HttpServer, Request, Response, closed_port};
use crate::layers::{gzip, tar};
use crate::responses::{BASIC, challenge, config, inspect, manifest, ok, redirect, serve_image};

/// A layer whose both ends are read.
fn layer() -> Vec<u8> {
    gzip(&tar(1, 1_000_000))
}

async fn registry() -> HttpServer {
    let layer = layer();
    HttpServer::start(move |request, _| serve_image(request, &layer)).await
}

/// A configuration in which the registry has a mirror at `url`. Both have credentials of their own.
fn mirrored(registry: &str, url: &str) -> Config {
    let host = url.trim_start_matches("http://").split('/').next().unwrap();
    let login = Login { username: "mirror".to_owned(), password: "hunter3".into() };
    let mut config = config(registry);
    config.credentials.insert(host.to_owned(), login);
    Config { mirrors: BTreeMap::from([(registry.to_owned(), url.parse().unwrap())]), ..config }
}

/// Base64 of `mirror:hunter3`.
const MIRROR_BASIC: &str = "Basic bWlycm9yOmh1bnRlcjM=";

/// Inspects `team/app:1` through a mirror under `path` that responds with `handle`.
async fn inspect_mirrored(
    registry: &HttpServer,
    path: &str,
    handle: impl Fn(&Request, &str) -> Response + Send + Sync + 'static,
) -> (Result<ImageSize, InspectError>, HttpServer) {
    let mirror = HttpServer::start(handle).await;
    let config = mirrored(&registry.host, &format!("http://{}{path}", mirror.host));
    (inspect(config, &format!("{}/team/app:1", registry.host)).await, mirror)
}

#[tokio::test]
async fn mirror_serves_everything() {
    for (path, base) in [("", "/v2/"), ("/hub", "/hub/v2/"), ("/v2/hub/", "/v2/hub/")] {
        let registry = registry().await;
        let layer = layer();
        let (result, mirror) = inspect_mirrored(&registry, path, move |request, _| serve_image(request, &layer)).await;
        let image = result.unwrap();
        assert_eq!(image.reference.registry(), registry.host);
        assert!(image.layers[0].unpacked.is_exact());
        assert_eq!(registry.requests().len(), 0);
        let requests = mirror.requests();
        assert_eq!(requests[0].target, format!("{base}team/app/manifests/1"));
        assert!(requests[1].target.starts_with(&format!("{base}team/app/blobs/sha256:")), "{requests:?}");
    }
}

#[tokio::test]
async fn registry_is_the_fallback_for_its_mirror() {
    for status in [401, 403, 404, 429, 500, 502, 503] {
        let registry = registry().await;
        let refuse = move |_: &Request, _: &str| Response::Full(status, "Retry-After: 0\r\n".to_owned(), Vec::new());
        let (result, mirror) = inspect_mirrored(&registry, "", refuse).await;
        assert!(result.unwrap().layers[0].unpacked.is_exact(), "{status}");
        let has_blobs =
            |server: &HttpServer| server.requests().iter().any(|request| request.target.contains("/blobs/"));
        assert!(has_blobs(&mirror) && has_blobs(&registry), "{status}: each request tries the mirror first");
    }
}

#[tokio::test]
async fn mirror_without_a_connection_is_not_tried_again() {
    let registry = registry().await;
    let (result, mirror) = inspect_mirrored(&registry, "", |_, _| Response::Hangup).await;
    assert!(result.unwrap().layers[0].unpacked.is_exact());
    let requests = mirror.requests();
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|request| request.target.contains("/manifests/")), "{requests:?}");

    let config = mirrored(&registry.host, &format!("http://{}", closed_port()));
    assert!(inspect(config, &format!("{}/team/app:1", registry.host)).await.is_ok());
}

#[tokio::test]
async fn mirror_with_unreachable_storage_is_still_used() {
    let registry = registry().await;
    let storage = closed_port();
    let layer = layer();
    let (result, mirror) = inspect_mirrored(&registry, "", move |request, _| {
        if request.target.contains("/blobs/") {
            redirect(&format!("http://{storage}/blob"))
        } else {
            ok(manifest(&layer, layer.len() as i64))
        }
    })
    .await;
    assert!(result.unwrap().layers[0].unpacked.is_exact());
    let blobs = mirror.requests().iter().filter(|request| request.target.contains("/blobs/")).count();
    assert_eq!(blobs, 2, "both ends of the layer");
}

#[tokio::test]
async fn mirror_has_its_own_credentials() {
    let registry = registry().await;
    let layer = layer();
    let (result, mirror) = inspect_mirrored(&registry, "", move |request, _| match request.header("authorization") {
        None => challenge("Basic realm=\"mirror\""),
        Some(_) => serve_image(request, &layer),
    })
    .await;
    assert!(result.is_ok(), "{result:?}");
    let sent: Vec<_> =
        mirror.requests().iter().map(|request| request.header("authorization").map(str::to_owned)).collect();
    assert_eq!(sent[0], None);
    assert!(sent[1..].iter().all(|authorization| authorization.as_deref() == Some(MIRROR_BASIC)), "{sent:?}");

    // Without them, requests to the mirror are anonymous, and those to the registry have the registry's.
    let strict = HttpServer::start(|_, _| challenge("Basic realm=\"mirror\"")).await;
    let layer = self::layer();
    let registry = HttpServer::start(move |request, _| match request.header("authorization") {
        None => challenge("Basic realm=\"registry\""),
        Some(_) => serve_image(request, &layer),
    })
    .await;
    let mut config = mirrored(&registry.host, &format!("http://{}", strict.host));
    config.credentials.remove(&strict.host);
    let result = inspect(config, &format!("{}/team/app:1", registry.host)).await;
    assert!(result.is_ok(), "{result:?}");
    assert!(strict.requests().iter().all(|request| request.header("authorization").is_none()));
    assert!(registry.requests().iter().any(|request| request.header("authorization") == Some(BASIC)));
}

#[tokio::test]
async fn content_of_a_mirror_is_checked_against_the_digest() {
    let image = r#"{"schemaVersion":2,"layers":[]}"#;
    let registry = HttpServer::start(move |_, _| ok(image)).await;
    let mirror = HttpServer::start(|_, _| ok(r#"{"schemaVersion":2,"layers":null}"#)).await;
    let config = mirrored(&registry.host, &format!("http://{}", mirror.host));
    let result = inspect(config, &format!("{}/team/app@{}", registry.host, digest(image.as_bytes()))).await;
    assert_eq!(result.unwrap().digest, digest(image.as_bytes()));
    assert_eq!((mirror.requests().len(), registry.requests().len()), (1, 1));
}

#[tokio::test]
async fn error_names_the_mirror_and_the_registry() {
    let registry = HttpServer::start(|_, _| Response::Full(404, String::new(), Vec::new())).await;
    let (result, mirror) = inspect_mirrored(&registry, "", |_, _| Response::Full(403, String::new(), Vec::new())).await;
    let error = result.unwrap_err().to_string();
    let expected = [
        format!("{} has no tag 1", registry.host),
        format!("its mirror {0} failed: {0} refuses access with the configured credentials", mirror.host),
    ];
    assert!(expected.iter().all(|part| error.contains(part)), "{error}");
}

#[tokio::test]
async fn plain_http_mirror_must_be_listed() {
    let registry = registry().await;
    let mut config = mirrored(&registry.host, "http://localhost:1");
    config.http_hosts = [registry.host.clone()].into();
    let error = inspect(config, &format!("{}/team/app:1", registry.host)).await.unwrap_err().to_string();
    assert!(error.contains("the mirror http://localhost:1/ uses plain HTTP, but its host is not listed"), "{error}");
}

//! Layers that cannot be read in parts: estimated, with a reason that names the host that responded.

use image_registry::Basis;

use crate::http_server::{HttpServer, Response, closed_port};
use crate::layers::{gzip, tar};
use crate::responses::{inspect_served, manifest, ok, redirect};

/// Inspects an image whose registry responds to requests for blobs with `blobs`. Returns the reason for the estimate, and the host of
/// the registry.
async fn estimated_because(blobs: impl Fn() -> Response + Send + Sync + 'static) -> (String, String) {
    let archive = tar(1, 1_000_000);
    let (layer, unpacked) = (gzip(&archive), archive.len() as u64);
    let (result, server) = inspect_served(move |request, _| {
        if request.target.contains("/blobs/") { blobs() } else { ok(manifest(&layer, layer.len() as i64)) }
    })
    .await;
    let [layer] = result.unwrap().layers.try_into().unwrap();
    assert!((layer.unpacked.min..=layer.unpacked.max).contains(&unpacked), "{layer:?}");
    let Basis::Unreadable(reason) = layer.unpacked.basis else { panic!("{layer:?}") };
    (reason, server.host)
}

#[tokio::test]
async fn refused_part_is_estimated() {
    for (status, headers, expected) in [
        (400, "", "responds with status 400"),
        (401, "", "refuses access"),
        (403, "", "refuses access with the configured credentials"),
        (416, "", "responds with status 416"),
        (429, "Retry-After: 3600\r\n", "limits the rate of requests and asks to wait 3600 seconds"),
        (429, "Retry-After: 0\r\n", "limits the rate of requests"),
        (500, "", "responds with status 500"),
        (503, "Retry-After: 0\r\n", "responds with status 503"),
    ] {
        let (reason, host) = estimated_because(move || Response::Full(status, headers.to_owned(), Vec::new())).await;
        assert!(reason.contains(expected) && reason.contains(&host), "{status}: {reason}");
    }
}

#[tokio::test]
async fn storage_that_refuses_is_named() {
    let storage = HttpServer::start(|_, _| Response::Full(403, String::new(), Vec::new())).await;
    let location = format!("http://{}/signed?secret=1", storage.host);
    let (reason, _) = estimated_because(move || redirect(&location)).await;
    assert_eq!(reason, format!("{} responds with status 403", storage.host));
}

#[tokio::test]
async fn dead_storage_is_named() {
    let storage = closed_port();
    let location = format!("http://{storage}/blob");
    let (reason, _) = estimated_because(move || redirect(&location)).await;
    assert!(reason.starts_with(&format!("no response from {storage}: ")), "{reason}");
}

#[tokio::test]
async fn response_that_breaks_off_is_estimated() {
    let (reason, host) = estimated_because(|| Response::Hangup).await;
    assert!(reason.starts_with(&format!("no complete response from {host}: ")), "{reason}");
}

#[tokio::test]
async fn layer_that_does_not_exist_is_an_error() {
    let (result, server) = inspect_served(|request, _| {
        if request.target.contains("/blobs/") {
            Response::Full(404, String::new(), Vec::new())
        } else {
            ok(manifest(b"layer", 100_000))
        }
    })
    .await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains(&format!("{} has no layer sha256:", server.host)), "{error}");
}

//! A client with a password, and responses for it.

use std::collections::BTreeMap;

use image_registry::{Config, ImageSize, InspectError, Inspector, Login, Platform, Reference};

use crate::docker_registry::digest;
use crate::http_server::{HttpServer, Request, Response};

pub const SECRET: &str = "hunter2";
/// Base64 of `me:hunter2`.
pub const BASIC: &str = "Basic bWU6aHVudGVyMg==";

pub fn config(host: &str) -> Config {
    let login = Login { username: "me".to_owned(), password: SECRET.into() };
    Config {
        credentials: BTreeMap::from([(host.to_owned(), login)]),
        // All servers of these tests, so that plain HTTP is never the reason for a refusal.
        http_hosts: ["127.0.0.1".to_owned(), host.to_owned()].into(),
        ..Config::default()
    }
}

pub async fn inspect(config: Config, image: &str) -> Result<ImageSize, InspectError> {
    let reference = Reference::parse(image).unwrap();
    let result = Inspector::new(config).inspect(&[reference], &Platform::default()).await.remove(0);
    if let Err(error) = &result {
        let text = format!("{error} {error:?}");
        assert!(text.contains(image) && !text.contains(SECRET) && !text.contains(BASIC), "{text}");
    }
    result
}

/// Inspects `app:1` in a registry that responds with `handle`, with a password.
pub async fn inspect_served(
    handle: impl Fn(&Request, &str) -> Response + Send + Sync + 'static,
) -> (Result<ImageSize, InspectError>, HttpServer) {
    let server = HttpServer::start(handle).await;
    let result = inspect(config(&server.host), &format!("{}/app:1", server.host)).await;
    (result, server)
}

pub fn ok(body: impl Into<Vec<u8>>) -> Response {
    Response::Full(200, String::new(), body.into())
}

pub fn redirect(to: &str) -> Response {
    Response::Full(307, format!("Location: {to}\r\n"), Vec::new())
}

pub fn challenge(challenge: &str) -> Response {
    Response::Full(401, format!("WWW-Authenticate: {challenge}\r\n"), Vec::new())
}

pub fn manifest(layer: &[u8], size: i64) -> String {
    format!(r#"{{"schemaVersion":2,"layers":[{{"mediaType":"m","digest":"{}","size":{size}}}]}}"#, digest(layer))
}

pub fn index(manifest: &str, size: usize) -> String {
    let platform = r#"{"os":"linux","architecture":"amd64"}"#;
    let digest = digest(manifest.as_bytes());
    format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"{digest}","size":{size},"platform":{platform}}}]}}"#)
}

/// The part of `blob` that is requested.
pub fn part(request: &Request, blob: &[u8]) -> Response {
    let range = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let Some((start, end)) = range else { return ok(blob) };
    let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
    let headers = format!("Content-Range: bytes {start}-{end}/{}\r\n", blob.len());
    Response::Full(206, headers, blob[start..=end].to_vec())
}

/// An image with one layer: its manifest, and the parts of the layer.
pub fn serve_image(request: &Request, layer: &[u8]) -> Response {
    if request.target.contains("/blobs/") { part(request, layer) } else { ok(manifest(layer, layer.len() as i64)) }
}

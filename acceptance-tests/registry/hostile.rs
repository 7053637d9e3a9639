//! Hostile registries: responses are bounded or refused, and no credential is leaked.

use image_registry::{Cause, Config, Environment, ImageSize, InspectError};

use crate::docker_registry::digest;
use crate::http_server::{HttpServer, Request, Response};
use crate::layers::{gzip, tar};
use crate::responses::{BASIC, challenge, config, index, inspect, inspect_served, manifest, ok, redirect};

/// Allowance for kernel buffers on both sides: one process may write more than the other reads.
const BUFFERS: u64 = 16 << 20;

#[tokio::test]
async fn endless_manifest_is_not_read_to_the_end() {
    let (result, server) = inspect_served(|_, _| Response::Endless(200, String::new())).await;
    assert!(matches!(result.unwrap_err().cause, Cause::TooLarge { limit: 4_194_304, .. }));
    assert!(server.sent() < (4 << 20) + BUFFERS, "{}", server.sent());
}

#[tokio::test]
async fn manifest_with_too_long_content_length_is_not_read() {
    let (result, server) =
        inspect_served(|_, _| Response::Endless(200, "Content-Length: 4194305\r\n".to_owned())).await;
    assert!(matches!(result.unwrap_err().cause, Cause::TooLarge { .. }));
    assert!(server.sent() <= BUFFERS);
}

#[tokio::test]
async fn manifest_of_4_mib_is_read() {
    let (result, _) = inspect_served(|_, _| {
        let mut body = br#"{"schemaVersion":2,"layers":[]}"#.to_vec();
        body.resize(4 << 20, b' ');
        ok(body)
    })
    .await;
    assert_eq!(result.unwrap().layers, []);
}

#[tokio::test]
async fn endless_layer_is_read_to_64_kib_and_estimated() {
    let layer = gzip(&tar(1, 60_000));
    let size = layer.len() as i64;
    let (result, server) = inspect_served(move |request, _| {
        if request.target.contains("/blobs/") {
            Response::Endless(200, String::new())
        } else {
            ok(manifest(&layer, size))
        }
    })
    .await;
    let layers = result.unwrap().layers;
    assert!(!layers[0].unpacked.is_exact());
    assert!(server.sent() < BUFFERS, "{}", server.sent());
}

#[tokio::test]
async fn registry_without_ranges_gives_estimates() {
    let layer = gzip(&tar(1, 1_000_000));
    let body = layer.clone();
    let size = layer.len() as i64;
    let (result, _) = inspect_served(move |request, _| {
        ok(if request.target.contains("/blobs/") { body.clone() } else { manifest(&layer, size).into_bytes() })
    })
    .await;
    let layers = result.unwrap().layers;
    assert_eq!((layers[0].unpacked.is_exact(), layers[0].compressed_bytes as i64), (false, size));
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let (result, server) = inspect_served(|_, host| redirect(&format!("http://{host}/v2/app/manifests/1"))).await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("it is one of too many redirects"), "{error}");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn redirect_sends_no_credential_to_another_host() {
    let storage = HttpServer::start(|_, _| ok(r#"{"schemaVersion":2,"layers":[]}"#)).await;
    let location = format!("http://{}/signed?token=abc", storage.host);
    let (result, server) = inspect_served(move |request, _| match request.header("authorization") {
        None => challenge("Basic realm=\"r\""),
        Some(_) => redirect(&location),
    })
    .await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(server.requests()[1].header("authorization"), Some(BASIC));
    let requests = storage.requests();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].head.to_lowercase().contains("authorization"), "{}", requests[0].head);
}

/// Inspects in a registry with a public address, which a proxy in this process simulates.
async fn inspect_public(
    handle: impl Fn(&Request, &str) -> Response + Send + Sync + 'static,
) -> (Result<ImageSize, InspectError>, HttpServer) {
    let proxy = HttpServer::start(handle).await;
    let environment = Environment::from_iter([("http_proxy".to_owned(), format!("http://{}", proxy.host))]);
    let mut config = Config { environment, ..config("203.0.113.5") };
    config.http_hosts.extend(["10.0.0.8", "[::1]", "169.254.169.254", "localhost", "198.51.100.7"].map(str::to_owned));
    (inspect(config, "203.0.113.5/app:1").await, proxy)
}

type Handle = Box<dyn Fn(&Request, &str) -> Response + Send + Sync>;

#[tokio::test]
async fn public_registry_cannot_refer_to_private_addresses() {
    for target in
        ["10.0.0.8", "127.0.0.1:1", "[::1]:1", "169.254.169.254", "localhost:1", "2130706433", "[::ffff:a00:8]"]
    {
        let realm = format!("Bearer realm=\"http://{target}/token\",service=\"s\"");
        let responses: [Handle; 2] = [
            Box::new(move |request, _| match request.header("authorization") {
                None => challenge("Basic realm=\"r\""),
                Some(_) => redirect(&format!("http://{target}/latest/meta-data/")),
            }),
            Box::new(move |_, _| challenge(&realm)),
        ];
        for response in responses {
            let (result, proxy) = inspect_public(response).await;
            let cause = result.unwrap_err().cause;
            assert!(matches!(cause, Cause::Redirect { .. }), "{target}: {cause}");
            for request in proxy.requests() {
                assert!(request.target.starts_with("http://203.0.113.5/v2/"), "{request:?}");
            }
        }
    }
}

#[tokio::test]
async fn public_registry_can_refer_to_public_addresses() {
    let (result, proxy) = inspect_public(|request, _| {
        match (request.target.starts_with("http://198.51.100.7/"), request.header("authorization")) {
            (true, _) => ok(r#"{"schemaVersion":2,"layers":[]}"#),
            (false, None) => challenge("Basic realm=\"r\""),
            (false, Some(_)) => redirect("http://198.51.100.7/blob"),
        }
    })
    .await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(proxy.requests()[2].header("authorization"), None);
}

#[tokio::test]
async fn redirects_to_other_schemes_and_with_passwords_are_refused() {
    for (target, reason) in [
        ("file:///etc/passwd", "neither HTTPS nor HTTP"),
        ("http://me:pw@127.0.0.1:1/", "its URL contains credentials"),
        ("http://unlisted.example.com/", "it uses plain HTTP, but the host is not listed"),
        ("http://[broken/", "the Location is not a URL"),
    ] {
        let (result, _) = inspect_served(move |_, _| redirect(target)).await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains(reason), "{target}: {error}");
    }
}

#[tokio::test]
async fn token_scope_is_pulling_one_repository() {
    let tokens = HttpServer::start(|_, _| ok(r#"{"token":"abc"}"#)).await;
    let realm = format!("http://{}/token", tokens.host);
    let (result, registry) = inspect_served(move |request, _| match request.header("authorization") {
        Some("Bearer abc") => ok(r#"{"schemaVersion":2,"layers":[]}"#),
        _ => challenge(&format!("Bearer realm=\"{realm}\",service=\"a b\",scope=\"repository:other:push\"")),
    })
    .await;
    assert!(result.is_ok(), "{result:?}");
    let [request] = tokens.requests().try_into().unwrap();
    assert_eq!(request.target, "/token?service=a+b&scope=repository%3Aapp%3Apull");
    assert_eq!(request.header("authorization"), Some(BASIC));
    assert!(registry.requests().iter().all(|request| request.header("authorization") != Some(BASIC)));
}

#[tokio::test]
async fn invalid_token_response_is_an_error() {
    type Respond = fn() -> Response;
    let cases: [(Respond, &str); 5] = [
        (|| Response::Endless(200, String::new()), "the response of the token service is larger than"),
        (|| Response::Full(401, String::new(), Vec::new()), "refuses access with the configured credentials"),
        (|| Response::Full(500, String::new(), Vec::new()), "responds with status 500"),
        (|| ok("{}"), "responds with status 200: the response contains no token"),
        (|| ok("{\"token\":\"a\\nb\"}"), "responds with status 200: the response contains no token"),
    ];
    for (respond, expected) in cases {
        let tokens = HttpServer::start(move |_, _| respond()).await;
        let realm = format!("http://{}/token", tokens.host);
        let (result, _) = inspect_served(move |_, _| challenge(&format!("Bearer realm=\"{realm}\""))).await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[tokio::test]
async fn repeated_challenge_is_followed_once() {
    let (result, server) = inspect_served(|_, _| challenge("Basic realm=\"r\"")).await;
    assert!(matches!(result.unwrap_err().cause, Cause::Unauthorized { .. }));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn credentials_of_another_registry_are_not_sent() {
    let server = HttpServer::start(|_, _| challenge("Basic realm=\"r\"")).await;
    let mut config = config("other.example.com");
    config.http_hosts.insert(server.host.clone());
    let result = inspect(config, &format!("{}/app:1", server.host)).await;
    assert!(matches!(result.unwrap_err().cause, Cause::Unauthorized { .. }));
    assert!(server.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn mismatched_content_is_refused() {
    let image = r#"{"schemaVersion":2,"layers":[]}"#;
    let nested = index("{}", 2);
    let wrong_size = index(image, 5);
    let negative = manifest(b"", -1);
    let cases: Vec<(String, String, &str)> = vec![
        (index(image, image.len()), image.replace('2', "3"), "sent content with the digest"),
        (wrong_size, image.to_owned(), "but its manifest states 5"),
        (index(&nested, nested.len()), nested, "sent content with the digest"),
        (negative, String::new(), "invalid value: integer `-1`"),
        (index(image, image.len()).replace("amd64", "arm64"), String::new(), "it is available for linux/arm64"),
    ];
    for (tagged, child, expected) in cases {
        let (result, _) = inspect_served(move |request, _| {
            ok(if request.target.ends_with("/manifests/1") { tagged.clone() } else { child.clone() })
        })
        .await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[tokio::test]
async fn stated_and_requested_digests_must_match() {
    let image = r#"{"schemaVersion":2,"layers":[]}"#;
    let wrong = digest(b"other");
    let header = format!("Docker-Content-Digest: {wrong}\r\n");
    let (result, _) = inspect_served(move |_, _| Response::Full(200, header.clone(), image.into())).await;
    assert!(matches!(result.unwrap_err().cause, Cause::DigestMismatch { .. }));

    let server = HttpServer::start(move |_, _| ok(image)).await;
    for (digest, expected) in [(digest(image.as_bytes()), true), (wrong, false)] {
        let result = inspect(config(&server.host), &format!("{}/app@{digest}", server.host)).await;
        assert_eq!(result.is_ok(), expected, "{result:?}");
    }
}

#[tokio::test]
async fn layer_of_wrong_length_is_refused() {
    let layer = gzip(&tar(1, 1_000));
    let partial = "Content-Range: bytes 0-9/999999\r\n".to_owned();
    for (status, headers) in [(206, partial), (200, String::new())] {
        let layer = layer.clone();
        let (result, _) = inspect_served(move |request, _| {
            if request.target.contains("/blobs/") {
                Response::Full(status, headers.clone(), layer[..10].to_vec())
            } else {
                ok(manifest(&layer, layer.len() as i64))
            }
        })
        .await;
        assert!(matches!(result.unwrap_err().cause, Cause::SizeMismatch { .. }));
    }
}

#[tokio::test]
async fn short_rate_limits_are_waited_for() {
    let limited = |seconds: &str| Response::Full(429, format!("Retry-After: {seconds}\r\n"), Vec::new());
    for seconds in ["3600", "18446744073709551615"] {
        let (result, server) = inspect_served(move |_, _| limited(seconds)).await;
        let error = result.unwrap_err().to_string();
        let expected = format!("limits the rate of requests and asks to wait {seconds} seconds");
        assert!(error.contains(&expected), "{error}");
        assert_eq!(server.requests().len(), 1);
    }

    let asked = std::sync::atomic::AtomicUsize::new(0);
    let (result, server) = inspect_served(move |_, _| match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => limited("0"),
        1 => limited("Wed, 21 Oct 2015 07:28:00 GMT"),
        _ => ok(r#"{"schemaVersion":2,"layers":[]}"#),
    })
    .await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(server.requests().len(), 3);

    let (result, server) = inspect_served(move |_, _| limited("0")).await;
    assert!(matches!(result.unwrap_err().cause, Cause::RateLimited { .. }));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn silent_registry_times_out_after_30_seconds() {
    // From the first request on, time is simulated, and advances when nothing else happens.
    let (result, _) = inspect_served(|_, _| {
        tokio::time::pause();
        Response::Silence
    })
    .await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("no complete response from") && error.ends_with("within 30 seconds"), "{error}");
}

#[tokio::test]
async fn refusal_shows_the_escaped_message_of_the_registry() {
    let body = r#"{"errors":[{"code":"DENIED","message":"quota\u001b[2J exceeded"}]}"#;
    let (result, _) = inspect_served(move |_, _| Response::Full(418, String::new(), body.into())).await;
    let error = result.unwrap_err().to_string();
    assert!(error.ends_with("responds with status 418: DENIED quota\\u{1b}[2J exceeded"), "{error}");
}

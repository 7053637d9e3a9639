//! The message of every variant of every error enum. A variant that is missing here is a compile error.

use std::sync::Arc;
use std::time::Duration;

use image_registry::{Cause, MirrorError};
use tencentcloud::Error;
use tencentcloud::credentials::{AccountError, CredentialsError};
use tencentcloud::tke::ImageCache;

use crate::errors::chain;
use crate::image_caches::{CreateError, WaitError};
use terraform_plugin::framework::Ended;

/// Checks the messages of samples of each variant, with their causes, and that no variant is missing.
macro_rules! variants {
    ($name:ident: $($variant:ident => [$($error:expr => $text:expr),+ $(,)?]),+ $(,)?) => {
        // The match is exhaustive.
        let is_listed = |error: &$name| match error { $($name::$variant { .. } => stringify!($variant)),+ };
        $($({
            let error: $name = $error;
            assert_eq!(is_listed(&error), stringify!($variant));
            let text = chain(&error);
            assert_eq!(text, $text, "{}", stringify!($variant));
            is_prose(&text);
        })+)+
    };
}

/// Fails if `text` contains the `Debug` form of an error, an `Option` or an enum.
#[track_caller]
fn is_prose(text: &str) {
    for form in ["Some(", "None", "Ok(", "Err(", "Error {", "Other(", "kind:", " { "] {
        assert!(!text.contains(form), "{form:?} in {text}");
    }
}

fn refused() -> Error {
    Error::Api {
        action: "CreateImageCache",
        code: "LimitExceeded".to_owned(),
        message: "Too many caches.".to_owned(),
        request_id: "r-1".to_owned(),
        http_status: 200,
    }
}

fn not_connected() -> Error {
    let source = network_failure("127.0.0.1:9 refuses connections");
    Error::NotConnected { action: "DescribeImageCaches", endpoint: "127.0.0.1:9".to_owned(), source }
}

fn network_failure(text: &str) -> tencentcloud::Failure {
    tencentcloud::Failure::transient(text)
}

fn cache() -> Arc<ImageCache> {
    let cache = serde_json::json!({"ImageCacheId": "imc-1", "Status": "Sleeping"});
    Arc::new(serde_json::from_value(cache).unwrap())
}

#[test]
fn api_errors() {
    let skew = |seconds_behind| Error::ClockSkew { action: "A", seconds_behind, request_id: "r-1".to_owned() };
    let unreadable = |http_status, problem: &str, is_foreign| Error::Unreadable {
        action: "A",
        http_status,
        request_id: None,
        problem: problem.to_owned(),
        is_foreign,
    };
    variants!(Error:
        Api => [
            refused() => "CreateImageCache: LimitExceeded: Too many caches (request r-1)",
        ],
        ClockSkew => [
            skew(Some(700)) => "A: this machine's clock is 700 seconds behind Tencent Cloud's; set it, because signatures expire \
                                after 5 minutes (request r-1)",
            skew(Some(0)) => "A: the request arrived more than 5 minutes after it was signed, although the clocks agree: the \
                              machine was suspended, or the network delayed the request; run the command again (request r-1)",
            skew(None) => "A: this machine's clock is more than 5 minutes off Tencent Cloud's; set it (request r-1)",
        ],
        Unsendable => [
            Error::Unsendable {
                action: "A",
                problem: "the connection cannot be set up",
                source: Arc::new(network_failure("the system has no certificates")),
            } => "A: the connection cannot be set up: the system has no certificates",
        ],
        NotConnected => [
            not_connected() => "DescribeImageCaches: no connection to 127.0.0.1:9: 127.0.0.1:9 refuses connections",
        ],
        NoResponse => [
            Error::NoResponse {
                action: "A",
                endpoint: "tke.example.com".to_owned(),
                source: Arc::new(network_failure("tke.example.com closed the connection")),
            } => "A: no response from tke.example.com: tke.example.com closed the connection",
        ],
        Unreadable => [
            unreadable(200, "not JSON: <html>", true) => "A: unusable response, HTTP status 200: not JSON: <html>",
            unreadable(503, "not JSON: <html>", true) =>
                "A: unusable response, HTTP status 503 Service Unavailable: not JSON: <html>",
        ],
        Credentials => [
            Error::Credentials { action: "A", source: Arc::new(CredentialsError::Metadata { problem: "404".to_owned() }) }
                => "A: no usable credentials: instance role: 404",
            Error::Credentials { action: "A", source: Arc::new(CredentialsError::Unsettled { problem: "wait".to_owned() }) }
                => "A: cannot be called yet: wait",
        ],
        Ended => [Error::Ended { action: "A" } => "A: not sent, because the operation was ended"],
        Account => [
            Error::Account { action: "A", source: Arc::new(not_allowed()) } =>
                "A: not sent: the credentials belong to account 2, which is not in allowed_account_ids (1)",
        ],
    );
}

fn not_allowed() -> AccountError {
    AccountError::NotAllowed { account: "2".to_owned(), allowed: "1".to_owned() }
}

#[test]
fn account_errors() {
    variants!(AccountError:
        NotAllowed => [not_allowed() => "the credentials belong to account 2, which is not in allowed_account_ids (1)"],
        Forbidden => [
            AccountError::Forbidden { account: "2".to_owned(), forbidden: "2".to_owned() } =>
                "the credentials belong to account 2, which is in forbidden_account_ids (2)",
        ],
        Unknown => [
            AccountError::Unknown(refused()) =>
                "the account of the credentials is unknown, and allowed_account_ids and forbidden_account_ids need it: \
                 CreateImageCache: LimitExceeded: Too many caches (request r-1)",
        ],
    );
}

#[test]
fn credentials_errors() {
    let file = |line| CredentialsError::File { path: "/f.json".into(), line, problem: "not valid JSON".to_owned() };
    variants!(CredentialsError:
        NotFound => [
            CredentialsError::NotFound { configuration: "provider block", tried: vec![("profile", "there is none".to_owned())] } =>
                "no credentials found\n  - profile: there is none\nSet secret_id and secret_key in the provider block, the \
                 variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run \"tccli configure\"",
        ],
        Incomplete => [
            CredentialsError::Incomplete { origin: "environment".to_owned(), present: "ID", missing: "KEY" } =>
                "environment: ID is set, KEY is not; set both in the same place, or neither",
        ],
        Invalid => [
            CredentialsError::Invalid { origin: "provider block".to_owned(), problem: "secret_id is empty".to_owned() } =>
                "provider block: secret_id is empty",
        ],
        Unsettled => [CredentialsError::Unsettled { problem: "not known yet".to_owned() } => "not known yet"],
        File => [
            file(Some(3)) => "/f.json:3: not valid JSON",
            file(None) => "/f.json: not valid JSON",
        ],
        NoProfile => [
            CredentialsError::NoProfile { profile: "ci".to_owned(), searched: vec!["/a".into(), "/b".into()] } =>
                "profile \"ci\" does not exist: looked for /a and /b; create it with \"tccli configure --profile ci\", or name \
                 another in profile or TENCENTCLOUD_PROFILE",
        ],
        Expired => [
            CredentialsError::Expired {
                origin: "profile".to_owned(),
                expired_at: "at 2026-01-01T00:00:00Z".to_owned(),
                remedy: "get new ones",
            } => "profile: expired at 2026-01-01T00:00:00Z, get new ones",
        ],
        Sts => [
            CredentialsError::Sts {
                origin: "assume_role".to_owned(),
                request: "AssumeRole of r".to_owned(),
                advice: Some("check the role"),
                source: Arc::new(not_connected()),
            } => "assume_role: AssumeRole of r failed (check the role): DescribeImageCaches: no connection to 127.0.0.1:9: \
                  127.0.0.1:9 refuses connections",
        ],
        Metadata => [CredentialsError::Metadata { problem: "404".to_owned() } => "instance role: 404"],
    );
}

#[test]
fn registry_errors() {
    let host = || "r.io".to_owned();
    let refused = |status, message: &str| Cause::Refused { host: host(), status, message: message.to_owned() };
    let page = |status| Cause::NotARegistry { host: host(), status, excerpt: "<html>".to_owned() };
    let limited = |retry_after| Cause::RateLimited { host: host(), retry_after };
    let not_found = || Cause::NotFound { host: host(), what: "tag 1".to_owned() };
    variants!(Cause:
        Unreachable => [
            Cause::Unreachable { host: host(), failure: network_failure("r.io refuses connections") } =>
                "no response from r.io: r.io refuses connections",
        ],
        Interrupted => [
            Cause::Interrupted { host: host(), reason: "r.io closed the connection".to_owned() } =>
                "no complete response from r.io: r.io closed the connection",
        ],
        TimedOut => [
            Cause::TimedOut { host: host(), limit: Duration::from_secs(30) } =>
                "no complete response from r.io within 30 seconds",
        ],
        Unauthorized => [
            Cause::Unauthorized { host: host(), with: "without credentials" } => "r.io refuses access without credentials",
        ],
        NotFound => [not_found() => "r.io has no tag 1, or these credentials may not read it"],
        NotARegistry => [
            page(200) => "r.io responds with HTML, which no registry does: <html>",
            page(404) => "r.io responds with HTML and status 404, which no registry does: <html>",
        ],
        Refused => [
            refused(418, "") => "r.io responds with status 418",
            refused(503, "busy") => "r.io responds with status 503 Service Unavailable: busy",
        ],
        RateLimited => [
            limited(None) =>
                "r.io limits the rate of requests; try again later, or give credentials if there were none",
            limited(Some(Duration::from_secs(9))) =>
                "r.io limits the rate of requests and asks to wait 9 seconds; try again later, or give credentials if there \
                 were none",
        ],
        TooLarge => [Cause::TooLarge { what: "the manifest", limit: 9 } => "the manifest is larger than 9 bytes"],
        Redirect => [
            Cause::Redirect { to: host(), reason: "it is plain HTTP" } =>
                "the registry refers to r.io, which is not followed: it is plain HTTP",
        ],
        InvalidManifest => [
            Cause::InvalidManifest { digest: "sha256:1".to_owned(), reason: "no layers".to_owned() } =>
                "the manifest sha256:1 is not valid: no layers",
        ],
        DigestMismatch => [
            Cause::DigestMismatch { expected: "sha256:1".to_owned(), actual: "sha256:2".to_owned() } =>
                "the registry sent content with the digest sha256:2 where sha256:1 was expected",
        ],
        SizeMismatch => [
            Cause::SizeMismatch { digest: "sha256:1".to_owned(), expected: 1, actual: 2 } =>
                "sha256:1 has 2 bytes, but its manifest states 1",
        ],
        NoPlatform => [
            Cause::NoPlatform { wanted: "linux/arm64".parse().unwrap(), available: "linux/amd64".to_owned() } =>
                "the image is not available for linux/arm64; it is available for linux/amd64",
        ],
        Credentials => [
            Cause::Credentials(image_registry::CredentialsError::new("/config.json", "not valid JSON")) =>
                "/config.json: not valid JSON",
        ],
        Client => [Cause::Client("HTTPS_PROXY is not a URL".to_owned()) => "HTTPS_PROXY is not a URL"],
        Mirror => [
            Cause::Mirror { host: "m.io".to_owned(), mirror: Box::new(page(200)), registry: Box::new(not_found()) } =>
                "r.io has no tag 1, or these credentials may not read it. Before that, its mirror m.io failed: r.io responds \
                 with HTML, which no registry does: <html>",
        ],
    );
    variants!(MirrorError:
        NotAUrl => [MirrorError::NotAUrl => "expected a URL, for example \"https://mirror.example.com\""],
        Scheme => [
            MirrorError::Scheme("ftp".to_owned()) => "expected a URL that begins with https:// or http://, got ftp://",
        ],
        Extra => [
            MirrorError::Extra =>
                "expected a URL without user name, password, query and fragment: credentials come from \
                 image_registry_credentials or the user's registry configuration",
        ],
    );
}

#[test]
fn image_cache_errors() {
    let id = || "imc-1".to_owned();
    variants!(CreateError:
        NotSent => [
            CreateError::NotSent { ended: Ended::Interrupted, last: None } =>
                "no image cache was created: the operation ended before the call was sent",
        ],
        Refused => [
            CreateError::Refused { source: refused(), existing: Vec::new() } =>
                "no image cache was created: CreateImageCache: LimitExceeded: Too many caches (request r-1)",
        ],
        OutcomeUnknown => [
            CreateError::OutcomeUnknown { name: "web".to_owned(), source: refused(), candidates: Vec::new() } =>
                "it is unknown whether image cache \"web\" was created: CreateImageCache: LimitExceeded: Too many caches \
                 (request r-1)",
        ],
    );
    variants!(WaitError:
        Failed => [WaitError::Failed(cache()) => "image cache imc-1 has failed"],
        UpdateFailed => [WaitError::UpdateFailed(cache()) => "the update of image cache imc-1 has failed"],
        UnknownStatus => [WaitError::UnknownStatus(cache()) => "image cache imc-1 has the unknown status \"Sleeping\""],
        TimedOut => [
            WaitError::TimedOut { id: id(), timeout: Duration::from_secs(90), last: None, source: None } =>
                "the wait for image cache imc-1 took longer than 1m30s",
            WaitError::TimedOut {
                id: id(),
                timeout: Duration::from_secs(90),
                last: Some(cache()),
                source: Some(Box::new(not_connected())),
            } => "the wait for image cache imc-1 took longer than 1m30s, its last status was Sleeping: DescribeImageCaches: no \
                  connection to 127.0.0.1:9: 127.0.0.1:9 refuses connections",
        ],
        Canceled => [
            WaitError::Canceled { id: id(), last: None } => "the wait for image cache imc-1 was canceled",
        ],
        Gone => [WaitError::Gone { id: id() } => "image cache imc-1 no longer exists"],
        NeverListed => [WaitError::NeverListed { id: id() } => "image cache imc-1 is not listed"],
        Api => [
            WaitError::Api { id: id(), source: not_connected() } =>
                "image cache imc-1 cannot be read: DescribeImageCaches: no connection to 127.0.0.1:9: 127.0.0.1:9 refuses \
                 connections",
        ],
    );
}

//! Request signing for Tencent Cloud API v3, `TC3-HMAC-SHA256`.
//!
//! Pure: request, key and time in, `Authorization` header out. No clock, no environment, no network;
//! [`transport`](super::transport) brings those.
//!
//! The steps carry the numbers of the specification: <https://www.tencentcloud.com/document/product/267/37447>

use aws_lc_rs::{digest, hmac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// The signed parts of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The URL-encoded query of a `GET`; empty for a `POST`.
    pub query: &'a str,
    /// The headers to sign, names in lower case, sorted by name: at least `content-type` and `host`, byte for byte as
    /// they are sent.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body as it is sent.
    pub body: &'a [u8],
}

/// The value of `Authorization` for `request` to `service` (`tke`), made at `time` (the same second as in
/// `X-TC-Timestamp`; the server takes 5 minutes of difference).
pub fn authorization(
    request: &Request<'_>,
    service: &str,
    time: Timestamp,
    id: &SecretString,
    key: &SecretString,
) -> String {
    let date = date(time);
    let scope = format!("{date}/{service}/tc3_request");
    let string_to_sign = string_to_sign(&canonical_request(request), time, &scope);
    let [_, _, signing] = signing_keys(key, &date, service);
    let signature = hex(hmac(signing.as_ref(), &string_to_sign).as_ref());
    format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        id.expose_secret(),
        signed_headers(request)
    )
}

/// Step 1: the canonical request.
fn canonical_request(request: &Request<'_>) -> String {
    let headers: String =
        request.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim().to_lowercase())).collect();
    format!(
        "{}\n/\n{}\n{headers}\n{}\n{}",
        request.method,
        request.query,
        signed_headers(request),
        sha256(request.body)
    )
}

/// Step 2: the string to sign.
fn string_to_sign(canonical_request: &str, time: Timestamp, scope: &str) -> String {
    format!("{ALGORITHM}\n{}\n{scope}\n{}", time.as_second(), sha256(canonical_request.as_bytes()))
}

/// Step 3: the keys of the date, the service and the request, each derived from the one before.
fn signing_keys(key: &SecretString, date: &str, service: &str) -> [hmac::Tag; 3] {
    let of_date = hmac(format!("TC3{}", key.expose_secret()).as_bytes(), date);
    let of_service = hmac(of_date.as_ref(), service);
    let of_request = hmac(of_service.as_ref(), "tc3_request");
    [of_date, of_service, of_request]
}

fn signed_headers(request: &Request<'_>) -> String {
    request.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}

/// The date in UTC, `2019-02-25`: the beginning of RFC 3339.
fn date(time: Timestamp) -> String {
    let mut text = time.to_string();
    text.truncate("2019-02-25".len());
    text
}

fn hmac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde::Deserialize;

    use super::*;

    /// One file of `testdata/tc3`: a request, and the published result of every step.
    #[derive(Deserialize)]
    struct Vector {
        method: String,
        query: String,
        service: String,
        timestamp: i64,
        headers: Vec<(String, String)>,
        body: String,
        secret_id: String,
        secret_key: String,
        canonical_request_hash: String,
        #[serde(default)]
        keys: Option<[String; 3]>,
        authorization: String,
    }

    fn check(name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/testdata/tc3/{name}.json"));
        let vector: Vector = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let headers: Vec<_> = vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request =
            Request { method: &vector.method, query: &vector.query, headers: &headers, body: vector.body.as_bytes() };
        let time = Timestamp::from_second(vector.timestamp).unwrap();
        let (id, key) = (vector.secret_id.into(), SecretString::from(vector.secret_key));

        assert_eq!(sha256(canonical_request(&request).as_bytes()), vector.canonical_request_hash);
        if let Some(expected) = vector.keys {
            let date = date(time);
            assert_eq!(signing_keys(&key, &date, &vector.service).map(|key| hex(key.as_ref())), expected);
        }
        assert_eq!(authorization(&request, &vector.service, time, &id, &key), vector.authorization);
    }

    macro_rules! vectors {
        ($($name:ident),* $(,)?) => {$(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*};
    }
    vectors![document_of_2019, current_document, document_with_get, image_caches];

    #[test]
    fn values_are_trimmed_and_in_lower_case() {
        let request = Request { method: "POST", query: "", headers: &[("host", " TKE.Example ")], body: b"" };
        assert!(canonical_request(&request).contains("\nhost:tke.example\n"));
    }
}

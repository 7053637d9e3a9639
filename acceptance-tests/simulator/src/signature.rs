//! Checks `TC3-HMAC-SHA256` signatures. Written from the specification only, without code of the provider, so that errors in
//! one are not repeated in the other.
//!
//! Specification: <https://cloud.tencent.com/document/api/362/4208>. Codes: the common error codes of
//! <https://cloud.tencent.com/document/api/213/30435>.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, tz};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// Maximum age of a signature, and maximum distance in the future, in seconds.
const TOLERANCE: i64 = 300;

/// A parsed `Authorization` header.
#[derive(Debug, PartialEq)]
pub(crate) struct Authorization<'a> {
    pub secret_id: &'a str,
    pub date: &'a str,
    pub service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// # Errors
    ///
    /// `AuthFailure.InvalidAuthorization` if the header does not conform to the specification.
    pub fn parse(header: &'a str) -> Result<Self, ApiError> {
        Self::parts(header).ok_or_else(|| {
            ApiError::new(
                "AuthFailure.InvalidAuthorization",
                "The value of the request header `Authorization` does not conform to the Tencent Cloud standard.",
            )
        })
    }

    fn parts(header: &'a str) -> Option<Self> {
        let fields = header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            match field.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => signed_headers = Some(value),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        let mut scope = credential?.split('/');
        let (secret_id, date, service) = (scope.next()?, scope.next()?, scope.next()?);
        if scope.next() != Some("tc3_request") || scope.next().is_some() || secret_id.is_empty() {
            return None;
        }
        Some(Self { secret_id, date, service, signed_headers: signed_headers?, signature: signature? })
    }

    /// Checks the age of the signature, then the signature.
    ///
    /// # Errors
    ///
    /// `MissingParameter`, `AuthFailure.SignatureExpire`, `AuthFailure.SignatureFailure`.
    pub fn verify(&self, request: &SignedRequest<'_>, secret_key: &str, now: Timestamp) -> Result<(), ApiError> {
        let timestamp = request.headers.get("x-tc-timestamp").ok_or_else(|| ApiError::missing("Timestamp"))?;
        let signed_at = timestamp
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or_else(|| ApiError::wrong_type("Timestamp"))?;
        if (now.as_second() - signed_at.as_second()).abs() > TOLERANCE {
            return Err(ApiError::new(
                "AuthFailure.SignatureExpire",
                "Signature expired. The difference between `X-TC-Timestamp` and the time of the server is above 5 minutes.",
            ));
        }
        let covers = |name| self.signed_headers.split(';').any(|signed| signed == name);
        let same_day = signed_at.to_zoned(tz::TimeZone::UTC).date().to_string() == self.date;
        let expected = || sign(request, self.signed_headers, timestamp, self.date, self.service, secret_key);
        if covers("content-type") && covers("host") && same_day && expected() == self.signature {
            return Ok(());
        }
        Err(ApiError::new(
            "AuthFailure.SignatureFailure",
            "The provided credentials could not be validated. Please check your signature is correct.",
        ))
    }
}

/// The signed parts of a request.
#[derive(Debug)]
pub(crate) struct SignedRequest<'a> {
    pub method: &'a str,
    pub query: &'a str,
    /// By lower-case name.
    pub headers: &'a BTreeMap<String, String>,
    pub body: &'a [u8],
}

fn sign(
    request: &SignedRequest<'_>,
    signed_headers: &str,
    timestamp: &str,
    date: &str,
    service: &str,
    secret_key: &str,
) -> String {
    let hash = canonical_hash(request, signed_headers);
    let to_sign = format!("{ALGORITHM}\n{timestamp}\n{date}/{service}/tc3_request\n{hash}");
    let mut key = format!("TC3{secret_key}").into_bytes();
    for part in [date, service, "tc3_request", &to_sign] {
        key = hmac_sha256(&key, part);
    }
    hex(&key)
}

/// The `Authorization` header of `secret_id` for a request with these headers, for tests over HTTP.
#[cfg(test)]
pub(crate) fn authorization(request: &SignedRequest<'_>, service: &str, secret_id: &str, secret_key: &str) -> String {
    let timestamp = &request.headers["x-tc-timestamp"];
    let date = Timestamp::from_second(timestamp.parse().unwrap()).unwrap().strftime("%Y-%m-%d").to_string();
    let signature = sign(request, "content-type;host", timestamp, &date, service, secret_key);
    let scope = format!("{secret_id}/{date}/{service}/tc3_request");
    format!("{ALGORITHM} Credential={scope}, SignedHeaders=content-type;host, Signature={signature}")
}

fn canonical_hash(request: &SignedRequest<'_>, signed_headers: &str) -> String {
    let mut headers = String::new();
    for name in signed_headers.split(';') {
        let value = request.headers.get(name).map_or("", String::as_str);
        headers.push_str(&format!("{name}:{}\n", value.trim().to_lowercase()));
    }
    let unsigned = request.headers.get("x-tc-content-sha256").filter(|value| *value == "UNSIGNED-PAYLOAD");
    let payload = sha256_hex(unsigned.map_or(request.body, |literal| literal.as_bytes()));
    let SignedRequest { method, query, .. } = request;
    sha256_hex(format!("{method}\n/\n{query}\n{headers}\n{signed_headers}\n{payload}").as_bytes())
}

fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn sha256_hex(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE";
    const KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
    const BODY: &str = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;

    struct Vector {
        method: &'static str,
        query: &'static str,
        key: String,
        headers: BTreeMap<String, String>,
        signed_headers: &'static str,
        date: &'static str,
        service: &'static str,
        body: &'static str,
        canonical_hash: &'static str,
        signature: &'static str,
    }

    fn headers(host: &str, content_type: &str, timestamp: &str) -> BTreeMap<String, String> {
        [
            ("host", host),
            ("content-type", content_type),
            ("x-tc-timestamp", timestamp),
            ("x-tc-action", "DescribeInstances"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Published in versions of the specification, except the last, which the official Python SDK created.
    fn vectors() -> [Vector; 4] {
        let cvm = headers("cvm.tencentcloudapi.com", "application/json; charset=utf-8", "1551113065");
        [
            Vector {
                method: "POST",
                query: "",
                key: KEY.to_owned(),
                headers: cvm.clone(),
                signed_headers: "content-type;host",
                date: "2019-02-25",
                service: "cvm",
                body: BODY,
                canonical_hash: "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
                signature: "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
            },
            Vector {
                method: "POST",
                query: "",
                key: "*".repeat(32),
                headers: cvm,
                signed_headers: "content-type;host;x-tc-action",
                date: "2019-02-25",
                service: "cvm",
                body: BODY,
                canonical_hash: "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
                signature: "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
            },
            Vector {
                method: "GET",
                query: "Limit=10&Offset=0",
                key: KEY.to_owned(),
                headers: headers("cvm.tencentcloudapi.com", "application/x-www-form-urlencoded", "1539084154"),
                signed_headers: "content-type;host",
                date: "2018-10-09",
                service: "cvm",
                body: "",
                canonical_hash: "91c9c192c14460df6c1ffc69e34e6c5e90708de2a6d282cccf957dbf1aa7f3a7",
                signature: "5da7a33f6993f0614b047e5df4582db9e9bf4672ba50567dba16c6ccf174c474",
            },
            Vector {
                method: "POST",
                query: "",
                key: KEY.to_owned(),
                headers: headers("tke.tencentcloudapi.com", "application/json", "1551113065"),
                signed_headers: "content-type;host",
                date: "2019-02-25",
                service: "tke",
                body: r#"{"ImageCacheIds": ["imc-xxx"], "Limit": 10, "Offset": 0}"#,
                canonical_hash: "19b42e4af0b05bb21ea74cc4b3363cb1eefff842c6861a40af7b20ba0091b2d6",
                signature: "2196097ffa751adf2f1879c874ec8ea03c05c713fddeeb30b900bccecaeb14c1",
            },
        ]
    }

    impl Vector {
        fn request(&self) -> SignedRequest<'_> {
            SignedRequest { method: self.method, query: self.query, headers: &self.headers, body: self.body.as_bytes() }
        }

        fn authorization(&self, signature: &str) -> String {
            let Self { date, service, signed_headers, .. } = self;
            format!(
                "TC3-HMAC-SHA256 Credential={ID}/{date}/{service}/tc3_request, SignedHeaders={signed_headers}, \
                 Signature={signature}"
            )
        }

        fn signed_at(&self) -> i64 {
            self.headers["x-tc-timestamp"].parse().unwrap()
        }

        fn verify(&self, header: &str, now: i64) -> Result<(), String> {
            let now = Timestamp::from_second(now).unwrap();
            Authorization::parse(header).unwrap().verify(&self.request(), &self.key, now).map_err(|error| error.code)
        }
    }

    #[test]
    fn published_vectors_are_accepted() {
        for vector in vectors() {
            assert_eq!(canonical_hash(&vector.request(), vector.signed_headers), vector.canonical_hash);
            assert_eq!(vector.verify(&vector.authorization(vector.signature), vector.signed_at()), Ok(()));
        }
    }

    #[test]
    fn age_is_checked_before_the_signature() {
        let [vector, ..] = vectors();
        let (signed_at, header) = (vector.signed_at(), vector.authorization(vector.signature));
        let expired = Err("AuthFailure.SignatureExpire".to_owned());
        for (age, expected) in [(300, Ok(())), (-300, Ok(())), (301, expired.clone()), (-301, expired)] {
            assert_eq!(vector.verify(&header, signed_at + age), expected, "{age}");
        }
    }

    #[test]
    fn modified_request_is_refused() {
        let refused = Err("AuthFailure.SignatureFailure".to_owned());
        let change = |change: fn(&mut Vector)| {
            let [mut vector, ..] = vectors();
            change(&mut vector);
            vector.verify(&vector.authorization(vector.signature), vector.signed_at())
        };
        assert_eq!(change(|vector| vector.body = "{}"), refused);
        assert_eq!(change(|vector| vector.key.push('x')), refused);
        assert_eq!(change(|vector| vector.service = "tke"), refused);
        assert_eq!(change(|vector| vector.date = "2019-02-26"), refused);
        assert_eq!(change(|vector| vector.signed_headers = "content-type"), refused);
    }

    #[test]
    fn malformed_authorization_is_refused() {
        for header in [
            "",
            "Basic abc",
            "TC3-HMAC-SHA256",
            "TC3-HMAC-SHA256 Credential=a/2019-02-25/tke, SignedHeaders=host, Signature=x",
            "TC3-HMAC-SHA256 Credential=a/2019-02-25/tke/tc3_request, SignedHeaders=host",
            "TC3-HMAC-SHA256 Credential=/2019-02-25/tke/tc3_request, SignedHeaders=host, Signature=x",
        ] {
            assert_eq!(Authorization::parse(header).unwrap_err().code, "AuthFailure.InvalidAuthorization", "{header}");
        }
    }
}

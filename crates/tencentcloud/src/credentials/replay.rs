//! Services for tests: a list of expected calls with their responses. Any other call fails the test.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::{CredentialsError, Services};
use crate::{Action, Auth, Error};

/// The start time of every test: 2026-01-01 00:00 UTC.
pub const START: u64 = 1_767_225_600;

/// One expected call.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Exchange {
    Sts {
        action: String,
        #[serde(default)]
        region: Option<String>,
        /// The `SecretId` of the signature, with `+token` if there is a token; or `SKIP`.
        auth: String,
        parameters: Value,
        response: StsResponse,
    },
    Metadata {
        path: String,
        response: MetadataResponse,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum StsResponse {
    Session {
        secret_id: String,
        /// Seconds.
        lifetime: u64,
    },
    Refused {
        code: String,
        message: String,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MetadataResponse {
    Text(String),
    NotFound,
    Silence,
}

/// Responses from the list. Clones share it.
#[derive(Debug, Clone)]
pub struct Replay {
    expected: Arc<Mutex<VecDeque<Exchange>>>,
    started: Instant,
}

impl Replay {
    pub fn new(expected: impl IntoIterator<Item = Exchange>) -> Self {
        Self { expected: Arc::new(Mutex::new(expected.into_iter().collect())), started: Instant::now() }
    }

    /// The number of calls that have not been made.
    pub fn left(&self) -> usize {
        self.expected.lock().unwrap().len()
    }

    fn next(&self, call: &str) -> Exchange {
        self.expected.lock().unwrap().pop_front().unwrap_or_else(|| panic!("unexpected call: {call}"))
    }
}

impl Services for Replay {
    async fn sts<A: Action>(&self, region: Option<&str>, auth: Auth<'_>, action: &A) -> Result<A::Response, Error> {
        let signer = match auth {
            Auth::Skip => "SKIP".to_owned(),
            Auth::Signed(credentials) => {
                let token = credentials.token.as_ref().map(|_| "+token").unwrap_or_default();
                format!("{}{token}", credentials.secret_id.expose_secret())
            }
        };
        let sent = serde_json::to_value(action).unwrap();
        let Exchange::Sts { action: name, region: expected_region, auth, parameters, response } = self.next(A::NAME)
        else {
            panic!("{} instead of a call of the metadata service", A::NAME)
        };
        assert_eq!((A::SERVICE, A::NAME), ("sts", name.as_str()));
        assert_eq!(region, expected_region.as_deref(), "region of {name}");
        assert_eq!(signer, auth, "signer of {name}");
        assert_eq!(sent, parameters, "parameters of {name}");
        match response {
            StsResponse::Session { secret_id, lifetime } => Ok(serde_json::from_value(serde_json::json!({
                "Credentials": {"TmpSecretId": secret_id, "TmpSecretKey": "session-key", "Token": "session-token"},
                "ExpiredTime": seconds(self.now()) + lifetime,
            }))
            .unwrap()),
            StsResponse::Refused { code, message } => {
                Err(Error::Api { action: A::NAME, code, message, request_id: "request-1".into(), http_status: 200 })
            }
        }
    }

    async fn metadata(&self, path: &str) -> Result<Option<String>, CredentialsError> {
        let Exchange::Metadata { path: expected, response } = self.next(path) else {
            panic!("the metadata service is called instead of STS")
        };
        assert_eq!(path, expected);
        match response {
            MetadataResponse::Text(text) => Ok(Some(text)),
            MetadataResponse::NotFound => Ok(None),
            MetadataResponse::Silence => Err(CredentialsError::Metadata {
                problem: "the metadata service metadata.tencentyun.com did not respond within 2s".into(),
            }),
        }
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(START) + self.started.elapsed()
    }
}

pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

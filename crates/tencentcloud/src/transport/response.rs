//! Decodes responses. Anything but the documented envelope is [`Error::Unreadable`].

use std::time::{Duration, SystemTime};

use reqwest::{Response, header};
use safe_text::{QUOTE_LIMIT, quote, quote_bytes};
use serde::{Deserialize, de::IgnoredAny};

use super::super::{Action, Error};

/// How many characters of a response that is not JSON are shown.
const EXCERPT: usize = 120;

/// The maximum length of error codes and request IDs, in characters.
const WORD: usize = 100;

/// An HTTP response, read to its end.
pub(crate) struct RawResponse {
    http_status: u16,
    /// The `Date` header minus this machine's time, in seconds.
    seconds_behind: Option<i64>,
    body: Vec<u8>,
    outcome: Result<Outcome, Problem>,
}

/// What is wrong with a response.
#[derive(Clone)]
struct Problem {
    text: String,
    /// The body is not JSON: the response is not the API's.
    is_foreign: bool,
}

impl Problem {
    fn of_json(text: String) -> Self {
        Self { text, is_foreign: false }
    }
}

/// The part of a response that all actions share.
enum Outcome {
    /// `{"Response": {...}}` without `Error`.
    Success {
        request_id: Option<String>,
    },
    Refusal {
        code: String,
        message: String,
        request_id: Option<String>,
    },
}

impl Outcome {
    /// The API, or a gateway in front of it, may repeat the request in its message.
    fn refusal(ApiError { code, message }: ApiError, request_id: Option<String>) -> Self {
        Self::Refusal {
            code: quote(&code, WORD),
            message: quote(&message, QUOTE_LIMIT),
            request_id: request_id.map(|id| quote(&id, WORD)),
        }
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(rename = "Response")]
    response: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Common {
    error: Option<ApiError>,
    request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiError {
    code: String,
    #[serde(default)]
    message: String,
}

/// An error in the format of version 2 of the API. Gateways in front of version 3 still send it, and the Go SDK reads it.
#[derive(Deserialize)]
struct Legacy {
    #[serde(rename = "code")]
    _code: IgnoredAny,
    message: String,
    #[serde(rename = "codeDesc")]
    code_desc: String,
}

impl RawResponse {
    /// Reads `response`, at most `limit` bytes. An error means that the connection broke.
    pub(super) async fn read(mut response: Response, limit: usize) -> Result<Self, reqwest::Error> {
        let http_status = response.status().as_u16();
        let date = response.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        let seconds_behind = date.and_then(|date| httpdate::parse_http_date(date).ok()).map(seconds_from_now);
        Ok(match read_body(&mut response, limit).await? {
            Some(body) => Self::new(http_status, seconds_behind, body),
            None => {
                let outcome = Err(Problem::of_json(format!("the body is larger than {} MiB", limit >> 20)));
                Self { http_status, seconds_behind, body: Vec::new(), outcome }
            }
        })
    }

    pub(super) fn new(http_status: u16, seconds_behind: Option<i64>, body: Vec<u8>) -> Self {
        let outcome = outcome(&body).map_err(|error| problem(&body, &error));
        Self { http_status, seconds_behind, body, outcome }
    }

    /// `Some` if the server found the signature expired; it contains how far this machine's clock is behind the server's.
    pub(super) fn clock_skew(&self) -> Option<Option<i64>> {
        match &self.outcome {
            Ok(Outcome::Refusal { code, .. }) if code == "AuthFailure.SignatureExpire" => Some(self.seconds_behind),
            _ => None,
        }
    }

    pub(super) fn http_status(&self) -> u16 {
        self.http_status
    }

    pub(super) fn request_id(&self) -> Option<String> {
        match &self.outcome {
            Ok(Outcome::Success { request_id } | Outcome::Refusal { request_id, .. }) => request_id.clone(),
            Err(_) => None,
        }
    }

    /// The response of action `A`, whose call succeeded.
    pub(crate) fn decode<A: Action>(&self) -> Result<A::Response, Error> {
        let envelope = serde_json::from_slice::<Envelope<A::Response>>(&self.body);
        let response = envelope.map(|envelope| envelope.response);
        response.map_err(|error| self.unreadable(A::NAME, problem(&self.body, &error)))
    }

    /// Fails unless the call succeeded.
    pub(super) fn check(&self, service: &'static str, action: &'static str) -> Result<(), Error> {
        let http_status = self.http_status;
        let request_id = self.request_id().unwrap_or_default();
        tracing::debug!(service, action, http_status, request_id, "API response");
        match &self.outcome {
            Ok(Outcome::Refusal { code, message, .. }) => {
                let (code, message) = (code.clone(), message.clone());
                Err(Error::Api { action, code, message, request_id, http_status })
            }
            Ok(Outcome::Success { .. }) if http_status == 200 => Ok(()),
            Ok(Outcome::Success { .. }) => {
                Err(self.unreadable(action, Problem::of_json("a response without an error".to_owned())))
            }
            Err(problem) => Err(self.unreadable(action, problem.clone())),
        }
    }

    fn unreadable(&self, action: &'static str, Problem { text: problem, is_foreign }: Problem) -> Error {
        let (http_status, request_id) = (self.http_status, self.request_id());
        Error::Unreadable { action, http_status, request_id, problem, is_foreign }
    }
}

/// The body of `response`, or `None` when it is longer than `limit` bytes.
pub(crate) async fn read_body(response: &mut Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > limit - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn outcome(body: &[u8]) -> Result<Outcome, serde_json::Error> {
    match serde_json::from_slice::<Envelope<Common>>(body) {
        Ok(Envelope { response: Common { error: Some(error), request_id } }) => Ok(Outcome::refusal(error, request_id)),
        Ok(Envelope { response: Common { error: None, request_id } }) => {
            Ok(Outcome::Success { request_id: request_id.map(|id| quote(&id, WORD)) })
        }
        Err(error) => match serde_json::from_slice::<Legacy>(body) {
            Ok(Legacy { code_desc: code, message, .. }) => Ok(Outcome::refusal(ApiError { code, message }, None)),
            Err(_) => Err(error),
        },
    }
}

/// Describes what is wrong with a response without showing secrets: responses of `sts` and `tcr` contain keys. So only a
/// body that is not a JSON object is quoted (the page of a proxy, for example); of JSON, only the position is shown.
fn problem(body: &[u8], error: &serde_json::Error) -> Problem {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start();
    if text.is_empty() {
        return Problem::of_json("the body is empty".to_owned());
    }
    if !text.starts_with('{') {
        return Problem { text: format!("not JSON: {}", quote_bytes(body, EXCERPT)), is_foreign: true };
    }
    let place = format!("line {} column {}", error.line(), error.column());
    Problem::of_json(match error.classify() {
        serde_json::error::Category::Eof => format!("the JSON ends too early, at {place}"),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => format!("broken JSON at {place}"),
        // This message names a field of the type; all others of this category quote the value.
        serde_json::error::Category::Data if error.to_string().starts_with("missing field") => error.to_string(),
        serde_json::error::Category::Data => format!("a field of an unexpected type ends at {place}"),
    })
}

fn seconds_from_now(time: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::now()) {
        Ok(behind) => seconds(behind),
        Err(error) => -seconds(error.duration()),
    }
}

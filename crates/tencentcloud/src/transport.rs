//! One signed HTTP exchange: sends an action, and returns its response or an [`Error`]. Nothing is retried here, except once
//! to correct a wrong clock: the server refuses such a request before it does anything.
//!
//! The envelope: `{"Response": {...}}`, and for a failure `{"Response": {"Error": {"Code", "Message"}, "RequestId"}}`
//! with HTTP status 200. Other statuses are not documented; an error of this shape is read from them as well.

#[cfg(any(test, fuzzing, feature = "testing"))]
pub mod fuzzing;
pub(crate) mod response;

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use network::{Failure, Program, Proxies};
use reqwest::{
    ClientBuilder,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;
use url::{Position, Url};

pub(crate) use self::response::RawResponse;
use super::{Action, Endpoints, Error, Retry, credentials::Credentials, secret, tc3};

/// For name resolution, connection and TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// The whole exchange, as in Tencent Cloud's own SDKs.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);

/// How long an idle connection is kept. Short, because a call on a connection that the server closes at that moment gets
/// no response, and its outcome is unknown.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// How a call is authenticated.
#[derive(Debug, Clone, Copy)]
pub enum Auth<'a> {
    /// Signed with these keys.
    Signed(&'a Credentials),
    /// `Authorization: SKIP`: the parameters contain the proof of identity (`AssumeRoleWithWebIdentity`, `AssumeRoleWithSAML`).
    Skip,
}

/// The connection to the API's servers: endpoints, one connection pool, and the offset of the servers' clock.
#[derive(Debug)]
pub struct Transport {
    endpoints: Endpoints,
    program: Program,
    /// The proxies of the process's environment.
    proxies: OnceCell<Proxies>,
    /// For URLs that need no TLS: it works without certificates.
    plain: OnceCell<reqwest::Client>,
    /// Created by the first call: reading the system's certificates takes longer than the rest of the start.
    tls: OnceCell<reqwest::Client>,
    /// Seconds to add to this machine's clock to get the server's.
    clock_offset: AtomicI64,
}

/// A call without its types, so that whatever sends and repeats calls exists once and not for each action.
pub(crate) struct Request<'a> {
    pub service: &'static str,
    version: &'static str,
    pub action: &'static str,
    /// `None` for the few actions that have none.
    pub region: Option<&'a str>,
    response_limit: usize,
    pub retry: Retry,
    /// For the log.
    pub parameters: &'a (dyn Debug + Sync),
    body: Vec<u8>,
}

impl<'a> Request<'a> {
    pub fn of<A: Action>(region: Option<&'a str>, action: &'a A) -> Self {
        Self {
            service: A::SERVICE,
            version: A::VERSION,
            action: A::NAME,
            region,
            response_limit: A::RESPONSE_LIMIT,
            retry: action.retry(),
            parameters: action,
            body: serde_json::to_vec(action).expect("an action is a struct of plain fields"),
        }
    }
}

impl Transport {
    /// Creates neither a connection nor a TLS configuration yet.
    pub fn new(endpoints: Endpoints, program: Program) -> Self {
        let (proxies, plain, tls) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { endpoints, program, proxies, plain, tls, clock_offset: AtomicI64::new(0) }
    }

    /// The servers' time: this machine's, until a refused signature shows the offset.
    pub fn now(&self) -> Timestamp {
        at(self.clock_offset.load(Ordering::Relaxed))
    }

    /// Sends `request` once, and returns the response if the call succeeded.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`] except [`Error::Credentials`].
    pub async fn send_request(&self, auth: Auth<'_>, request: &Request<'_>) -> Result<RawResponse, Error> {
        let response = self.exchange_in_time(auth, request).await?;
        response.check(request.service, request.action)?;
        Ok(response)
    }

    /// Signs once more with the server's time if the server rejects the signature as expired and states its time.
    async fn exchange_in_time(&self, auth: Auth<'_>, request: &Request<'_>) -> Result<RawResponse, Error> {
        let offset = self.clock_offset.load(Ordering::Relaxed);
        let response = self.exchange(auth, request, offset).await?;
        let Some(seconds_behind) = response.clock_skew() else { return Ok(response) };

        let skewed = |seconds_behind, response: &RawResponse| Error::ClockSkew {
            action: request.action,
            seconds_behind,
            request_id: response.request_id().unwrap_or_default(),
        };
        let Some(offset) = seconds_behind else { return Err(skewed(None, &response)) };
        tracing::debug!(
            action = request.action,
            seconds_behind = offset,
            "this machine's clock is wrong; signing with the server's time"
        );
        let response = self.exchange(auth, request, offset).await?;
        if let Some(seconds_behind) = response.clock_skew() {
            return Err(skewed(seconds_behind, &response));
        }
        self.clock_offset.store(offset, Ordering::Relaxed);
        Ok(response)
    }

    async fn exchange(&self, auth: Auth<'_>, request: &Request<'_>, clock_offset: i64) -> Result<RawResponse, Error> {
        let action = request.action;
        let unsendable = |problem, source| Error::Unsendable { action, problem, source };
        let url = self.endpoints.url(request.service);
        let url = url.map_err(|error| unsendable("the endpoint is not a URL", Arc::new(error)))?;
        // As the HTTP library sets `Host`: with the port only if it is not the scheme's default.
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let headers = headers(&self.program, host, auth, request, at(clock_offset)).map_err(|error| {
            let problem =
                "the region, the secret ID or the token has a character that is not allowed in an HTTP header";
            unsendable(problem, Arc::new(error))
        })?;
        let failed = |error| unsendable("the connection cannot be set up", Arc::new(error));
        let proxies = self.proxies.get_or_try_init(async || Proxies::of_process()).await;
        let proxies = proxies.map_err(|error| failed(Failure::permanent(error.to_string())))?;
        let client = self.client(proxies, &url).await.map_err(failed)?;

        let sent = client.post(url.clone()).headers(headers).body(request.body.clone()).send().await;
        let response = match sent {
            Ok(response) => RawResponse::read(response, request.response_limit).await,
            Err(error) => Err(error),
        };
        let endpoint = host.to_owned();
        match response {
            // From a plain HTTP endpoint; through a tunnel, 407 is a failure to connect.
            Ok(response) if response.http_status() == 407 => match proxies.of(&url) {
                Some(proxy) => {
                    Err(Error::NotConnected { action, endpoint, source: Failure::proxy_authentication(proxy) })
                }
                None => Ok(response),
            },
            Ok(response) => Ok(response),
            Err(error) => {
                let connected = !error.is_connect();
                let source = Failure::new(error, &url, proxies);
                Err(if connected {
                    Error::NoResponse { action, endpoint, source: Arc::new(source) }
                } else {
                    Error::NotConnected { action, endpoint, source }
                })
            }
        }
    }
}

impl Transport {
    async fn client(&self, proxies: &Proxies, url: &Url) -> Result<&reqwest::Client, Failure> {
        if proxies.need_tls(url) {
            let client = async || build(network::client().map_err(Failure::permanent)?, proxies, &self.program);
            self.tls.get_or_try_init(client).await
        } else {
            self.plain.get_or_try_init(async || build(network::plain_client(), proxies, &self.program)).await
        }
    }
}

fn build(builder: ClientBuilder, proxies: &Proxies, program: &Program) -> Result<reqwest::Client, Failure> {
    let builder = proxies.apply(builder).map_err(|error| Failure::permanent(error.to_string()))?;
    builder
        .user_agent(program.user_agent())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        // A signature is valid for one host only, and a redirected POST would become a GET.
        .redirect(reqwest::redirect::Policy::none())
        // Retries are decided in `retry`, where the action is known.
        .retry(reqwest::retry::never())
        .build()
        .map_err(|error| Failure::permanent(error.to_string()))
}

/// The servers' time, at the given offset in seconds from this machine's.
fn at(clock_offset: i64) -> Timestamp {
    let now = Timestamp::now();
    now.checked_add(SignedDuration::from_secs(clock_offset)).unwrap_or(now)
}

/// <https://www.tencentcloud.com/document/product/267/37446>: the common parameters.
fn headers(
    program: &Program,
    host: &str,
    auth: Auth<'_>,
    request: &Request<'_>,
    time: Timestamp,
) -> Result<HeaderMap, header::InvalidHeaderValue> {
    let mut headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE)),
        (HeaderName::from_static("x-tc-action"), HeaderValue::from_static(request.action)),
        (HeaderName::from_static("x-tc-version"), HeaderValue::from_static(request.version)),
        (HeaderName::from_static("x-tc-timestamp"), HeaderValue::from(time.as_second())),
        (HeaderName::from_static("x-tc-language"), HeaderValue::from_static("en-US")),
        (HeaderName::from_static("x-tc-requestclient"), {
            // Letters, digits and `-_,;.` only.
            HeaderValue::from_str(&format!("{}_{}", program.name, program.version))?
        }),
    ]);
    if let Some(region) = request.region {
        headers.insert("x-tc-region", HeaderValue::from_str(region)?);
    }
    let authorization = match auth {
        Auth::Skip => HeaderValue::from_static("SKIP"),
        Auth::Signed(credentials) => {
            let signed = [("content-type", CONTENT_TYPE), ("host", host), ("x-tc-action", request.action)];
            let canonical = tc3::Request { method: "POST", query: "", headers: &signed, body: &request.body };
            let (id, key) = (&credentials.secret_id, &credentials.secret_key);
            [Some(id), Some(key), credentials.token.as_ref()].into_iter().flatten().for_each(secret::remember);
            if let Some(token) = &credentials.token {
                headers.insert("x-tc-token", sensitive(token.expose_secret())?);
            }
            sensitive(&tc3::authorization(&canonical, request.service, time, id, key))?
        }
    };
    headers.insert(header::AUTHORIZATION, authorization);
    Ok(headers)
}

/// A header value that `Debug` does not show.
fn sensitive(value: &str) -> Result<HeaderValue, header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;

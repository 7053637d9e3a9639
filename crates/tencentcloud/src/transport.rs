//! One signed HTTP exchange: an action is sent, its response or an [`Error`] comes back. Nothing is repeated here, except
//! once to correct a wrong clock, which the server has refused before it did anything.
//!
//! The envelope: `{"Response": {...}}`, and for a failure `{"Response": {"Error": {"Code", "Message"}, "RequestId"}}`
//! with HTTP status 200. Other statuses have no contract; an error of this shape is taken from them as well.

#[cfg(any(test, fuzzing, feature = "testing"))]
pub mod fuzzing;
pub(crate) mod response;

use std::{
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

use self::response::RawResponse;
use super::{Action, Endpoints, Error, credentials::Credentials, secret, tc3};

/// For name resolution, connection and TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// The whole exchange, as in Tencent Cloud's own SDKs.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);

/// An idle connection is not used again after this time. Short, because a call that goes out on a connection which the
/// other side closes at that moment ends without a response, and it is unknown whether it was carried out.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// How a call says who it is from.
#[derive(Debug, Clone, Copy)]
pub enum Auth<'a> {
    /// Signed with these keys.
    Signed(&'a Credentials),
    /// `Authorization: SKIP`: the request itself carries the proof (`AssumeRoleWithWebIdentity`, `AssumeRoleWithSAML`).
    Skip,
}

/// The way to the API's servers: endpoints, one connection pool, and what is known of the servers' clock.
#[derive(Debug)]
pub struct Transport {
    endpoints: Endpoints,
    program: Program,
    /// Those of the environment of the process.
    proxies: OnceCell<Proxies>,
    /// For URLs that need no TLS, which work without certificates.
    plain: OnceCell<reqwest::Client>,
    /// Made by the first call: reading the system's certificates takes longer than all else at start.
    tls: OnceCell<reqwest::Client>,
    /// Seconds to add to this machine's clock to get the server's.
    clock_offset: AtomicI64,
}

impl Transport {
    /// Makes nothing yet: no connection, no TLS configuration.
    pub fn new(endpoints: Endpoints, program: Program) -> Self {
        let (proxies, plain, tls) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { endpoints, program, proxies, plain, tls, clock_offset: AtomicI64::new(0) }
    }

    /// The servers' time, as far as it is known: this machine's, until a refusal shows how far off that is.
    pub fn now(&self) -> Timestamp {
        at(self.clock_offset.load(Ordering::Relaxed))
    }

    /// Sends `action` once, and returns its response.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`] except [`Error::Credentials`].
    pub async fn send<A: Action>(
        &self,
        region: Option<&str>,
        auth: Auth<'_>,
        action: &A,
    ) -> Result<A::Response, Error> {
        let body = serde_json::to_vec(action).expect("an action is a struct of plain fields");
        let offset = self.clock_offset.load(Ordering::Relaxed);
        let answer = self.exchange::<A>(region, auth, body.clone(), offset).await?;
        let Some(seconds_behind) = answer.clock_skew() else { return answer.decode::<A>() };

        // The server said its time beside the refusal: sign once more with that.
        let skewed = |seconds_behind, answer: &RawResponse| Error::ClockSkew {
            action: A::NAME,
            seconds_behind,
            request_id: answer.request_id().unwrap_or_default(),
        };
        let Some(offset) = seconds_behind else { return Err(skewed(None, &answer)) };
        tracing::debug!(action = A::NAME, seconds_behind = offset, "the clock is off, signing with the server's time");
        let answer = self.exchange::<A>(region, auth, body, offset).await?;
        if let Some(seconds_behind) = answer.clock_skew() {
            return Err(skewed(seconds_behind, &answer));
        }
        self.clock_offset.store(offset, Ordering::Relaxed);
        answer.decode::<A>()
    }

    async fn exchange<A: Action>(
        &self,
        region: Option<&str>,
        auth: Auth<'_>,
        body: Vec<u8>,
        clock_offset: i64,
    ) -> Result<RawResponse, Error> {
        let unsendable = |problem, source| Error::Unsendable { action: A::NAME, problem, source };
        let url = self.endpoints.url(A::SERVICE);
        let url = url.map_err(|error| unsendable("the endpoint is not a URL", Arc::new(error)))?;
        // What the HTTP library puts into `Host`: the port only where it is not the scheme's own.
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let headers = headers::<A>(&self.program, host, region, auth, &body, clock_offset).map_err(|error| {
            let problem = "the region, the secret ID or the token has a character that no HTTP header can have";
            unsendable(problem, Arc::new(error))
        })?;
        let failed = |error| unsendable("the connection cannot be set up", Arc::new(error));
        let proxies = self.proxies.get_or_try_init(async || Proxies::of_process()).await;
        let proxies = proxies.map_err(|error| failed(Failure::lasting(error.to_string())))?;
        let client = self.client(proxies, &url).await.map_err(failed)?;

        let sent = client.post(url.clone()).headers(headers).body(body).send().await;
        let answer = match sent {
            Ok(response) => RawResponse::read(response, A::RESPONSE_LIMIT).await,
            Err(error) => Err(error),
        };
        let endpoint = host.to_owned();
        match answer {
            // Of a plain HTTP endpoint; through a tunnel it is a failure to connect.
            Ok(answer) if answer.http_status() == 407 => match proxies.of(&url) {
                Some(proxy) => {
                    Err(Error::NotConnected { action: A::NAME, endpoint, source: Failure::proxy_authentication(proxy) })
                }
                None => Ok(answer),
            },
            Ok(answer) => Ok(answer),
            Err(error) => {
                let connected = !error.is_connect();
                let source = Failure::new(error, &url, proxies);
                Err(if connected {
                    Error::NoResponse { action: A::NAME, endpoint, source: Arc::new(source) }
                } else {
                    Error::NotConnected { action: A::NAME, endpoint, source }
                })
            }
        }
    }
}

impl Transport {
    async fn client(&self, proxies: &Proxies, url: &Url) -> Result<&reqwest::Client, Failure> {
        if proxies.need_tls(url) {
            let client = async || build(network::client().map_err(Failure::lasting)?, proxies, &self.program);
            self.tls.get_or_try_init(client).await
        } else {
            self.plain.get_or_try_init(async || build(network::plain_client(), proxies, &self.program)).await
        }
    }
}

fn build(builder: ClientBuilder, proxies: &Proxies, program: &Program) -> Result<reqwest::Client, Failure> {
    let builder = proxies.apply(builder).map_err(|error| Failure::lasting(error.to_string()))?;
    builder
        .user_agent(program.user_agent())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        // A signature is good for one host only, and a redirected POST would become a GET.
        .redirect(reqwest::redirect::Policy::none())
        // Whether a call is repeated is decided in `retry`, where its action is known.
        .retry(reqwest::retry::never())
        .build()
        .map_err(|error| Failure::lasting(error.to_string()))
}

/// The servers' time, so many seconds after this machine's.
fn at(clock_offset: i64) -> Timestamp {
    let now = Timestamp::now();
    now.checked_add(SignedDuration::from_secs(clock_offset)).unwrap_or(now)
}

/// <https://www.tencentcloud.com/document/product/267/37446>: the common parameters.
fn headers<A: Action>(
    program: &Program,
    host: &str,
    region: Option<&str>,
    auth: Auth<'_>,
    body: &[u8],
    clock_offset: i64,
) -> Result<HeaderMap, header::InvalidHeaderValue> {
    let time = at(clock_offset);
    let mut headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE)),
        (HeaderName::from_static("x-tc-action"), HeaderValue::from_static(A::NAME)),
        (HeaderName::from_static("x-tc-version"), HeaderValue::from_static(A::VERSION)),
        (HeaderName::from_static("x-tc-timestamp"), HeaderValue::from(time.as_second())),
        (HeaderName::from_static("x-tc-language"), HeaderValue::from_static("en-US")),
        (HeaderName::from_static("x-tc-requestclient"), {
            // Letters, digits and `-_,;.` only.
            HeaderValue::from_str(&format!("{}_{}", program.name, program.version))?
        }),
    ]);
    if let Some(region) = region {
        headers.insert("x-tc-region", HeaderValue::from_str(region)?);
    }
    let authorization = match auth {
        Auth::Skip => HeaderValue::from_static("SKIP"),
        Auth::Signed(credentials) => {
            let signed = [("content-type", CONTENT_TYPE), ("host", host), ("x-tc-action", A::NAME)];
            let request = tc3::Request { method: "POST", query: "", headers: &signed, body };
            let (id, key) = (&credentials.secret_id, &credentials.secret_key);
            [Some(id), Some(key), credentials.token.as_ref()].into_iter().flatten().for_each(secret::remember);
            if let Some(token) = &credentials.token {
                headers.insert("x-tc-token", sensitive(token.expose_secret())?);
            }
            sensitive(&tc3::authorization(&request, A::SERVICE, time, id, key))?
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

//! HTTP as registries need it: GET with bounded answers, redirects, retries.
//!
//! - HTTPS, verified. Plain HTTP only to the hosts of one list, unverified TLS only to those of another.
//! - A header with a credential goes to the origin it is for, and is dropped on a redirect to any other.
//! - Redirects follow the rule of [`address`](super::address), and never from HTTPS to HTTP unless the host is in the list.
//! - 429, 502, 503, 504 are repeated, after `Retry-After` if there is one; not beyond the deadline of the image.
//! - Proxies come from the environment that is handed in: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use network::{Failure, InvalidProxy, Proxies};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use tokio::time::{Instant, sleep};
use url::Url;

use super::address::Reach;
use super::environment::Environment;
use super::error::{Cause, innermost};
use super::once::OnceMap;

const MAX_REDIRECTS: usize = 5;
const MAX_ATTEMPTS: u32 = 4;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One GET.
pub(super) struct Get {
    pub url: Url,
    pub headers: HeaderMap,
    /// Sent to the origin of `url` only.
    pub authorization: Option<HeaderValue>,
    deadline: Instant,
}

impl Get {
    pub fn new(url: Url, deadline: Instant) -> Self {
        Self { url, headers: HeaderMap::new(), authorization: None, deadline }
    }

    pub fn accept(mut self, media_types: &'static str) -> Self {
        self.headers.insert(ACCEPT, HeaderValue::from_static(media_types));
        self
    }
}

/// The hosts that are treated in a special way, and the clients for them and for all others.
pub(super) struct Transport {
    http_hosts: BTreeSet<String>,
    skip_verify_hosts: BTreeSet<String>,
    environment: Environment,
    /// One that verifies certificates, and one that does not. Made when first needed, because loading the root
    /// certificates takes milliseconds.
    clients: OnceMap<bool, Client>,
}

impl Transport {
    pub fn new(http_hosts: BTreeSet<String>, skip_verify_hosts: BTreeSet<String>, environment: Environment) -> Self {
        Self { http_hosts, skip_verify_hosts, environment, clients: OnceMap::default() }
    }

    /// The address of a registry's API.
    pub fn base(&self, registry: &str) -> Result<Url, Cause> {
        let host = if registry == super::DEFAULT_REGISTRY { "registry-1.docker.io" } else { registry };
        let scheme = if lists(&self.http_hosts, host) { "http" } else { "https" };
        let url = Url::parse(&format!("{scheme}://{host}/v2/"));
        url.map_err(|error| Cause::Client(format!("{registry} is not a host: {error}")))
    }

    /// Sends, follows redirects, and repeats what may be repeated. Any final status is a success here.
    pub async fn get(&self, request: &Get) -> Result<Response, Cause> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let response = self.follow(request).await?;
            let status = response.status();
            let may_repeat = matches!(status.as_u16(), 429 | 502 | 503 | 504);
            if !may_repeat {
                return Ok(response);
            }
            let asked = retry_after(response.headers());
            let wait = asked.unwrap_or(Duration::from_secs(1 << (attempt - 1)));
            if attempt == MAX_ATTEMPTS || wait >= request.deadline.saturating_duration_since(Instant::now()) {
                if status == StatusCode::TOO_MANY_REQUESTS {
                    return Err(Cause::RateLimited { host: host(&request.url), retry_after: asked });
                }
                return Ok(response);
            }
            tracing::debug!(host = host(&request.url), status = status.as_u16(), ?wait, "registry asks to wait");
            drop(response);
            sleep(wait).await;
        }
    }

    /// Sends a form with credentials in it. It follows no redirect.
    pub async fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Response, Cause> {
        let client = self.client(url).await?;
        let sent = client.post(url.clone()).form(form).send().await;
        sent.map_err(|error| self.unreachable(url, error))
    }

    async fn follow(&self, request: &Get) -> Result<Response, Cause> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let is_home = url.origin() == request.url.origin();
            let client = self.client(&url).await?;
            let mut get = client.get(url.clone()).headers(request.headers.clone());
            if let Some(authorization) = request.authorization.as_ref().filter(|_| is_home) {
                get = get.header(AUTHORIZATION, authorization);
            }
            let response = get.send().await.map_err(|error| self.unreachable(&url, error))?;
            let Some(location) = redirect_target(&response) else {
                return Ok(response);
            };
            let refuse = |reason| Cause::Redirect { to: host(&url), reason };
            url = url.join(location).map_err(|_| refuse("the Location is not a URL"))?;
            check_referral(&request.url, &url).await?;
        }
        Err(Cause::Redirect { to: host(&url), reason: "it is one of too many redirects" })
    }

    /// The client for `url`, or why that is not to be called.
    async fn client(&self, url: &Url) -> Result<Client, Cause> {
        let refuse = |reason| Err(Cause::Redirect { to: host(url), reason });
        let authority = authority(url);
        match url.scheme() {
            "https" => {}
            "http" if lists(&self.http_hosts, &authority) => {}
            "http" => return refuse("it is plain HTTP, and the host is not in the list for that"),
            _ => return refuse("it is neither HTTPS nor HTTP"),
        }
        let is_verified = !lists(&self.skip_verify_hosts, &authority);
        self.clients.get_or_try_make(is_verified, async { self.build(is_verified) }).await
    }

    fn build(&self, is_verified: bool) -> Result<Client, Cause> {
        let builder = match is_verified {
            true => network::client().map_err(Cause::Client)?,
            false => Client::builder().tls_danger_accept_invalid_certs(true),
        };
        let proxies = self.proxies().map_err(|error| Cause::Client(error.to_string()))?;
        let builder = proxies.apply(builder).map_err(|error| Cause::Client(error.to_string()))?;
        let client = builder
            .user_agent(concat!("terraform-provider-eks/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build();
        client.map_err(|error| Cause::Client(innermost(error)))
    }

    fn proxies(&self) -> Result<Proxies, InvalidProxy> {
        Proxies::from_environment(|name| self.environment.get(name))
    }

    fn unreachable(&self, url: &Url, error: reqwest::Error) -> Cause {
        let failure = Failure::new(error, url, &self.proxies().unwrap_or_default());
        Cause::Unreachable { host: host(url), reason: failure.to_string() }
    }
}

/// Checks that the registry or token service at `home` may refer to `url`: by the rule of [`address`](super::address),
/// and without credentials in the URL.
pub(super) async fn check_referral(home: &Url, url: &Url) -> Result<(), Cause> {
    let refuse = |reason| Err(Cause::Redirect { to: host(url), reason });
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("its URL contains credentials");
    }
    match Reach::of_literal(url) {
        None | Some(Reach::Public) => Ok(()),
        Some(_) if url.host() == home.host() => Ok(()),
        Some(reach) if reach < Reach::Nowhere && reach <= Reach::of_host(home).await => Ok(()),
        Some(_) => refuse("it is an address of this machine or of a private network"),
    }
}

/// Reads a body of at most `limit` bytes; a longer one is not read on.
pub(super) async fn read_body(mut response: Response, what: &'static str, limit: usize) -> Result<Vec<u8>, Cause> {
    let too_large = || Cause::TooLarge { what, limit };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = next_chunk(&mut response).await? {
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads the first `len` bytes of a body, or all if it is shorter, and leaves the rest.
pub(super) async fn read_prefix(mut response: Response, len: usize) -> Result<Vec<u8>, Cause> {
    let mut body = Vec::with_capacity(len);
    while body.len() < len
        && let Some(chunk) = next_chunk(&mut response).await?
    {
        body.extend_from_slice(&chunk[..chunk.len().min(len - body.len())]);
    }
    Ok(body)
}

async fn next_chunk(
    response: &mut Response,
) -> Result<Option<impl AsRef<[u8]> + std::ops::Deref<Target = [u8]>>, Cause> {
    let host = host(response.url());
    response.chunk().await.map_err(|error| Cause::Unreachable { host, reason: innermost(error) })
}

/// Host and, where it is not the scheme's own, port. Never the path or query, which may be signed.
pub(super) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "an address without a host".to_owned(),
    }
}

fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// Whether a list has the host: with its port, or without one for every port.
fn lists(list: &BTreeSet<String>, authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    };
    list.iter().any(|entry| entry.eq_ignore_ascii_case(authority) || entry.eq_ignore_ascii_case(host))
}

fn redirect_target(response: &Response) -> Option<&str> {
    match response.status().as_u16() {
        301 | 302 | 303 | 307 | 308 => response.headers().get(LOCATION)?.to_str().ok(),
        _ => None,
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(SystemTime::now()).unwrap_or_default())
}

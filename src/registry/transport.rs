//! HTTP as registries need it: GET with bounded answers, redirects, retries.
//!
//! - HTTPS, verified. Plain HTTP only to the hosts of one list, unverified TLS only to those of another.
//! - A header with a credential goes to the origin it is for, and is dropped on a redirect to any other.
//! - Redirects follow the rule of [`address`](super::address), and never from HTTPS to HTTP unless the host is in the list.
//! - 429, 502, 503, 504 are repeated, after `Retry-After` if there is one; not beyond the deadline of the image.
//! - Proxies come from the environment that is handed in: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, NoProxy, Proxy, Response, StatusCode, redirect};
use tokio::time::{Instant, sleep};
use url::Url;

use super::address::{GuardedResolver, Reach};
use super::error::{Cause, innermost};

const MAX_REDIRECTS: usize = 5;
const MAX_ATTEMPTS: u32 = 4;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One GET.
pub(super) struct Get {
    pub url: Url,
    pub headers: HeaderMap,
    /// Sent to the origin of `url` only.
    pub authorization: Option<HeaderValue>,
    /// How near the host of `url` may be, if a registry named it and not the user.
    reach: Option<Reach>,
    deadline: Instant,
}

impl Get {
    pub fn new(url: Url, deadline: Instant) -> Self {
        Self { url, headers: HeaderMap::new(), authorization: None, reach: None, deadline }
    }

    pub fn within(self, reach: Option<Reach>) -> Self {
        Self { reach, ..self }
    }

    pub fn accept(mut self, media_types: &'static str) -> Self {
        self.headers.insert(ACCEPT, HeaderValue::from_static(media_types));
        self
    }
}

#[derive(Debug)]
pub(super) struct Transport {
    http_hosts: BTreeSet<String>,
    skip_verify_hosts: BTreeSet<String>,
    environment: BTreeMap<String, String>,
    /// Made when first needed, because loading the root certificates takes milliseconds.
    clients: Mutex<HashMap<ClientKind, Client>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ClientKind {
    verified: bool,
    /// The nearest addresses that names may lead to; `None` for the host that the user named.
    reach: Option<Reach>,
}

impl Transport {
    pub fn new(
        http_hosts: BTreeSet<String>,
        skip_verify_hosts: BTreeSet<String>,
        environment: BTreeMap<String, String>,
    ) -> Self {
        Self { http_hosts, skip_verify_hosts, environment, clients: Mutex::default() }
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
            if attempt == MAX_ATTEMPTS || Instant::now() + wait >= request.deadline {
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
    pub async fn post_form(&self, url: &Url, reach: Option<Reach>, form: &[(&str, &str)]) -> Result<Response, Cause> {
        let client = self.client(url, reach)?;
        let sent = client.post(url.clone()).form(form).send().await;
        sent.map_err(|error| Cause::Unreachable { host: host(url), reason: innermost(error) })
    }

    async fn follow(&self, request: &Get) -> Result<Response, Cause> {
        let mut url = request.url.clone();
        let mut reach = request.reach;
        for _ in 0..=MAX_REDIRECTS {
            let is_home = url.origin() == request.url.origin();
            let client = self.client(&url, if is_home { request.reach } else { reach })?;
            let mut get = client.get(url.clone()).headers(request.headers.clone());
            if let Some(authorization) = request.authorization.as_ref().filter(|_| is_home) {
                get = get.header(AUTHORIZATION, authorization);
            }
            let response =
                get.send().await.map_err(|error| Cause::Unreachable { host: host(&url), reason: innermost(error) })?;
            let Some(location) = redirect_target(&response) else {
                return Ok(response);
            };
            let refuse = |reason| Cause::Redirect { to: host(&url), reason };
            url = url.join(location).map_err(|_| refuse("the Location is not a URL"))?;
            if reach.is_none() {
                reach = Some(Reach::of_host(&request.url).await);
            }
        }
        Err(Cause::Redirect { to: host(&url), reason: "it is one of too many redirects" })
    }

    /// Checks that the registry at `home` may refer to `url`, and returns the limit to resolve its name with.
    pub async fn check_referral(&self, home: &Url, url: &Url) -> Result<Option<Reach>, Cause> {
        if home.origin() == url.origin() {
            return Ok(None);
        }
        let reach = Some(Reach::of_host(home).await);
        self.client(url, reach).map(|_| reach)
    }

    /// The client for `url`, or why that is not to be called.
    fn client(&self, url: &Url, reach: Option<Reach>) -> Result<Client, Cause> {
        let refuse = |reason| Err(Cause::Redirect { to: host(url), reason });
        let authority = authority(url);
        match url.scheme() {
            "https" => {}
            "http" if lists(&self.http_hosts, &authority) => {}
            "http" => return refuse("it is plain HTTP, and the host is not in the list for that"),
            _ => return refuse("it is neither HTTPS nor HTTP"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("its URL contains credentials");
        }
        if reach.zip(Reach::of_literal(url)).is_some_and(|(limit, actual)| actual > limit || actual == Reach::Nowhere) {
            return refuse("it is an address of this machine or of a private network");
        }
        let kind = ClientKind { verified: !lists(&self.skip_verify_hosts, &authority), reach };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&kind) {
            return Ok(client.clone());
        }
        let client = self.build(kind)?;
        clients.insert(kind, client.clone());
        Ok(client)
    }

    fn build(&self, kind: ClientKind) -> Result<Client, Cause> {
        let mut builder = Client::builder()
            .user_agent(concat!("terraform-provider-eks/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .gzip(false)
            .tls_danger_accept_invalid_certs(!kind.verified)
            .no_proxy();
        let mut proxy_hosts = Vec::new();
        let no_proxy = self.variable("no_proxy").and_then(NoProxy::from_string);
        let all = self.variable("all_proxy");
        type MakeProxy = fn(&str) -> reqwest::Result<Proxy>;
        let kinds: [(&str, MakeProxy); 2] =
            [("https_proxy", |url| Proxy::https(url)), ("http_proxy", |url| Proxy::http(url))];
        for (name, make) in kinds {
            let Some(address) = self.variable(name).or(all) else { continue };
            // The address may contain a password: it is not repeated.
            let invalid = |_| {
                Cause::Client(format!("the environment variable {} is not the URL of a proxy", name.to_uppercase()))
            };
            builder = builder.proxy(make(address).map_err(invalid)?.no_proxy(no_proxy.clone()));
            let url = Url::parse(address).or_else(|_| Url::parse(&format!("http://{address}")));
            proxy_hosts.extend(url.ok().as_ref().and_then(Url::host_str).map(str::to_owned));
        }
        if let Some(reach) = kind.reach {
            builder = builder.dns_resolver(GuardedResolver { reach, proxies: proxy_hosts.into() });
        }
        builder.build().map_err(|error| Cause::Client(innermost(error)))
    }

    /// A variable of the environment in lower or, as is also common, upper case. Empty counts as absent.
    fn variable(&self, name: &str) -> Option<&str> {
        let value = self.environment.get(name).or_else(|| self.environment.get(&name.to_uppercase()));
        value.map(String::as_str).filter(|value| !value.is_empty())
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

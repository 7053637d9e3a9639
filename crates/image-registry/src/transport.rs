//! HTTP for registries: bounded responses, redirects, retries.
//!
//! - HTTPS, verified. Plain HTTP only to the hosts of one list, unverified TLS only to those of another.
//! - A header with a credential goes to the origin it is for, and is dropped on a redirect to any other.
//! - Redirects follow the rule of [`address`](super::address), and never from HTTPS to HTTP unless the host is in the list. Names are
//!   checked again when they are resolved, by [`resolver`](super::resolver).
//! - A host gets a bounded number of requests at once, and none for a while after a connection timed out, see [`gate`](super::gate).
//! - 429, 502, 503, 504, reset connections and refused streams are retried, after `Retry-After` if there is one, within the time
//!   limit of the request.
//! - Proxies come from the given environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use network::{Failure, InvalidProxy, Program, Proxies};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::address::Reach;
use super::environment::Environment;
use super::error::{Cause, innermost};
use super::gate::Gates;
use super::hosts::{authority, host, lists, proxy_host, without_port};
use super::once::OnceMap;
use super::reply::{Reply, TIMEOUT};
use super::resolver::Resolver;

const MAX_REDIRECTS: usize = 5;
const MAX_ATTEMPTS: u32 = 4;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const PROXY_VARIABLES: [&str; 3] = ["https_proxy", "http_proxy", "all_proxy"];

/// One GET or HEAD.
pub(super) struct Get {
    pub url: Url,
    pub method: Method,
    pub headers: HeaderMap,
    /// Sent to the origin of `url` only.
    pub authorization: Option<HeaderValue>,
}

impl Get {
    pub fn new(url: Url) -> Self {
        Self { url, method: Method::GET, headers: HeaderMap::new(), authorization: None }
    }

    pub fn accept(mut self, media_types: &'static str) -> Self {
        self.headers.insert(ACCEPT, HeaderValue::from_static(media_types));
        self
    }
}

/// How a client verifies certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Tls {
    /// For plain HTTP; works on a machine without certificates.
    Unused,
    Verified,
    Unverified,
}

/// The hosts with special treatment, and the clients for them and for all others.
pub(super) struct Transport {
    http_hosts: BTreeSet<String>,
    skip_verify_hosts: BTreeSet<String>,
    environment: Environment,
    pub(super) program: Program,
    /// Created when first needed, because loading the root
    /// certificates takes milliseconds.
    clients: OnceMap<Tls, Client>,
    gates: Gates,
    resolver: Resolver,
    /// How near registries are, by host.
    reaches: OnceMap<String, Reach>,
}

impl Transport {
    pub fn new(
        http_hosts: BTreeSet<String>,
        skip_verify_hosts: BTreeSet<String>,
        environment: Environment,
        program: Program,
    ) -> Self {
        let resolver = Resolver::default();
        for host in http_hosts.iter().chain(&skip_verify_hosts) {
            resolver.trust(without_port(host));
        }
        for variable in PROXY_VARIABLES {
            let address = environment.get(variable).or_else(|| environment.get(&variable.to_uppercase()));
            if let Some(host) = address.and_then(proxy_host) {
                resolver.trust(&host);
            }
        }
        let (clients, gates, reaches) = (OnceMap::default(), Gates::default(), OnceMap::default());
        Self { http_hosts, skip_verify_hosts, environment, program, clients, gates, resolver, reaches }
    }

    /// The address of a registry's API.
    pub fn base(&self, registry: &str) -> Result<Url, Cause> {
        let host = if registry == super::DEFAULT_REGISTRY { "registry-1.docker.io" } else { registry };
        let scheme = if lists(&self.http_hosts, host) { "http" } else { "https" };
        let url = Url::parse(&format!("{scheme}://{host}/v2/"))
            .map_err(|error| Cause::Client(format!("{registry} is not a host: {error}")))?;
        self.trust(&url);
        Ok(url)
    }

    /// Allows any address for the host of `url`, which is named in the configuration.
    pub fn trust(&self, url: &Url) {
        self.resolver.trust(url.host_str().unwrap_or_default());
    }

    /// Whether the host of `url` may be called with its scheme.
    pub fn may_call(&self, url: &Url) -> bool {
        url.scheme() == "https" || lists(&self.http_hosts, &authority(url))
    }

    /// Sends the request, follows redirects, and retries. Any final status is a success here.
    pub async fn get(&self, request: &Get) -> Result<Reply, Cause> {
        let (mut attempt, mut deadline) = (0, None);
        loop {
            attempt += 1;
            let result = self.follow(request, &mut deadline).await;
            let left = deadline.map_or(TIMEOUT, |deadline| deadline.saturating_duration_since(Instant::now()));
            let reply = match result {
                Ok(reply) => reply,
                // There may be too many streams or connections: the next attempt has fewer beside it.
                Err(Cause::Interrupted { .. }) if attempt < MAX_ATTEMPTS && left > Duration::from_secs(1) => continue,
                Err(cause) => return Err(cause),
            };
            let status = reply.status();
            if !matches!(status.as_u16(), 429 | 502 | 503 | 504) {
                return Ok(reply);
            }
            let asked = reply.retry_after();
            let wait = asked.unwrap_or(Duration::from_secs(1 << (attempt - 1)));
            if attempt == MAX_ATTEMPTS || wait >= left {
                if status == StatusCode::TOO_MANY_REQUESTS {
                    return Err(Cause::RateLimited { host: reply.host(), retry_after: asked });
                }
                return Ok(reply);
            }
            tracing::debug!(host = reply.host(), status = status.as_u16(), ?wait, "registry asks to wait");
            reply.pass.slow_down(wait);
        }
    }

    /// Sends a form with credentials in it. It follows no redirect.
    pub async fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Reply, Cause> {
        let request = self.client(url).await?.post(url.clone()).form(form);
        self.send(request, url, &mut None).await
    }

    async fn follow(&self, request: &Get, deadline: &mut Option<Instant>) -> Result<Reply, Cause> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let is_home = url.origin() == request.url.origin();
            let client = self.client(&url).await?;
            let mut get = client.request(request.method.clone(), url.clone()).headers(request.headers.clone());
            if let Some(authorization) = request.authorization.as_ref().filter(|_| is_home) {
                get = get.header(AUTHORIZATION, authorization);
            }
            let reply = self.send(get, &url, deadline).await?;
            let Some(location) = reply.location() else {
                return Ok(reply);
            };
            let refuse = |reason| Cause::Redirect { to: host(&url), reason };
            url = url.join(location).map_err(|_| refuse("the Location is not a URL"))?;
            self.check_referral(&request.url, &url).await?;
        }
        Err(Cause::Redirect { to: host(&url), reason: "it is one of too many redirects" })
    }

    /// Sends one request when the gate of its host admits it.
    async fn send(&self, request: RequestBuilder, url: &Url, deadline: &mut Option<Instant>) -> Result<Reply, Cause> {
        let unreachable = |failure| Cause::Unreachable { host: host(url), failure };
        let pass = self.gates.of(&url.origin().ascii_serialization()).enter().await.map_err(unreachable)?;
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + TIMEOUT);
        match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => Ok(Reply { response, deadline, pass }),
            Ok(Err(error)) => {
                let is_connected = !(error.is_connect() || error.is_builder());
                let is_timeout = error.is_timeout();
                let failure = Failure::new(error, url, &self.proxies().unwrap_or_default());
                if !is_connected {
                    if is_timeout {
                        pass.note_unreachable(&failure);
                    }
                    return Err(unreachable(failure));
                }
                pass.slow_down(Duration::ZERO);
                Err(Cause::Interrupted { host: host(url), reason: failure.to_string() })
            }
            Err(_) => Err(Cause::TimedOut { host: host(url), limit: TIMEOUT }),
        }
    }

    /// Checks that the registry or token service at `home` may refer to `url`: by the rule of [`address`](super::address),
    /// and without credentials in the URL.
    pub async fn check_referral(&self, home: &Url, url: &Url) -> Result<(), Cause> {
        let refuse = |reason| Err(Cause::Redirect { to: host(url), reason });
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("its URL contains credentials");
        }
        if url.host() == home.host() {
            return Ok(());
        }
        match (Reach::of_literal(url), url.host()) {
            (None | Some(Reach::Public), Some(Host::Domain(name))) => {
                self.resolver.allow(name, self.reach(home).await);
                Ok(())
            }
            (None | Some(Reach::Public), _) => Ok(()),
            (Some(reach), _) if reach < Reach::Nowhere && reach <= self.reach(home).await => Ok(()),
            (Some(_), _) => refuse("it is an address of this machine or of a private network"),
        }
    }

    async fn reach(&self, home: &Url) -> Reach {
        let reach = async { Ok::<_, std::convert::Infallible>(Reach::of_host(home).await) };
        let Ok(reach) = self.reaches.get_or_try_make(home.host_str().unwrap_or_default().to_owned(), reach).await;
        reach
    }

    /// The client for `url`, or why it must not be called.
    async fn client(&self, url: &Url) -> Result<Client, Cause> {
        let refuse = |reason| Err(Cause::Redirect { to: host(url), reason });
        let authority = authority(url);
        match url.scheme() {
            "https" | "http" if self.may_call(url) => {}
            "http" => return refuse("it uses plain HTTP, but the host is not listed for plain HTTP"),
            _ => return refuse("it is neither HTTPS nor HTTP"),
        }
        let proxies = self.proxies().map_err(|error| Cause::Client(error.to_string()))?;
        let tls = match lists(&self.skip_verify_hosts, &authority) {
            _ if !proxies.need_tls(url) => Tls::Unused,
            true => Tls::Unverified,
            false => Tls::Verified,
        };
        self.clients.get_or_try_make(tls, async { self.build(tls, &proxies) }).await
    }

    fn build(&self, tls: Tls, proxies: &Proxies) -> Result<Client, Cause> {
        let builder = match tls {
            Tls::Unused => network::plain_client(),
            Tls::Verified => network::client().map_err(Cause::Client)?,
            Tls::Unverified => Client::builder().tls_danger_accept_invalid_certs(true),
        };
        let builder = proxies.apply(builder).map_err(|error| Cause::Client(error.to_string()))?;
        let client = builder
            .user_agent(self.program.user_agent())
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .dns_resolver(Arc::new(self.resolver.clone()))
            .build();
        client.map_err(|error| Cause::Client(innermost(error)))
    }

    fn proxies(&self) -> Result<Proxies, InvalidProxy> {
        Proxies::from_environment(|name| self.environment.get(name))
    }
}

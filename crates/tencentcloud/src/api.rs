//! Calls within the quota, retried where that is safe. Each call takes its credentials; [`Client`](super::Client) adds
//! them.

use std::{num::NonZeroU32, sync::Arc, time::SystemTime};

use backon::BackoffBuilder as _;
use network::Program;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Action, Auth, Endpoints, Error,
    limiter::{DEFAULT_REQUESTS_PER_SECOND, Limiter},
    retry::{self, DEFAULT_MAX_RETRIES},
    transport::{RawResponse, Request, Transport},
};

/// How to reach the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base URLs of the services.
    pub endpoints: Endpoints,
    /// How often a call is retried; 0 for never.
    pub max_retries: u32,
    /// For each action in each region.
    pub requests_per_second: NonZeroU32,
    /// The calling program, for `User-Agent` and `X-TC-RequestClient`.
    pub program: Program,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::default(),
            max_retries: DEFAULT_MAX_RETRIES,
            requests_per_second: DEFAULT_REQUESTS_PER_SECOND,
            program: Program::default(),
        }
    }
}

/// The Tencent Cloud API. Clones share connections and quota.
#[derive(Debug, Clone)]
pub struct Api(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    transport: Transport,
    limiter: Limiter,
    max_retries: u32,
}

impl Api {
    /// Connects to nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Shared {
            transport: Transport::new(settings.endpoints, settings.program),
            limiter: Limiter::new(settings.requests_per_second),
            max_retries: settings.max_retries,
        }))
    }

    /// The servers' time: this machine's, corrected once a server has refused a signature for its age.
    pub fn now(&self) -> SystemTime {
        self.0.transport.now().into()
    }

    /// Calls `action` in `region` (`None` for the few actions that have none), and returns its response.
    ///
    /// Waits for the quota, and retries as [`Action::retry`] allows. Dropping the future abandons the call; its outcome is
    /// then unknown.
    ///
    /// # Errors
    ///
    /// The error of the last attempt: every variant of [`Error`] except [`Error::Credentials`] and [`Error::Ended`].
    pub async fn send<A: Action>(
        &self,
        region: Option<&str>,
        auth: Auth<'_>,
        action: &A,
    ) -> Result<A::Response, Error> {
        self.send_until(region, auth, action, &CancellationToken::new()).await
    }

    /// Like [`Api::send`], but sends and retries nothing after `end`. A request that has been sent is not abandoned.
    ///
    /// # Errors
    ///
    /// As [`Api::send`]; [`Error::Ended`] when nothing was sent.
    pub async fn send_until<A: Action>(
        &self,
        region: Option<&str>,
        auth: Auth<'_>,
        action: &A,
        end: &CancellationToken,
    ) -> Result<A::Response, Error> {
        self.send_request(auth, &Request::of(region, action), end).await?.decode::<A>()
    }

    pub(crate) async fn send_request(
        &self,
        auth: Auth<'_>,
        request: &Request<'_>,
        end: &CancellationToken,
    ) -> Result<RawResponse, Error> {
        let &Request { service, action, region, retry, parameters, .. } = request;
        let lane = self.0.limiter.lane(service, action, region);
        let start = Instant::now();
        let mut pauses = retry::backoff(self.0.max_retries).build();
        let mut attempts = 0;
        let mut last = Error::Ended { action };
        loop {
            if end.run_until_cancelled(lane.turn()).await.is_none() {
                return Err(last);
            }
            tracing::trace!(service, action, region, ?parameters, "API request");
            attempts += 1;
            let error = match self.0.transport.send_request(auth, request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            if error.is_rate_limited() {
                lane.throttled();
            }
            let pause = if retry::may_repeat(&error, retry) { pauses.next() } else { None };
            let Some(pause) = pause else { return Err(error.after(attempts, start.elapsed())) };
            tracing::info!(
                action,
                attempt = attempts,
                error = &error as &dyn std::error::Error,
                ?pause,
                "the call failed; retrying after a pause"
            );
            last = error.after(attempts, start.elapsed());
            if end.run_until_cancelled(sleep(pause)).await.is_none() {
                return Err(last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::{
        super::{
            Retry,
            canned::{Reply, Server, http, json},
            tke::Done,
        },
        *,
    };

    #[derive(Debug, Serialize)]
    struct Read;

    #[derive(Debug, Serialize)]
    struct Make;

    macro_rules! action {
        ($name:ident, $retry:ident) => {
            impl Action for $name {
                const SERVICE: &'static str = "tke";
                const VERSION: &'static str = "2018-05-25";
                const NAME: &'static str = stringify!($name);
                type Response = Done;

                fn retry(&self) -> Retry {
                    Retry::$retry
                }
            }
        };
    }
    action!(Read, Idempotent);
    action!(Make, Once);

    /// Whether it succeeded in the end, and how often `action` was sent.
    async fn send<A: Action>(action: A, max_retries: u32, first: Reply) -> (bool, usize) {
        let server = Server::start(vec![first, json(r#"{"Response": {"RequestId": "r"}}"#)]).await;
        let endpoints = Endpoints::default().with_override("tke", &server.url).unwrap();
        let api = Api::new(Settings { endpoints, max_retries, ..Settings::default() });
        let result = api.send(Some("ap-guangzhou"), Auth::Skip, &action).await;
        (result.is_ok(), server.requests().len())
    }

    fn throttled() -> Reply {
        json(r#"{"Response": {"Error": {"Code": "RequestLimitExceeded", "Message": "slow"}, "RequestId": "r"}}"#)
    }

    #[tokio::test]
    async fn end_of_operation_ends_pauses_but_not_sent_calls() {
        let mut server = Server::start(Vec::new()).await;
        server.closed().await;
        let endpoints = Endpoints::default().with_override("tke", &server.url).unwrap();
        let api = Api::new(Settings { endpoints, ..Settings::default() });
        let end = CancellationToken::new();
        let start = Instant::now();
        let ended = async {
            sleep(std::time::Duration::from_millis(100)).await;
            end.cancel();
        };
        let (refused, ()) = tokio::join!(api.send_until(None, Auth::Skip, &Make, &end), ended);
        assert!(refused.as_ref().unwrap_err().is_not_connected(), "{refused:?}");
        // All pauses together take half a minute.
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
        let unsent = api.send_until(None, Auth::Skip, &Make, &end).await.unwrap_err();
        assert!(matches!(unsent, Error::Ended { .. }), "{unsent}");
    }

    #[tokio::test]
    async fn unsafe_calls_are_not_retried() {
        let results = tokio::join!(
            send(Read, 5, throttled()),
            send(Make, 5, throttled()),
            send(Read, 5, Reply::Silence),
            send(Make, 5, Reply::Silence),
            send(Read, 0, throttled()),
            send(Read, 5, http("429 Too Many Requests", "", "<html>")),
            send(Make, 5, http("429 Too Many Requests", "", "<html>")),
        );
        assert_eq!(results, ((true, 2), (true, 2), (true, 2), (false, 1), (false, 1), (true, 2), (false, 1)));
    }
}

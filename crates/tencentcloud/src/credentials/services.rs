//! The services that sources of credentials use: STS, the instance metadata service, and the time.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime},
};

use reqwest::StatusCode;
use tokio::sync::OnceCell;
use url::Url;

use super::CredentialsError;
use crate::{Action, Api, Auth, Error, sts, transport::response::read_body};

/// Timeout of the metadata service. It is local, so no response means that there is none.
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum response size of the metadata service, in bytes.
const METADATA_LIMIT: usize = 1 << 20;

/// The services of a [`CredentialsChain`](super::CredentialsChain). Tests implement their own.
pub trait Services: Send + Sync + std::fmt::Debug + 'static {
    /// Calls STS in `region`; in the configured region if `None`.
    fn sts<A: Action>(
        &self,
        region: Option<&str>,
        auth: Auth<'_>,
        action: &A,
    ) -> impl Future<Output = Result<A::Response, Error>> + Send;

    /// Gets `path` from the metadata service; `None` if it does not exist (404).
    ///
    /// # Errors
    ///
    /// [`CredentialsError::Metadata`] if there is no response within 2 seconds, or another status.
    fn metadata(&self, path: &str) -> impl Future<Output = Result<Option<String>, CredentialsError>> + Send;

    /// The current time for expiry, by the servers' clock.
    fn now(&self) -> SystemTime;
}

impl<S: Services> Services for Arc<S> {
    async fn sts<A: Action>(&self, region: Option<&str>, auth: Auth<'_>, action: &A) -> Result<A::Response, Error> {
        (**self).sts(region, auth, action).await
    }

    async fn metadata(&self, path: &str) -> Result<Option<String>, CredentialsError> {
        (**self).metadata(path).await
    }

    fn now(&self) -> SystemTime {
        (**self).now()
    }
}

/// Services that do not call STS, for checks. A complete source returns an error for which [`WithoutSts::would_call`] is true.
#[derive(Debug)]
pub(super) struct WithoutSts<S>(pub Arc<S>);

impl<S> WithoutSts<S> {
    /// Whether this error replaces a call of STS.
    pub fn would_call(error: &Error) -> bool {
        matches!(error, Error::Credentials { source, .. } if matches!(**source, CredentialsError::Unsettled { .. }))
    }
}

impl<S: Services> Services for WithoutSts<S> {
    async fn sts<A: Action>(&self, _: Option<&str>, _: Auth<'_>, _: &A) -> Result<A::Response, Error> {
        let source = Arc::new(CredentialsError::Unsettled { problem: "a check does not call STS".to_owned() });
        Err(Error::Credentials { action: A::NAME, source })
    }

    async fn metadata(&self, path: &str) -> Result<Option<String>, CredentialsError> {
        self.0.metadata(path).await
    }

    fn now(&self) -> SystemTime {
        self.0.now()
    }
}

/// The metadata service of every instance.
pub const DEFAULT_METADATA_URL: &str = "http://metadata.tencentyun.com";

/// The real services: the API's client, plain HTTP to the metadata service, and the servers' clock.
#[derive(Debug)]
pub struct CloudServices {
    api: Api,
    metadata: Url,
    region: Option<String>,
    http: OnceCell<reqwest::Client>,
}

impl CloudServices {
    /// `metadata` is a base URL, [`DEFAULT_METADATA_URL`] except in tests and private networks. `region` is the default region of STS
    /// calls, [`sts::DEFAULT_REGION`] if `None`. Makes no connection yet.
    pub fn new(api: Api, metadata: Url, region: Option<String>) -> Self {
        Self { api, metadata, region, http: OnceCell::new() }
    }
}

impl Services for CloudServices {
    async fn sts<A: Action>(&self, region: Option<&str>, auth: Auth<'_>, action: &A) -> Result<A::Response, Error> {
        let region = region.or(self.region.as_deref()).unwrap_or(sts::DEFAULT_REGION);
        self.api.send(Some(region), auth, action).await
    }

    async fn metadata(&self, path: &str) -> Result<Option<String>, CredentialsError> {
        let host = self.metadata.authority();
        let problem = |problem: String| CredentialsError::Metadata { problem };
        // `without_url`, because the message already has the address.
        let failed = |error: reqwest::Error| match error.is_timeout() {
            true => problem(format!("the metadata service {host} did not respond within {METADATA_TIMEOUT:?}")),
            false => problem(format!("no response from the metadata service {host}: {}", cause(&error.without_url()))),
        };
        let url = self.metadata.join(path).map_err(|error| problem(format!("{path:?} is not a path: {error}")))?;
        let http = self.http.get_or_try_init(async || build(&self.metadata)).await;
        let http = http.map_err(|error| problem(format!("the metadata service {host} cannot be called: {error}")))?;
        let mut response = http.get(url).send().await.map_err(failed)?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => match read_body(&mut response, METADATA_LIMIT).await.map_err(failed)? {
                Some(body) => Ok(Some(String::from_utf8_lossy(&body).into_owned())),
                None => Err(problem(format!("the response of the metadata service {host} is larger than 1 MiB"))),
            },
            status => Err(problem(format!("the metadata service {host} responded with the status {status}"))),
        }
    }

    fn now(&self) -> SystemTime {
        self.api.now()
    }
}

/// The HTTP client. It never uses a proxy: another machine's metadata would be another machine's identity.
fn build(url: &Url) -> Result<reqwest::Client, String> {
    let builder = if url.scheme() == "https" { network::client()? } else { network::plain_client() };
    let builder = builder.no_proxy().timeout(METADATA_TIMEOUT).redirect(reqwest::redirect::Policy::none());
    builder.build().map_err(|error| error.to_string())
}

/// The innermost cause, which is the most specific: the library's own message is "error sending request".
fn cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .last()
        .map(|cause| safe_text::quote(&cause.to_string(), 200))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Endpoints, Settings,
        canned::{Reply, Server, http, json},
        credentials::Credentials,
    };

    fn services(metadata: &str) -> CloudServices {
        CloudServices::new(Api::new(Settings::default()), Url::parse(metadata).unwrap(), None)
    }

    #[tokio::test]
    async fn only_not_found_is_none() {
        for (status, expected) in [
            ("200 OK", "Ok(Some(\"ci-role\"))"),
            ("404 Not Found", "Ok(None)"),
            ("403 Forbidden", "responded with the status 403"),
            ("302 Found", "responded with the status 302"),
        ] {
            let server = Server::start(vec![http(status, "Location: http://example.com/\r\n", "ci-role")]).await;
            let response = services(&server.url).metadata("/latest/meta-data/x").await;
            assert!(format!("{response:?}").contains(expected), "{response:?}");
            assert!(server.requests()[0].starts_with("get /latest/meta-data/x http/1.1"));
        }
    }

    #[tokio::test]
    async fn lost_response_names_the_service() {
        let server = Server::start(vec![Reply::Silence]).await;
        let error = services(&server.url).metadata("/").await.unwrap_err().to_string();
        let host = server.url.strip_prefix("http://").unwrap();
        assert!(
            error.starts_with(&format!("instance role: no response from the metadata service {host}: ")),
            "{error}"
        );
    }

    /// With paused time, which advances to the timeout.
    #[tokio::test(start_paused = true)]
    async fn silent_service_times_out() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let host = listener.local_addr().unwrap();
        let error = services(&format!("http://{host}")).metadata("/").await.unwrap_err().to_string();
        assert_eq!(error, format!("instance role: the metadata service {host} did not respond within 2s"));
    }

    /// Otherwise temporary credentials would appear to expire too early or too late.
    #[tokio::test]
    async fn time_is_the_servers_once_known() {
        let expired = r#"{"Response": {"Error": {"Code": "AuthFailure.SignatureExpire"}, "RequestId": "r"}}"#;
        let identity = r#"{"Response": {"Arn": "a", "AccountId": "1", "UserId": "1", "RequestId": "r"}}"#;
        let hour = Duration::from_secs(3600);
        let date = format!("Date: {}\r\n", httpdate::fmt_http_date(SystemTime::now() + hour));
        let server = Server::start(vec![http("200 OK", &date, expired), json(identity)]).await;
        let endpoints = Endpoints::default().with_override("sts", &server.url).unwrap();
        let services = CloudServices::new(
            Api::new(Settings { endpoints, ..Settings::default() }),
            Url::parse(DEFAULT_METADATA_URL).unwrap(),
            Some("ap-shanghai-fsi".to_owned()),
        );
        let keys = Credentials { secret_id: "id".into(), secret_key: "key".into(), token: None, expires_at: None };
        let ahead = || services.now().duration_since(SystemTime::now()).unwrap_or_default().as_secs();
        assert_eq!(ahead(), 0);
        services.sts(None, Auth::Signed(&keys), &sts::GetCallerIdentity {}).await.unwrap();
        assert!((3590..=3600).contains(&ahead()), "{}", ahead());
        assert!(server.requests().iter().all(|request| request.contains("x-tc-region: ap-shanghai-fsi")));
    }
}

//! The API as one identity: what resources and data sources hold.

use std::sync::Arc;

use super::{Action, Api, Auth, Error, credentials::ProvideCredentials};

/// The API with credentials and a default region. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Client {
    api: Api,
    credentials: Arc<dyn ProvideCredentials>,
    region: Option<Arc<str>>,
}

impl Client {
    /// A client that signs with what `credentials` gives at each call. Without a `region`, calls must name one.
    pub fn new(api: Api, credentials: Arc<dyn ProvideCredentials>, region: Option<&str>) -> Self {
        Self { api, credentials, region: region.map(Arc::from) }
    }

    /// The region of calls that name none.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Calls `action` in the region of the client.
    ///
    /// # Errors
    ///
    /// [`Error::NoRegion`] when there is none, otherwise those of [`Client::send_in`].
    pub async fn send<A: Action>(&self, action: &A) -> Result<A::Response, Error> {
        let region = self.region().ok_or(Error::NoRegion { action: A::NAME })?;
        self.send_in(region, action).await
    }

    /// Calls `action` in `region`. Quota and repetition are those of [`Api::send`].
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`] except [`Error::NoRegion`].
    pub async fn send_in<A: Action>(&self, region: &str, action: &A) -> Result<A::Response, Error> {
        let credentials = self.credentials.credentials().await;
        let credentials =
            credentials.map_err(|error| Error::Credentials { action: A::NAME, source: Arc::new(error) })?;
        self.api.send(Some(region), Auth::Signed(&credentials), action).await
    }
}

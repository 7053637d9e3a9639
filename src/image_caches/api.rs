//! The interface to the API: calls in one region, so that the rules that use them can be tested without a network and with paused
//! time.

use std::fmt::Debug;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use tencentcloud::{
    Action, Client, Error,
    tke::{
        CreateImageCache, DeleteImageCaches, DescribeEKSContainerInstanceEvent, DescribeEKSContainerInstances,
        DescribeImageCaches, GetMostSuitableImageCache, UpdateImageCache,
    },
};

/// Calls an action. Implementations handle quota and retries.
#[async_trait]
pub trait Call<A: Action> {
    async fn call(&self, action: &A) -> Result<A::Response, Error> {
        self.call_until(action, &CancellationToken::new()).await
    }

    /// After `end`, the call is not sent or retried.
    async fn call_until(&self, action: &A, end: &CancellationToken) -> Result<A::Response, Error>;
}

/// The actions of image caches in a region. A new action needs a line here and one in the fake.
pub trait RegionApi:
    Call<CreateImageCache>
    + Call<DescribeImageCaches>
    + Call<UpdateImageCache>
    + Call<DeleteImageCaches>
    + Call<GetMostSuitableImageCache>
    + Call<DescribeEKSContainerInstances>
    + Call<DescribeEKSContainerInstanceEvent>
    + Debug
    + Send
    + Sync
{
}

/// The client, in a region.
#[derive(Debug)]
pub(super) struct RegionClient {
    pub client: Client,
    pub region: String,
}

impl RegionApi for RegionClient {}

#[async_trait]
impl<A: Action<Response: Sync>> Call<A> for RegionClient {
    async fn call_until(&self, action: &A, end: &CancellationToken) -> Result<A::Response, Error> {
        self.client.send_until(&self.region, action, end).await
    }
}

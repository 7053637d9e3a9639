//! The seam to the API: seven calls, so that the rules above them can be tested without a network and with stopped time.

use std::fmt::Debug;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use tencentcloud::{
    Client, Error,
    tke::{
        CreateImageCache, CreateImageCacheResponse, DeleteImageCaches, DescribeEKSContainerInstanceEvent,
        DescribeEKSContainerInstanceEventResponse, DescribeEKSContainerInstances,
        DescribeEKSContainerInstancesResponse, DescribeImageCaches, DescribeImageCachesResponse, Done,
        GetMostSuitableImageCache, GetMostSuitableImageCacheResponse, UpdateImageCache,
    },
};

/// The actions of image caches in a region, with quota and repetition done below.
#[async_trait]
pub trait ImageCacheApi: Send + Sync + Debug {
    /// After `end`, the call is not sent or repeated.
    async fn create(
        &self,
        region: &str,
        request: &CreateImageCache,
        end: &CancellationToken,
    ) -> Result<CreateImageCacheResponse, Error>;
    async fn describe(&self, region: &str, request: &DescribeImageCaches)
    -> Result<DescribeImageCachesResponse, Error>;
    async fn update(&self, region: &str, request: &UpdateImageCache) -> Result<Done, Error>;
    async fn delete(&self, region: &str, request: &DeleteImageCaches) -> Result<Done, Error>;
    async fn most_suitable(
        &self,
        region: &str,
        request: &GetMostSuitableImageCache,
    ) -> Result<GetMostSuitableImageCacheResponse, Error>;
    async fn container_instances(
        &self,
        region: &str,
        request: &DescribeEKSContainerInstances,
    ) -> Result<DescribeEKSContainerInstancesResponse, Error>;
    async fn container_instance_events(
        &self,
        region: &str,
        request: &DescribeEKSContainerInstanceEvent,
    ) -> Result<DescribeEKSContainerInstanceEventResponse, Error>;
}

#[async_trait]
impl ImageCacheApi for Client {
    async fn create(
        &self,
        region: &str,
        request: &CreateImageCache,
        end: &CancellationToken,
    ) -> Result<CreateImageCacheResponse, Error> {
        self.send_until(region, request, end).await
    }

    async fn describe(
        &self,
        region: &str,
        request: &DescribeImageCaches,
    ) -> Result<DescribeImageCachesResponse, Error> {
        self.send(region, request).await
    }

    async fn update(&self, region: &str, request: &UpdateImageCache) -> Result<Done, Error> {
        self.send(region, request).await
    }

    async fn delete(&self, region: &str, request: &DeleteImageCaches) -> Result<Done, Error> {
        self.send(region, request).await
    }

    async fn most_suitable(
        &self,
        region: &str,
        request: &GetMostSuitableImageCache,
    ) -> Result<GetMostSuitableImageCacheResponse, Error> {
        self.send(region, request).await
    }
    async fn container_instances(
        &self,
        region: &str,
        request: &DescribeEKSContainerInstances,
    ) -> Result<DescribeEKSContainerInstancesResponse, Error> {
        self.send(region, request).await
    }

    async fn container_instance_events(
        &self,
        region: &str,
        request: &DescribeEKSContainerInstanceEvent,
    ) -> Result<DescribeEKSContainerInstanceEventResponse, Error> {
        self.send(region, request).await
    }
}

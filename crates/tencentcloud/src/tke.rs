//! Service `tke`, version 2018-05-25: the five actions of image caches, and two of the container instances that build them.
//!
//! Requests never hold `null` or fields that are not set, because the API refuses what it does not know. Responses are read
//! leniently: every field but the ID may be absent or `null`, because the documented examples differ in which they have.
//!
//! Data types: <https://cloud.tencent.com/document/api/457/31866>.

/// Ties a request to its name and response.
macro_rules! action {
    ($request:ident, $retry:ident, $response:ty) => {
        impl $crate::Action for $request {
            const SERVICE: &'static str = "tke";
            const VERSION: &'static str = "2018-05-25";
            const NAME: &'static str = stringify!($request);
            type Response = $response;

            fn retry(&self) -> $crate::Retry {
                $crate::Retry::$retry
            }
        }
    };
}

mod actions;
mod container_instance;
mod image_cache;
mod lenient;

pub use actions::{
    CreateImageCache, CreateImageCacheResponse, DeleteImageCaches, DescribeImageCaches, DescribeImageCachesResponse,
    Done, GetMostSuitableImageCache, GetMostSuitableImageCacheResponse, MAX_LIMIT, UpdateImageCache,
};
pub use container_instance::{
    ContainerInstance, DescribeEKSContainerInstanceEvent, DescribeEKSContainerInstanceEventResponse,
    DescribeEKSContainerInstances, DescribeEKSContainerInstancesResponse, MAX_INSTANCES,
};
pub use image_cache::{EipAttribute, Event, ImageCache, ImageRegistryCredential, Status, Tag, is_reserved_tag_key};

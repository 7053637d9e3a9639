//! Service `tke`, version 2018-05-25: the five actions of image caches, and two of the container instances that build them.
//!
//! Requests omit fields that are not set, because the API refuses `null` and unknown parameters. Responses are read
//! leniently: every field except the ID may be missing or `null`, because the documented examples differ.
//!
//! Data types: <https://cloud.tencent.com/document/api/457/31866>.

/// Associates a request with its name and its response.
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

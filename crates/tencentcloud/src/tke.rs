//! Service `tke`, version 2018-05-25: the five actions of image caches.
//!
//! Requests never hold `null` or fields that are not set, because the API refuses what it does not know. Answers are read
//! leniently: every field but the ID may be absent or `null`, because the documented examples differ in which they have.
//!
//! Data types: <https://cloud.tencent.com/document/api/457/31866>.

mod actions;
mod image_cache;
mod lenient;

pub use actions::{
    CreateImageCache, CreateImageCacheResponse, DeleteImageCaches, DescribeImageCaches, DescribeImageCachesResponse,
    Done, GetMostSuitableImageCache, GetMostSuitableImageCacheResponse, MAX_LIMIT, UpdateImageCache,
};
pub use image_cache::{EipAttribute, Event, ImageCache, ImageRegistryCredential, Status, Tag, is_reserved_tag_key};

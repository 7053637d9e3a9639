//! The attributes of an image cache that data sources return, as the API returns them.
//!
//! The API does not return network, EIP, registry lists, DNS settings, security groups and credentials.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use tencentcloud::tke::{Event, ImageCache};
use terraform_plugin::schema::COMPUTED;
use terraform_plugin::value::Attr;

use crate::tags;

/// The attributes of a cache, except those by which it is looked up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheAttributes {
    /// Status of the cache: `Pending` (being created), `Ready`, `Failed`, `Updating` or `UpdateFailed`. Pods can use it only
    /// when it is `Ready`.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub status: Attr<String>,

    /// Images of the cache.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub images: Attr<BTreeSet<String>>,

    /// Size of the cache in GiB.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub image_cache_size: Attr<u64>,

    /// Days after which Tencent Cloud deletes the cache; 0 for never.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub retention_days: Attr<u64>,

    /// Tags of the cache.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub tags: Attr<BTreeMap<String, String>>,

    /// ID of the snapshot that contains the images; empty until the first build is complete.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub snapshot_id: Attr<String>,

    /// When the cache was created, as the API writes it. The format varies; do not parse it.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub creation_time: Attr<String>,

    /// When the cache expires, as the API writes it: empty or a century away for never. The format varies; do not parse it.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub expire_date_time: Attr<String>,

    /// Who created the cache: `manual`, or `auto` for the platform.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub image_cache_type: Attr<String>,

    /// Snapshotter for which the images are unpacked, for example `overlay`.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub snapshotter: Attr<String>,
}

impl From<&ImageCache> for ImageCacheAttributes {
    fn from(cache: &ImageCache) -> Self {
        let tags = cache.tags.as_deref().map(tags::by_key);
        Self {
            status: cache.status.to_string().into(),
            images: cache.images.iter().cloned().collect::<BTreeSet<_>>().into(),
            image_cache_size: cache.image_cache_size.into(),
            retention_days: cache.retention_days.into(),
            tags: tags.into(),
            snapshot_id: cache.snapshot_id.clone().into(),
            creation_time: cache.creation_time.clone().into(),
            expire_date_time: cache.expire_date_time.clone().into(),
            image_cache_type: cache.image_cache_type.clone().into(),
            snapshotter: cache.snapshotter.clone().into(),
        }
    }
}

/// An image cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundImageCache {
    /// ID of the cache.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub id: Attr<String>,

    /// Name of the cache; empty for caches that the platform created.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub name: Attr<String>,

    /// Region of the cache. Pods of other regions cannot use it.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub region: Attr<String>,

    #[serde(flatten)]
    pub attributes: ImageCacheAttributes,
}

impl FoundImageCache {
    /// A cache of `region`.
    pub fn new(region: &str, cache: &ImageCache) -> Self {
        Self {
            id: cache.image_cache_id.clone().into(),
            name: cache.image_cache_name.clone().into(),
            region: region.to_owned().into(),
            attributes: cache.into(),
        }
    }
}

/// The history of a cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheHistory {
    /// When Pods, or a query for the most suitable cache, last matched it, as the API writes it; empty for never. The
    /// format varies; do not parse it.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub last_matched_time: Attr<String>,

    /// Events of its builds, in the order of the API, which is not documented.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub events: Attr<Vec<ImageCacheEvent>>,
}

impl From<&ImageCache> for ImageCacheHistory {
    fn from(cache: &ImageCache) -> Self {
        Self {
            last_matched_time: cache.last_matched_time.clone().into(),
            events: cache.events.iter().map(ImageCacheEvent::from).collect::<Vec<_>>().into(),
        }
    }
}

/// An event of a cache. The wording changes over time: for display only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheEvent {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub kind: Attr<String>,

    /// Reason, in one word, for example `DiskCreated`.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub reason: Attr<String>,

    /// Text of the event.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub message: Attr<String>,

    /// When it first occurred, as the API writes it.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub first_timestamp: Attr<String>,

    /// When it last occurred, as the API writes it.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub last_timestamp: Attr<String>,
}

impl From<&Event> for ImageCacheEvent {
    fn from(event: &Event) -> Self {
        let Event { kind, reason, message, first_timestamp, last_timestamp } = event.clone();
        Self {
            kind: kind.into(),
            reason: reason.into(),
            message: message.into(),
            first_timestamp: first_timestamp.into(),
            last_timestamp: last_timestamp.into(),
        }
    }
}

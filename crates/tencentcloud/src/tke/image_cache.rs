//! The image cache as the API describes it, and the types inside it.

use std::{fmt, sync::Arc};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use super::lenient;
use crate::secret;

/// An image cache, as `DescribeImageCaches` lists it.
///
/// The API does not return network, EIP, registry lists and `ResolveConfig`. `ImageRegistryCredentials` is not read,
/// because it may contain passwords.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageCache {
    /// `imc-` and a suffix.
    pub image_cache_id: String,
    /// Not unique, and empty for caches that super nodes created automatically.
    #[serde(default, deserialize_with = "lenient::text")]
    pub image_cache_name: String,
    /// In GiB.
    #[serde(default, deserialize_with = "lenient::number")]
    pub image_cache_size: Option<u64>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub images: Vec<String>,
    /// Times come in several formats: keep them as strings.
    #[serde(default, deserialize_with = "lenient::text")]
    pub creation_time: String,
    /// Empty, or a hundred years after creation, if the cache never expires.
    #[serde(default, deserialize_with = "lenient::text")]
    pub expire_date_time: String,
    /// The order is not documented.
    #[serde(default, deserialize_with = "lenient::list")]
    pub events: Vec<Event>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub last_matched_time: String,
    /// `snap-` and a suffix; empty until the first build is complete.
    #[serde(default, deserialize_with = "lenient::text")]
    pub snapshot_id: String,
    #[serde(default)]
    pub status: Status,
    /// In days; 0 means indefinitely.
    #[serde(default, deserialize_with = "lenient::number")]
    pub retention_days: Option<u64>,
    /// `None` in responses of an older API, which is not the same as no tags.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
    /// `manual`, or `auto` for caches that super nodes created automatically. The set is not documented.
    #[serde(default, deserialize_with = "lenient::text")]
    pub image_cache_type: String,
    /// `overlay`. The set is not documented.
    #[serde(default, deserialize_with = "lenient::text")]
    pub snapshotter: String,
    /// The ID of the request that listed this cache, for Tencent Cloud's support.
    #[serde(skip)]
    pub request_id: Arc<str>,
}

/// The status of an image cache. The named variants are the documented set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The first build is in progress.
    Pending,
    /// Pods can use it.
    Ready,
    /// The first build failed; this status is final.
    Failed,
    /// A build after a change is in progress.
    Updating,
    /// The build after a change failed.
    UpdateFailed,
    /// A status that this client does not know; empty if the response had none.
    Unknown(String),
}

impl Status {
    /// The API's name of the status.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "Pending",
            Self::Ready => "Ready",
            Self::Failed => "Failed",
            Self::Updating => "Updating",
            Self::UpdateFailed => "UpdateFailed",
            Self::Unknown(status) => status,
        }
    }

    /// Whether a build is in progress, so that the status will change by itself.
    pub fn is_building(&self) -> bool {
        matches!(self, Self::Pending | Self::Updating)
    }
}

impl Default for Status {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

impl From<String> for Status {
    fn from(status: String) -> Self {
        match status.as_str() {
            "Pending" => Self::Pending,
            "Ready" => Self::Ready,
            "Failed" => Self::Failed,
            "Updating" => Self::Updating,
            "UpdateFailed" => Self::UpdateFailed,
            _ => Self::Unknown(status),
        }
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::text(deserializer).map(Self::from)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An event of an image cache. The wording changes over time: for display only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// `Normal` or `Warning`.
    #[serde(default, rename = "Type", deserialize_with = "lenient::text")]
    pub kind: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub reason: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub message: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub first_timestamp: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub last_timestamp: String,
}

/// A tag of an image cache.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    #[serde(default, deserialize_with = "lenient::text")]
    pub key: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub value: String,
}

/// Whether the key is reserved for the platform. The platform attaches such tags; requests with them are refused.
///
/// Source: <https://cloud.tencent.com/document/product/651/13354> and `651/60431`.
pub fn is_reserved_tag_key(key: &str) -> bool {
    key.starts_with("qcs:") || key.starts_with("tencentcloud:")
}

/// The credentials for one registry, for pulling the images.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageRegistryCredential {
    /// Host of the registry.
    pub server: String,
    pub username: String,
    #[serde(serialize_with = "secret::exposed")]
    pub password: SecretString,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The EIP that is created for the build. Sending this object at all creates one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EipAttribute {
    /// Required. `Never` keeps the EIP after the build; any other value releases it.
    pub delete_policy: String,
    /// `BGP` if omitted; `CMCC`, `CTCC`, `CUCC` in some regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_service_provider: Option<String>,
    /// In Mbps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_max_bandwidth_out: Option<u64>,
}

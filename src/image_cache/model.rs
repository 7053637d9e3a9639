//! The schema and the state of `eks_image_cache`.
//!
//! The API does not return the network, the EIP, the registry lists, the DNS settings and the security groups of a cache:
//! they are kept in the state as configured, and are null after an import until the first apply.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use tencentcloud::tke::Status;
use terraform_plugin::framework::{Deadline, Operation, Timeouts};
use terraform_plugin::schema::{BLOCK, COMPUTED, OPTIONAL, OPTIONAL_COMPUTED, REQUIRED};
use terraform_plugin::value::{Attr, Secret};

/// A cache of container images. Tencent Cloud pulls the images once onto a disk and takes a snapshot of it. Pods on super
/// nodes that are annotated to use the cache start from the snapshot instead of pulling the images, and are not limited by
/// the 20 GiB of the default system disk.
///
/// A cache can be used by Pods in all zones of its own region only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheModel {
    /// Container images to cache, for example `["nginx:1.27"]`. Pods match a cache by identical names and tags: use exactly the
    /// names that the Pods use, and avoid `latest`. A change pulls all images again, in place.
    #[schemars(extend("x-terraform" = REQUIRED), length(min = 1))]
    pub images: Attr<BTreeSet<String>>,

    /// ID of the VPC of the temporary instance that pulls the images, for example `vpc-1a2b3c4d`. A change replaces the
    /// cache.
    #[schemars(extend("x-terraform" = REQUIRED.requires_replace()), length(min = 1))]
    pub vpc_id: Attr<String>,

    /// ID of the subnet of the temporary instance that pulls the images, for example `subnet-1a2b3c4d`. It needs a free address
    /// and a route to the registries: a NAT gateway, or an EIP. A change replaces the cache.
    #[schemars(extend("x-terraform" = REQUIRED.requires_replace()), length(min = 1))]
    pub subnet_id: Attr<String>,

    /// Name of the cache, for example `llm`. Defaults to a unique name that begins with `tf-`. Changed in
    /// place.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED.use_state_for_unknown()), length(min = 1))]
    pub name: Attr<String>,

    /// Region of the cache, for example `ap-guangzhou`. Defaults to the region of the provider. A change replaces the cache, and
    /// so does a change of the provider's region if this is omitted.
    #[schemars(
        extend("x-terraform" = OPTIONAL_COMPUTED.use_state_for_unknown().requires_replace().optional_for_import()),
        length(min = 1)
    )]
    pub region: Attr<String>,

    /// Size of the cache's disk in GiB, from 20 to 32000. It must be large enough for the images, compressed and unpacked. The API
    /// defaults to 20. Removing the argument keeps the size. A change pulls all images again, in place.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED.use_state_for_unknown()), range(min = 20, max = 32000))]
    pub image_cache_size: Attr<u64>,

    /// Days after which Tencent Cloud deletes the cache, for example 30. 0, the default of the API, keeps it indefinitely.
    /// Removing the argument keeps the value: set 0 instead. An expired cache is removed from the state, and the next plan
    /// creates it again. Changed in place.
    #[schemars(extend("x-terraform" = OPTIONAL_COMPUTED.use_state_for_unknown()), range(min = 0))]
    pub retention_days: Attr<u64>,

    /// IDs of the security groups of the temporary instance that pulls the images, for example `["sg-1a2b3c4d"]`. They must
    /// allow access to the registries and to 169.254.0.0/16. A change pulls all images again, in place.
    #[schemars(extend("x-terraform" = OPTIONAL), inner(length(min = 1)))]
    pub security_group_ids: Attr<BTreeSet<String>>,

    /// Tags of the cache, for example `{ team = "ai" }`. They take precedence over the provider's `default_tags`. Changed in place.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub tags: Attr<BTreeMap<String, String>>,

    /// All tags of the cache: `tags` merged with the provider's `default_tags`.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub tags_all: Attr<BTreeMap<String, String>>,

    /// Credentials for private registries, by registry server, for example `"registry.example.com"`. They are sent to the
    /// API when the images are pulled, and are never read back. A change pulls all images again, in place.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub image_registry_credentials: Attr<BTreeMap<String, RegistryCredentials>>,

    /// ID of an existing EIP for the temporary instance that pulls the images, for example `eip-1a2b3c4d`. Conflicts with
    /// `auto_create_eip`. A change replaces the cache.
    #[schemars(extend("x-terraform" = OPTIONAL.requires_replace()), length(min = 1))]
    pub existed_eip_id: Attr<String>,

    /// Creates an EIP for the temporary instance that pulls the images: `{}` for one with default settings. Conflicts with
    /// `existed_eip_id`. A change replaces the cache.
    #[schemars(extend("x-terraform" = OPTIONAL.requires_replace()))]
    pub auto_create_eip: Attr<AutoCreateEip>,

    /// Registries whose TLS certificate is not verified when the images are pulled, for example
    /// `["harbor.example.com"]`. The Pods need the same list, see `eks_pod_disk`. A change replaces the cache.
    #[schemars(extend("x-terraform" = OPTIONAL.requires_replace()), inner(length(min = 1)))]
    pub registry_skip_verify_list: Attr<BTreeSet<String>>,

    /// Registries that use plain HTTP when the images are pulled, for example `["harbor.example.com"]`. The Pods need the same
    /// list, see `eks_pod_disk`. A change replaces the cache.
    #[schemars(extend("x-terraform" = OPTIONAL.requires_replace()), inner(length(min = 1)))]
    pub registry_http_endpoint_list: Attr<BTreeSet<String>>,

    /// DNS settings of the temporary instance that pulls the images, in the format of `resolv.conf`, for example
    /// `"nameserver 10.0.0.2"`. A change replaces the cache.
    #[schemars(extend("x-terraform" = OPTIONAL.requires_replace()), length(min = 1))]
    pub resolve_config: Attr<String>,

    /// Values whose change pulls all images again, in place, such as the digest of a tag that moves, or a date. For example
    /// `{ month = "2026-11" }`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub rebuild_triggers: Attr<BTreeMap<String, String>>,

    /// Whether changes that would pull the images again in place replace the cache instead. With `create_before_destroy`, the new
    /// cache is Ready before Pods leave the old one. Both exist for a while: omit `name`, or look up the cache by ID or with
    /// `most_recent`. Default `false`.
    #[schemars(extend("x-terraform" = OPTIONAL.default_bool(false)))]
    pub replace_on_rebuild: Attr<bool>,

    /// Whether create and update wait until the cache is Ready. Default `true`. With `false`, the next plan shows a build that
    /// failed later. Set `false` if builds take longer than a run may and `terraform untaint` cannot be run: a create that times
    /// out leaves a tainted cache, which the next apply would build again.
    #[schemars(extend("x-terraform" = OPTIONAL.default_bool(true)))]
    pub wait_for_ready: Attr<bool>,

    /// What a destroy or a replacement does with the cache: `delete`, or `retain` to keep it in the cloud, where it continues to
    /// be billed. Defaults to `delete`. A change takes effect with the next apply and makes no API call.
    #[schemars(extend("x-terraform" = OPTIONAL, "enum" = ["delete", "retain"]))]
    pub deletion_policy: Attr<String>,

    /// ID of the cache, for example `imc-1a2b3c4d`.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown().required_for_import()))]
    pub id: Attr<String>,

    /// Status of the cache: `Pending` (being created), `Ready`, `Failed`, `Updating` or `UpdateFailed`. Pods can use it only
    /// when it is `Ready`.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub status: Attr<String>,

    /// ID of the snapshot that contains the images, for example `snap-1a2b3c4d`.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub snapshot_id: Attr<String>,

    /// When the cache was created, as the API writes it. The format varies; do not parse it.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub creation_time: Attr<String>,

    /// When the cache expires, as the API writes it: empty or a century away for never. The format varies; do not parse it.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub expire_date_time: Attr<String>,

    /// Who created the cache: `manual`, or `auto` for the platform.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub image_cache_type: Attr<String>,

    /// Snapshotter for which the images are unpacked, for example `overlay`.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub snapshotter: Attr<String>,

    /// Pod annotations that make Pods start from this cache, for `.spec.template.metadata.annotations` of a workload. See
    /// `eks_pod_disk` for more of them.
    #[schemars(extend("x-terraform" = COMPUTED.use_state_for_unknown()))]
    pub annotations: Attr<CacheAnnotations>,

    /// How long the operations may take: by default 60 minutes for create and update, which wait until the cache is Ready, and 10
    /// minutes for delete.
    #[schemars(extend("x-terraform" = BLOCK))]
    pub timeouts: Attr<Timeouts>,
}

/// The default timeout of a build.
pub(super) const DEFAULT_BUILD_TIMEOUT: Duration = Duration::from_secs(60 * 60);
const DEFAULT_DELETE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

impl ImageCacheModel {
    /// The deadline of an operation that begins now, for a cache with this configuration or state. `stop` is Ctrl-C.
    pub(super) fn deadline(&self, operation: Operation, stop: &CancellationToken) -> Deadline {
        let default = match operation {
            Operation::Create | Operation::Update => DEFAULT_BUILD_TIMEOUT,
            Operation::Delete => DEFAULT_DELETE_TIMEOUT,
        };
        Deadline::new(operation, &self.timeouts, default, stop)
    }

    /// Whether a destroy keeps the cache.
    pub(super) fn is_retained(&self) -> bool {
        self.deletion_policy.as_str() == Some("retain")
    }

    /// The parsed status; `None` if it is not known.
    pub(super) fn status(&self) -> Option<Status> {
        self.status.known().cloned().map(Status::from)
    }
}

/// Credentials for one registry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RegistryCredentials {
    /// User name at the registry.
    #[schemars(extend("x-terraform" = REQUIRED), length(min = 1))]
    pub username: Attr<String>,

    /// Password at the registry. It is stored in the state; `password_wo` is not. Exactly one of the two is required.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive()), length(min = 1))]
    pub password: Attr<Secret>,

    /// Password at the registry, write-only: it is not stored in plan or state, and may come from an ephemeral resource.
    /// Terraform cannot detect its changes: increase `password_wo_version` with each. Exactly one of the two passwords is
    /// required.
    #[schemars(extend("x-terraform" = OPTIONAL.sensitive().write_only()), length(min = 1))]
    pub password_wo: Attr<Secret>,

    /// Version of `password_wo`, any whole number. A change sends the password and pulls the images again.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub password_wo_version: Attr<i64>,

    /// Name of the credentials, for your own use.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub name: Attr<String>,
}

/// An EIP that is created for the build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AutoCreateEip {
    /// `Never` keeps the EIP, and its cost, after the temporary instance is deleted. By default it is released.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub delete_policy: Attr<String>,

    /// Internet service provider: `BGP`, the default of the API, or for accounts with permission
    /// `CMCC`, `CTCC`, `CUCC`.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub internet_service_provider: Attr<String>,

    /// Outbound bandwidth in Mbps, for example 100.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 1))]
    pub internet_max_bandwidth_out: Attr<u64>,
}

/// Pod annotations for a cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CacheAnnotations {
    /// Makes a Pod use the best cache that contains its images; known at plan time.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub auto: Attr<BTreeMap<String, String>>,

    /// Makes a Pod use this cache, whatever its images are.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub pinned: Attr<BTreeMap<String, String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn deadline_is_that_of_the_timeouts_block() {
        let timeouts = Timeouts { update: "90s".to_owned().into(), ..Timeouts::default() };
        let cache = ImageCacheModel { timeouts: timeouts.into(), ..ImageCacheModel::default() };
        for (operation, seconds) in [(Operation::Create, 3600), (Operation::Update, 90), (Operation::Delete, 600)] {
            let deadline = cache.deadline(operation, &CancellationToken::new());
            assert_eq!(deadline.timeout, Duration::from_secs(seconds), "{operation:?}");
        }
    }
}

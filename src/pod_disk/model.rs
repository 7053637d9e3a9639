//! The schema of `eks_pod_disk`: arguments and results.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annotations::{Annotations, MAX_DISK_SIZE, MIN_DISK_SIZE};
use crate::image_cache::attributes::FoundImageCache;
use terraform_plugin::schema::{COMPUTED, OPTIONAL, REQUIRED};
use terraform_plugin::value::{Attr, Secret};

/// Computes the Pod annotations for a disk that is large enough for given images or has a given size, and the billed size of
/// the disk.
///
/// A Pod on a super node has a system disk of 20 GiB, and pulling a larger image ends with `no space left on device`. There are
/// two solutions: a larger system disk (`size`), or a disk made from an image cache (`image_cache`). Set `annotations` on the
/// Pod template of a workload, `.spec.template.metadata.annotations`.
///
/// With `size` and other constants only, it needs no credentials, no region and no network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PodDiskModel {
    /// Size of the disk in GiB, a whole number from 20 to 32000, for example `50`. Without `image_cache` it is the size of
    /// the system disk; with it, the size of the disk made from the cache, which cannot be smaller than the cache.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = MIN_DISK_SIZE, max = MAX_DISK_SIZE))]
    pub size: Attr<u64>,

    /// Images of the Pod's containers, for example `["nginx:1.27"]`, with exactly the names that the Pod uses. They are inspected in
    /// their registries: the size of the disk is computed from them if `size` is omitted, and `size` is checked otherwise. With
    /// `image_cache`, the images of the cache are checked as well.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub images: Attr<BTreeSet<String>>,

    /// Credentials for private registries, by registry server, for example `"registry.example.com"`. They are stored in the
    /// state. If omitted, your registry configuration and its credential helpers are used, and nothing is stored; see the guide
    /// *Inspecting images in registries*.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub image_registry_credentials: Attr<BTreeMap<String, RegistryCredentials>>,

    /// Whether `images` are inspected in their registries. Defaults to `true`. With `false`, `size` or `image_cache` is required.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub inspect_images: Attr<bool>,

    /// Platform of the images that are inspected: operating system and architecture. Defaults to `linux/amd64`.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub platform: Attr<String>,

    /// Space in GiB for data that the containers write, added to the need of `images`. A whole number from 0 to 32000. Defaults to
    /// `5`.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 0, max = MAX_DISK_SIZE))]
    pub headroom: Attr<u64>,

    /// Image cache that the Pods start from: `auto` for the best one that contains exactly their images, or an ID, for example
    /// `imc-1a2b3c4d`, which is looked up in `region`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub image_cache: Attr<String>,

    /// Region of the Pods, for example `ap-guangzhou`, in which image caches are looked up. Defaults to the region of the
    /// provider. If the cache sets `region`, set it to the same.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub region: Attr<String>,

    /// Type of the disk made from the image cache: `CLOUD_BASIC`, `CLOUD_PREMIUM`, `CLOUD_SSD`, `CLOUD_HSSD` or `CLOUD_TSSD`.
    /// Defaults to the platform's `CLOUD_PREMIUM`. Only with `image_cache`.
    #[schemars(
        extend("x-terraform" = OPTIONAL),
        extend("enum" = ["CLOUD_BASIC", "CLOUD_PREMIUM", "CLOUD_SSD", "CLOUD_HSSD", "CLOUD_TSSD"])
    )]
    pub disk_type: Attr<String>,

    /// Minutes for which the disk made from the image cache is kept after its Pod, for reuse by another Pod; at least 1, for
    /// example `10`. It is billed for that time. If omitted, it is destroyed with the Pod. Only with `image_cache`.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 1))]
    pub retain_minutes: Attr<u64>,

    /// Size in GiB of the system disk of a Pod that no image cache matches, a whole number from 20 to 32000: such a Pod pulls its images
    /// onto that disk. It is checked against `images`, and written as `root-cbs-size` together with the annotations of the cache.
    /// Manifests of Tencent Cloud combine them, but their combined effect is not documented: the system disk may be billed above 20 GiB
    /// in addition to the disk made from the cache, and `billed_size` does not contain it. If omitted, `root-cbs-size` is not written.
    /// Only with `image_cache`.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = MIN_DISK_SIZE, max = MAX_DISK_SIZE))]
    pub fallback_size: Attr<u64>,

    /// Key for reuse of system disks: Pods with the same key reuse each other's disks, with the images on them, for some hours,
    /// across workloads of the account within a zone. Any string; the name of the image is a good choice.
    #[schemars(extend("x-terraform" = OPTIONAL), length(min = 1))]
    pub reuse_key: Attr<String>,

    /// Registries whose TLS certificate is not verified, when the Pods pull and when images are inspected, for example
    /// `["harbor.example.com"]`. An image cache needs the same list.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub registry_skip_verify_list: Attr<BTreeSet<String>>,

    /// Registries that use plain HTTP, when the Pods pull and when images are inspected, for example
    /// `["harbor.example.com"]`. An image cache needs the same list.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub registry_http_endpoint_list: Attr<BTreeSet<String>>,

    /// Removal of unused images when the disk fills up.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub image_gc: Attr<ImageGc>,

    /// Usage of the disk in percent at which exited containers are removed, from 1 to 100. Defaults to the platform's `85`.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 1, max = 100))]
    pub container_gc_threshold: Attr<u32>,

    /// Whether exited containers are kept whatever the usage; their space is then not freed. Defaults to `false`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub must_keep_last_container: Attr<bool>,

    /// Usage of the system disk in percent at which the Pod's containers are restarted, from 1 to 100, for example `85`. If omitted,
    /// they are never restarted.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 1, max = 100))]
    pub pod_eviction_threshold: Attr<u32>,

    /// Current value of the key `pod.annotations` of the ConfigMap `eks-config`, into which `global_config` is merged. Its other
    /// annotations are kept in order; its comments are removed. An empty string counts as omitted.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub existing_pod_annotations: Attr<String>,

    /// The annotations, for `.spec.template.metadata.annotations` of a workload. Every value is a string.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub annotations: Attr<Annotations>,

    /// The same for all Pods of a cluster: data of the ConfigMap `eks-config` in the namespace `kube-system`, with
    /// the annotations as YAML in the key `pod.annotations`. Annotations of a Pod take precedence over them.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub global_config: Attr<Annotations>,

    /// Size in GiB of the disk with the images. Null if it is the size of an image cache that is not known: with `auto`, the cache is
    /// chosen later.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub disk_size: Attr<u64>,

    /// Billed GiB of that disk: for a system disk those above the free 20, for a disk made from an image cache all.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub billed_size: Attr<u64>,

    /// GiB that the images need: their layers, compressed and unpacked, a share for the file system, and `headroom`, rounded up to the
    /// next 10 GiB on which they stay below the thresholds of `image_gc`, `container_gc_threshold` and `pod_eviction_threshold`. Null if
    /// the images were not inspected.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub required_size: Attr<u64>,

    /// Size of each of `images`, from its registry. Null if the images were not inspected.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub image_sizes: Attr<BTreeMap<String, ImageSize>>,

    /// The image cache that Pods with these `images` would start from: the one in `image_cache`, or with `auto` the best current
    /// match. Null without a match, and with `auto` without `images`.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub matched_image_cache: Attr<FoundImageCache>,
}

/// Credentials for one registry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RegistryCredentials {
    /// User name at the registry.
    #[schemars(extend("x-terraform" = REQUIRED), length(min = 1))]
    pub username: Attr<String>,

    /// Password at the registry. It is stored in the state.
    #[schemars(extend("x-terraform" = REQUIRED.sensitive()), length(min = 1))]
    pub password: Attr<Secret>,
}

/// Removal of unused images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageGc {
    /// Usage of the disk in percent at which unused images are removed, from 1 to 100. Defaults to the platform's `80`.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 1, max = 100))]
    pub high_threshold: Attr<u32>,

    /// Usage in percent down to which unused images are removed, from 1 to 100 and below `high_threshold`. Defaults to the platform's
    /// `75`.
    #[schemars(extend("x-terraform" = OPTIONAL), range(min = 1, max = 100))]
    pub low_threshold: Attr<u32>,

    /// Interval between checks of the usage. Defaults to the platform's `"3m"`.
    #[schemars(extend("x-terraform" = OPTIONAL))]
    pub period: Attr<String>,
}

/// Size of an image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageSize {
    /// Current digest of the reference, for example to trigger a rebuild of an image cache when a tag moves.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub digest: Attr<String>,

    /// Bytes of its distinct layers, compressed.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub compressed_bytes: Attr<u64>,

    /// Unpacked bytes of its layers: the length of their tar archives, or the most likely length if `exact` is false.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub unpacked_bytes: Attr<u64>,

    /// The smallest possible value of `unpacked_bytes`. A given `size` is refused only if this does not fit.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub unpacked_bytes_min: Attr<u64>,

    /// The upper bound of `unpacked_bytes`. Sizes are computed with it.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub unpacked_bytes_max: Attr<u64>,

    /// Whether every layer states the length of its tar archive. Otherwise `unpacked_bytes` is an estimate.
    #[schemars(extend("x-terraform" = COMPUTED))]
    pub exact: Attr<bool>,
}

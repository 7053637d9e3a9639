//! The Pod annotations for disks and image caches: keys, values and their documented effects.
//!
//! They belong on the Pod template (`.spec.template.metadata.annotations`); on a Deployment itself, or on a running Pod, they have no
//! effect. Every value is a string. Only documented keys and values are written.
//! Source: <https://cloud.tencent.com/document/product/457/44173>.

mod cache_disk;
mod global_config;
mod housekeeping;

use std::collections::{BTreeMap, BTreeSet};

use crate::image_cache_id;
use terraform_plugin::value::Attr;

pub use cache_disk::{CacheDisk, DiskOptions};
pub use global_config::{POD_ANNOTATIONS, merged_config};
pub use housekeeping::{DEFAULT_CONTAINER_THRESHOLD, DEFAULT_HIGH_THRESHOLD, Housekeeping, ImageGc};

/// Prefix of all keys.
const PREFIX: &str = "eks.tke.cloud.tencent.com/";

/// The value of `use-image-cache` that lets the platform choose the best cache.
pub const AUTO: &str = "auto";

/// GiB of the system disk that every Pod has, free of charge.
pub const FREE_DISK_SIZE: u64 = 20;

/// The smallest disk in GiB. Sizes below the free system disk are not documented.
pub const MIN_DISK_SIZE: u64 = FREE_DISK_SIZE;

/// The largest disk in GiB: that of a premium cloud disk in the documented example of `DescribeDiskConfigQuota` of the `cbs`
/// API. The maximum of system disks is not documented, and assumed to be the same.
pub const MAX_DISK_SIZE: u64 = 32_000;

/// Annotations by key.
pub type Annotations = BTreeMap<String, String>;

/// Annotations with known keys, whose values may be unknown.
pub type PlannedAnnotations = BTreeMap<String, Attr<String>>;

/// The annotation that starts a Pod from a cache.
const USE_IMAGE_CACHE: &str = "use-image-cache";
/// Size of the system disk in GiB.
const ROOT_DISK_SIZE: &str = "root-cbs-size";
/// Size in GiB of the disk that a Pod gets from a cache.
const CACHE_DISK_SIZE: &str = "image-cache-disk-size";
/// Type of that disk.
const CACHE_DISK_TYPE: &str = "image-cache-disk-type";
/// Minutes for which that disk is kept after its Pod.
const CACHE_DISK_RETAIN_MINUTES: &str = "image-cache-disk-retain-minute";

/// One annotation; `key` is without the common prefix.
fn annotation(key: &str, value: impl ToString) -> (String, String) {
    (format!("{PREFIX}{key}"), value.to_string())
}

/// One annotation that may be unknown; none for null.
fn planned<T: ToString>(key: &str, value: &Attr<T>) -> Option<(String, Attr<String>)> {
    let value = value.as_ref().map(T::to_string);
    (!value.is_null()).then(|| (format!("{PREFIX}{key}"), value))
}

/// [`image_cache`] for a choice that may be unknown.
pub fn planned_image_cache(id: &Attr<String>) -> PlannedAnnotations {
    planned(USE_IMAGE_CACHE, id).into_iter().collect()
}

/// [`root_disk`] for a size that may be unknown.
pub fn planned_root_disk(size: &Attr<u64>) -> PlannedAnnotations {
    planned(ROOT_DISK_SIZE, size).into_iter().collect()
}

/// `use-image-cache`: start from the cache `id`, or from the best one with [`AUTO`].
pub fn image_cache(id: &str) -> Annotations {
    Annotations::from([annotation(USE_IMAGE_CACHE, id)])
}

/// `root-cbs-size`: a system disk of `size` GiB. Its effect together with an image cache is not documented.
pub fn root_disk(size: u64) -> Annotations {
    Annotations::from([annotation(ROOT_DISK_SIZE, size)])
}

/// `cbs-reuse-key`: Pods with the same key reuse each other's system disks, with the images on them.
pub fn reuse_key(key: &str) -> Annotations {
    Annotations::from([annotation("cbs-reuse-key", key)])
}

/// `registry-insecure-skip-verify`: registries whose certificate is not verified.
pub fn registry_skip_verify(hosts: &BTreeSet<String>) -> Annotations {
    Annotations::from([annotation("registry-insecure-skip-verify", comma_joined(hosts))])
}

/// `registry-http-endpoint`: registries that are reached by plain HTTP.
pub fn registry_http_endpoint(hosts: &BTreeSet<String>) -> Annotations {
    Annotations::from([annotation("registry-http-endpoint", comma_joined(hosts))])
}

fn comma_joined(hosts: &BTreeSet<String>) -> String {
    hosts.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// Checks a choice of image cache: [`AUTO`], or a possible ID. Functions cannot warn, and mocks generate IDs of any form.
///
/// # Errors
///
/// What was expected, with an example.
pub fn check_image_cache(choice: &str) -> Result<(), String> {
    if choice == AUTO || image_cache_id::may_be_id(choice) {
        return Ok(());
    }
    Err(format!("expected \"auto\", or the ID of an image cache, for example \"imc-1a2b3c4d\", got {choice:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(hosts: &[&str]) -> BTreeSet<String> {
        hosts.iter().map(|&host| host.to_owned()).collect()
    }

    #[test]
    fn keys_have_the_prefix_and_values_are_strings() {
        for (annotations, key, value) in [
            (image_cache(AUTO), "eks.tke.cloud.tencent.com/use-image-cache", "auto"),
            (image_cache("imc-1"), "eks.tke.cloud.tencent.com/use-image-cache", "imc-1"),
            (root_disk(50), "eks.tke.cloud.tencent.com/root-cbs-size", "50"),
            (reuse_key("app"), "eks.tke.cloud.tencent.com/cbs-reuse-key", "app"),
            (
                registry_skip_verify(&set(&["b.example.com:5000", "a.example.com"])),
                "eks.tke.cloud.tencent.com/registry-insecure-skip-verify",
                "a.example.com,b.example.com:5000",
            ),
            (
                registry_http_endpoint(&set(&["a.example.com"])),
                "eks.tke.cloud.tencent.com/registry-http-endpoint",
                "a.example.com",
            ),
        ] {
            assert_eq!(annotations, Annotations::from([(key.to_owned(), value.to_owned())]));
        }
    }

    #[test]
    fn image_cache_is_auto_or_an_id() {
        for (choice, expected) in
            [("auto", true), ("imc-al38vsrl", true), ("7j6hwsdo", true), ("", false), ("a b", false), ("a,b", false)]
        {
            assert_eq!(check_image_cache(choice).is_ok(), expected, "{choice:?}");
        }
    }
}

//! The Pod annotations that choose disks and image caches, and nothing else: keys, values, and what is documented of them.
//!
//! They go onto the Pod template (`.spec.template.metadata.annotations`); on a Deployment itself, or on a running Pod, they do
//! nothing. Every value is a string. Source: <https://cloud.tencent.com/document/product/457/44173>.

use std::collections::BTreeMap;

/// What all keys begin with.
const PREFIX: &str = "eks.tke.cloud.tencent.com/";

/// The value of `use-image-cache` that lets the platform choose the best cache.
pub const AUTO: &str = "auto";

/// Annotations by key.
pub type Annotations = BTreeMap<String, String>;

/// One annotation; `key` comes without the common prefix.
pub fn annotation(key: &str, value: impl Into<String>) -> (String, String) {
    (format!("{PREFIX}{key}"), value.into())
}

/// `use-image-cache`: start from the cache `id`, or from the best one with [`AUTO`].
pub fn image_cache(id: &str) -> Annotations {
    Annotations::from([annotation("use-image-cache", id)])
}

/// `root-cbs-size`: a system disk of `size` GiB.
pub fn root_disk(size: u64) -> Annotations {
    Annotations::from([annotation("root-cbs-size", size.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_prefix_and_values_are_texts() {
        for (annotations, key, value) in [
            (image_cache(AUTO), "eks.tke.cloud.tencent.com/use-image-cache", "auto"),
            (image_cache("imc-1"), "eks.tke.cloud.tencent.com/use-image-cache", "imc-1"),
            (root_disk(50), "eks.tke.cloud.tencent.com/root-cbs-size", "50"),
        ] {
            assert_eq!(annotations, Annotations::from([(key.to_owned(), value.to_owned())]));
        }
    }
}

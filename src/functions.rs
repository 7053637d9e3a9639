//! The functions: results of data sources and resources that depend on constants only.
//!
//! Terraform may call them at any time and requires the same result each time: no network, no configuration, no clock.

mod annotate_manifests;
mod annotate_object;
mod global_config;
mod image_cache_annotations;
mod manifest_images;
mod manifest_objects;
mod manifest_pods;
mod parse_image;
mod root_disk_annotations;

pub use annotate_manifests::AnnotateManifests;
pub use annotate_object::AnnotateObject;
pub use global_config::GlobalConfig;
pub use image_cache_annotations::ImageCacheAnnotations;
pub use manifest_images::ManifestImages;
pub use manifest_objects::ManifestObjects;
pub use manifest_pods::ManifestPods;
pub use parse_image::ParseImage;
pub use root_disk_annotations::RootDiskAnnotations;

#[cfg(test)]
mod tests;

//! The functions: what data sources and resources say about constants, as an expression.
//!
//! Terraform may call them at any time, and wants the same answer each time: no network, no configuration, no clock.

mod global_config;
mod image_cache_annotations;
mod parse_image;
mod root_disk_annotations;

pub use global_config::GlobalConfig;
pub use image_cache_annotations::ImageCacheAnnotations;
pub use parse_image::ParseImage;
pub use root_disk_annotations::RootDiskAnnotations;

#[cfg(test)]
mod tests;

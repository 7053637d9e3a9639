//! Kubernetes manifests as text: which Pods they run, with which images, and annotations for those Pods.
//!
//! | | |
//! | --- | --- |
//! | `json` | text to YAML that libyaml reads as kubectl reads JSON |
//! | `yaml`, `resolve` | YAML to documents: syntax with positions, and values as Kubernetes reads them |
//! | `pods` | the Pods of an object, found by structure and by a small table of kinds |
//! | `annotate` | text with annotations inserted, every other byte as it was |
//! | `annotate_value` | a typed value with annotations |
//!
//! Kubernetes reads YAML 1.1 with the library `sigs.k8s.io/yaml`, whose parser is libyaml in Go. The parser here,
//! `libyaml-safer`, is libyaml in Rust, so that both read the same syntax. What a plain scalar means, merge keys, keys that are
//! not strings and duplicate keys are the project's own code and follow that library. `saphyr-parser` (0.3.4) was tried: it
//! reads YAML 1.2, and refuses flow collections and strings whose lines are not indented, which charts have. `libyaml-safer` (0.3) adds
//! 59 KiB to a release binary.

mod annotate;
mod annotate_value;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod images;
mod json;
mod kinds;
mod objects;
mod pods;
mod resolve;
mod scalar;
mod scalars;
mod write;
mod yaml;

#[cfg(test)]
mod tests;

pub use annotate::annotate;
pub use annotate_value::{UnknownAnnotations, annotate_value};
pub use error::ManifestError;
pub use images::{ObjectPod, images, object_pods};
pub use objects::objects;
pub use scalars::scalars;
pub use write::{plain_or_quoted, quoted};

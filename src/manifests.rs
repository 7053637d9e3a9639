//! Kubernetes manifests as text: their Pods, images and annotations.
//!
//! | | |
//! | --- | --- |
//! | `json` | rewrites JSON so that libyaml reads it as kubectl does |
//! | `yaml`, `resolve` | YAML to documents: syntax with positions, and values as Kubernetes reads them |
//! | `pods` | the Pods of an object, found by structure and by a small table of kinds |
//! | `annotate` | inserts annotations into text, every other byte unchanged |
//! | `annotate_value` | adds annotations to a typed value |
//!
//! Kubernetes reads YAML 1.1 with the library `sigs.k8s.io/yaml`, whose parser is libyaml in Go. The parser here,
//! `libyaml-safer`, is libyaml in Rust, so that both read the same syntax. Plain scalars, merge keys, keys that are not strings
//! and duplicate keys are handled here, as in that library. `saphyr-parser` (0.3.4) was tried: it reads YAML 1.2, and refuses flow
//! collections and strings whose lines are not indented, which charts contain. `libyaml-safer` (0.3) adds 59 KiB to a release
//! binary.

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

//! Container image references, and digests and sizes of images in registries.
//!
//! Reads manifests, and at most 64 KiB of each layer (of eStargz, also the table of contents). Responses of registries are not
//! trusted: they are bounded in time and memory, digests are verified, and a credential is sent only to its registry and that
//! registry's token service.
//!
//! ```
//! use image_registry::Reference;
//!
//! let image = Reference::parse("nginx:1.27")?;
//! assert_eq!(image.to_string(), "docker.io/library/nginx:1.27");
//! assert_eq!((image.registry(), image.tag(), image.digest()), ("docker.io", Some("1.27"), None));
//! # Ok::<_, image_registry::ReferenceError>(())
//! ```
//!
//! It does not pull, push or unpack images, or verify their signatures, and does not depend on Terraform or Tencent Cloud.
//!
//! The HTTP client is a thin layer over `reqwest`. The `oci-client` crate (0.18) was tried: it reads
//! manifests of any length into memory, follows redirects and token services to any address, accepts invalid certificates for
//! all hosts or none, does not wait for `Retry-After`, and takes credentials, not their sources.

#![forbid(unsafe_code)]

mod address;
mod authorization;
mod credentials;
mod disk;
mod environment;
mod error;
#[cfg(any(test, fuzzing, feature = "testing"))]
pub mod fuzzing;
mod gate;
mod hosts;
mod image;
mod inspect;
mod inspectors;
mod layer;
mod manifest;
mod mirror;
mod once;
mod platform;
mod reference;
mod reply;
mod repository;
mod resolver;
mod source;
mod transport;

pub use credentials::{CredentialsError, Login};
pub use disk::{DiskNeed, LayerSum};
pub use environment::Environment;
pub use error::{Cause, InspectError};
pub use inspect::{Config, ImageSize, Inspector, Layer};
pub use inspectors::Inspectors;
pub use layer::{Basis, Unpacked};
pub use mirror::{Mirror, MirrorError};
pub use network::{Program, Subject};
pub use platform::{Platform, PlatformError};
pub(crate) use reference::DEFAULT_REGISTRY;
pub use reference::{Reference, ReferenceError};

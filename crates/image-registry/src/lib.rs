//! Container image references, and what registries know of images: digests and sizes.
//!
//! Reads manifests, and of each layer at most 64 KiB (of eStargz, the table of contents as well); never a whole layer. What a registry sends
//! is not trusted: every response is bounded in time and memory, digests are verified, and a credential goes to its own registry and that
//! registry's token service only.
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
//! It does not pull, push or unpack images, or verify their signatures, and knows neither Terraform nor Tencent Cloud.
//!
//! The HTTP client is the project's own, a thin one over `reqwest`. The `oci-client` crate (0.18) was tried: it reads
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
pub use reference::{DEFAULT_REGISTRY, Reference, ReferenceError};

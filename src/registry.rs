//! Container image references and registries.

mod reference;

pub use reference::{DEFAULT_REGISTRY, Reference, ReferenceError};

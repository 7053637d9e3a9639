//! The user's profile files. See `crate::fuzzing`.

pub use super::profile::fuzzing::profile;

//! The user's profile files. See `the provider's `fuzzing``.

pub use super::profile::fuzzing::profile;

//! The `eks` provider.

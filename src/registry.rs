//! Container image references and registries.

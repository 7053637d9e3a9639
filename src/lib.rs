//! The `eks` Terraform provider: image caches and Pod disks on Tencent Cloud's serverless Kubernetes.
//!
//! The modules are layers, and imports go one way, from the last line of this table to the first:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`value`], [`diagnostics`] | Terraform's values and messages, and their codecs |
//! | [`schema`] | a Rust struct as a Terraform schema |
//! | [`framework`] | resources, data sources, plans: what a provider is made of |
//! | [`protocol`] | the plugin protocol's messages, to and from the framework |
//! | [`plugin`] | the process that Terraform starts: handshake, TLS, logs, signals |
//! | [`tencentcloud`] | a client of the Tencent Cloud API; knows nothing of Terraform |
//! | [`registry`] | image references and registries; knows nothing of Terraform |
//! | [`provider`] | this provider: one file for each resource, data source and function |
//!
//! Only `protocol` and `plugin` name generated code.

#![forbid(unsafe_code)]

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod image_caches;
pub mod provider;

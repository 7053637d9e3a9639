//! A Terraform plugin SDK: what a provider written in Rust is made of, and the process that Terraform starts.
//!
//! Imports go one way, from the last line of this table to the first:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`value`], [`diagnostics`] | Terraform's values and messages, and their codecs |
//! | [`schema`] | a Rust struct as a Terraform schema |
//! | [`framework`] | resources, data sources, plans: what a provider is made of |
//! | [`protocol`] | the plugin protocol's messages, to and from the framework |
//! | [`plugin`] | the process that Terraform starts: handshake, TLS, logs, signals |
//!
//! Only `protocol` and `plugin` name generated code.

#![forbid(unsafe_code)]

pub mod diagnostics;
pub mod framework;
pub mod plugin;
pub mod protocol;
pub mod schema;
pub mod value;

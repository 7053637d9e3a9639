//! The plugin protocol's messages, to and from the framework.
//!
//! Here, and in [`crate::plugin`], are the only names of generated code. A user's mistake is never a gRPC status, which
//! would lose its attribute and its summary: every response carries diagnostics.

mod action;
mod convert;
mod data_source;
mod ephemeral;
mod function;
mod identity;
mod list;
mod provider;
mod resource;
mod rpc;
mod schema;
mod service;
#[cfg(test)]
mod tests;
/// Public for tests that speak the protocol.
pub mod tfplugin6;
#[cfg(test)]
mod wire_facts;

pub use service::Service;

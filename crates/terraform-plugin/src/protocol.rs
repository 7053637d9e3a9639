//! Converts the plugin protocol's messages to and from the framework's types.
//!
//! Only this module and [`crate::plugin`] use generated code. Errors are diagnostics in the response, never a gRPC status, which
//! would lose the attribute path and the summary.

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

//! A client of the Tencent Cloud API, version 3. It knows nothing of Terraform.
//!
//! One call goes down through these layers; each adds one thing:
//!
//! | layer | adds |
//! | --- | --- |
//! | [`Client`] | the caller's credentials and region |
//! | [`Api`] | the quota ([`limiter`]) and repetition ([`retry`]) |
//! | [`transport`] | one signed HTTP exchange, and what its answer means ([`Error`]) |
//! | [`tc3`] | the signature |
//!
//! Sources of credentials that must call the API themselves use [`Api`] directly.

#![forbid(unsafe_code)]

pub mod action;
pub mod api;
pub mod client;
pub mod credentials;
pub mod endpoints;
pub mod error;
pub mod limiter;
pub mod retry;
mod secret;
pub mod sts;
pub mod tc3;
pub mod tcr;
pub mod tke;
pub mod transport;

pub use action::{Action, Retry};
pub use api::{Api, Settings};
pub use client::Client;
pub use endpoints::{Endpoints, InvalidEndpoint};
pub use error::Error;
pub use network::Failure;
pub use transport::Auth;

#[cfg(test)]
mod canned;

//! A client of the Tencent Cloud API, version 3.
//!
//! Each action is a struct with its request and its response. A call passes through these layers:
//!
//! | layer | adds |
//! | --- | --- |
//! | [`Client`] | the caller's credentials and region |
//! | [`Api`] | the quota (`limiter`) and retries (`retry`) |
//! | `transport` | one signed HTTP exchange, and its outcome ([`Error`]) |
//! | `tc3` | the signature |
//!
//! Sources of credentials that must call the API themselves use [`Api`] directly.
//!
//! ```no_run
//! use tencentcloud::credentials::{CloudServices, CredentialsChain, CredentialsConfig, DEFAULT_METADATA_URL, Environment};
//! use tencentcloud::{Api, Client, Program, Settings, tke};
//!
//! # async fn list() -> Result<(), Box<dyn std::error::Error>> {
//! let program = Program { name: "list-caches", version: "1.0.0" };
//! let api = Api::new(Settings { program, ..Settings::default() });
//! let services = CloudServices::new(api.clone(), DEFAULT_METADATA_URL.parse()?, None);
//! let credentials = CredentialsChain::new(CredentialsConfig::default(), Environment::capture(), services);
//! let client = Client::new(api, std::sync::Arc::new(credentials));
//! let caches = client.send("ap-guangzhou", &tke::DescribeImageCaches::default()).await?;
//! println!("{} image caches", caches.image_caches.len());
//! # Ok(())
//! # }
//! ```
//!
//! It has the actions that its users need, not the whole API; it does not wait for what an action starts, and does not
//! depend on Terraform. The feature `testing` adds the properties that its parsers satisfy.

#![forbid(unsafe_code)]

mod action;
mod api;
mod client;
pub mod credentials;
pub mod endpoints;
mod error;
mod limiter;
mod retry;
mod secret;
pub mod sts;
mod tc3;
pub mod tcr;
pub mod tke;
mod transport;

pub use action::{Action, Retry};
pub use api::{Api, Settings};
pub use client::Client;
pub use endpoints::{Endpoints, InvalidEndpoint};
pub use error::Error;
pub use network::{Failure, Program};
pub use transport::Auth;
#[cfg(any(test, fuzzing, feature = "testing"))]
pub use transport::fuzzing;

#[cfg(test)]
mod canned;
#[cfg(test)]
mod hostile;

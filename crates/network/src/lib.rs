//! Connections to a server: proxies, certificates, and diagnoses of failed connections that name what to change.
//!
//! - [`Proxies`]: the proxy variables of an environment, which of them applies to a URL, and a client that uses them.
//! - [`client`]: a client builder whose certificate errors name subject and issuer; [`plain_client`]: one that needs no
//!   certificates.
//! - [`Program`]: the program that `User-Agent` names.
//! - [`Failure`]: the diagnosis of a failed request. It contains no password and no URL, and says whether another attempt
//!   can succeed.
//!
//! The client of the API and the client of registries both use it, so that one cause has one message.
//!
//! ```
//! use network::Proxies;
//!
//! let environment = |name: &str| match name {
//!     "HTTPS_PROXY" => Some("http://proxy.example.com:3128"),
//!     "NO_PROXY" => Some("internal.example.com"),
//!     _ => None,
//! };
//! let proxies = Proxies::from_environment(environment)?;
//! let proxy_of = |url: &str| proxies.of(&url.parse().unwrap()).map(ToString::to_string);
//! assert!(proxy_of("https://tke.tencentcloudapi.com").unwrap().contains("HTTPS_PROXY"));
//! assert_eq!(proxy_of("https://registry.internal.example.com"), None);
//! # Ok::<_, network::InvalidProxy>(())
//! ```
//!
//! It does not send requests, retry them or read their responses, and knows neither Terraform nor any API.

#![forbid(unsafe_code)]

mod certificate;
mod failure;
mod program;
mod proxies;
mod roots;

pub use failure::{Failure, Subject, attempts};
pub use program::Program;
pub use proxies::{InvalidProxy, Proxies, Proxy};
pub use roots::{client, plain_client};

//! The provider block: its schema, its validation, and the session for it.

mod config;
mod configure;
mod credentials;
mod endpoints;
mod mirrors;
mod validate;

pub use config::ProviderConfig;
pub use configure::configure;
pub use validate::validate;

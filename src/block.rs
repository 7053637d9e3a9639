//! The provider block: its schema, what is checked of it, and the session that it becomes.

mod config;
mod configure;
mod credentials;
mod endpoints;
mod mirrors;
mod validate;

pub use config::ProviderConfig;
pub use configure::configure;
pub use validate::validate;

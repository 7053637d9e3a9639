//! The `eks` provider: one file for each resource, data source and function.

pub mod annotations;
pub mod config;
pub mod duration;
pub mod images;

//! The resource `eks_image_cache`, and its data sources, list resource and action.

mod action;
mod bad_input;
mod client_upgrade;
mod cloud_changes;
mod data_sources;
mod deletion_policy;
mod failure;
mod generated_config;
mod import;
mod interrupt;
mod killed;
mod lifecycle;
mod plan_output;
mod plan_table;
mod query;
mod secrets;
mod tags;
mod waiting;

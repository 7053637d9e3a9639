//! The provider as its users meet it: a real Terraform, against a simulator of the Tencent Cloud API.
//!
//! Every test has its own directory, its own simulated cloud and its own state, so all of them run at once. What a test
//! leaves in its cloud fails it. Nothing waits for a fixed time: conditions are waited for, with a deadline.
//!
//! Registries with images are Debian's `docker-registry`, see [`registry`]. The client is the newest Terraform that has a
//! package, or what `TF_ACC_TERRAFORM_PATH` names; see [`cli`], and [`features`] for what is left out when it is old.

#![cfg(unix)]
#![forbid(unsafe_code)]

#[path = "../registry/docker_registry.rs"]
mod docker_registry;
#[path = "../registry/zeros.rs"]
mod zeros;

mod cli;
mod config;
mod features;
mod plan;
mod registry;
mod run;
mod state;
mod workspace;

mod action;
mod authentication;
mod bad_input;
mod campaign;
mod client_upgrade;
mod cloud_changes;
mod data_sources;
mod examples;
mod failure;
mod functions;
mod generated_config;
mod guides;
mod image_sizes;
mod import;
mod installation;
mod lifecycle;
mod personalities;
mod plan_output;
mod plan_table;
mod pod_disk;
mod provider_block;
mod query;
mod registry_token;
mod schema;
mod secrets;
mod waiting;

//! What the tests are written with: a [`workspace`] with a configuration, a state and a simulated cloud, in which a real
//! client ([`cli`]) is [`run`].
//!
//! The client is the newest Terraform that has a package, or what `TF_ACC_TERRAFORM_PATH` names; see [`features`] for what
//! is left out when it is old. Registries with images are Debian's `docker-registry`, see [`registry`].

pub mod cli;
pub mod config;
pub mod features;
pub mod plan;
pub mod registry;
pub mod run;
pub mod state;
pub mod tls;
pub mod workspace;

#[path = "../registry/docker_registry.rs"]
pub mod docker_registry;
#[path = "../requirements.rs"]
pub mod requirements;
#[path = "../registry/zeros.rs"]
pub mod zeros;

//! The harness of the tests: a [`workspace`] with a configuration, a state and a simulated cloud, in which a real
//! client ([`cli`]) is [`run`].
//!
//! The client is the newest Terraform that has a package, or the one that `TF_ACC_TERRAFORM_PATH` names; tests that need a
//! newer one are skipped, see [`features`]. Images are in Debian's `docker-registry`, see [`registry`].

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

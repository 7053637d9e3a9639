//! Acceptance tests: a real Terraform with the provider, against a simulator of the Tencent Cloud API.
//!
//! Every test has its own directory, its own simulated cloud and its own state, so that all of them can run in parallel. A
//! test fails if it leaves a cache in its cloud. Tests do not sleep: they wait for conditions, with a deadline.
//!
//! [`harness`] runs the client; every other module contains the tests of its subject.

#![cfg(unix)]
#![forbid(unsafe_code)]

mod harness;

mod account;
mod authentication;
mod campaign;
mod documentation;
mod eks_image_cache;
mod eks_pod_disk;
mod eks_registry_token;
mod functions;
mod installation;
mod provider_block;
mod schema;

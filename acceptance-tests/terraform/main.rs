//! The provider as its users meet it: a real Terraform, against a simulator of the Tencent Cloud API.
//!
//! Every test has its own directory, its own simulated cloud and its own state, so all of them run at once. What a test
//! leaves in its cloud fails it. Nothing waits for a fixed time: conditions are waited for, with a deadline.
//!
//! [`harness`] is what the tests are written with; everything else is tests, by their subject.

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

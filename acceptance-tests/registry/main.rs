//! The registry client against registries: Debian's `docker-registry`, filled by the tests over its API, and a server in
//! this process that misbehaves.
//!
//! `acceptance-tests/run.sh` installs the packages; without them the tests fail and say so.

#[path = "../requirements.rs"]
mod requirements;

mod access;
mod client;
mod docker_registry;
mod hostile;
mod http_server;
mod images;
mod layers;
mod mirrors;
mod responses;
mod sizes;
mod unreadable;
mod zeros;

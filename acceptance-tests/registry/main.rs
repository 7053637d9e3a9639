//! Tests of the registry client: with Debian's `docker-registry`, to which the tests push images, and with a server in this
//! process for errors.
//!
//! `acceptance-tests/run.sh` installs the packages; without them, the tests fail with a message.

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

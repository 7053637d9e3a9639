//! The registry client against registries: Debian's `docker-registry`, filled by the tests over its API, and a server in
//! this process that misbehaves.
//!
//! `install.sh` installs the packages. It is called by the tests, and where it cannot do its work they fail and say so.

mod access;
mod client;
mod docker_registry;
mod hostile;
mod http_server;
mod layers;
mod sizes;
mod zeros;

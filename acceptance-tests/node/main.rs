//! Compares computed sizes with a real node: containerd pulls each image onto a new ext4 file system, whose growth is the actual size.
//!
//! For images as small as these, every computed disk is correct within its step of 10 GiB, so bytes are compared: the computed size,
//! without headroom and thresholds, is never below the growth. For layers that state their size, it is at most 12 % and 64 MiB above.
//!
//! Needs root, loop mounts, and the programs that `acceptance-tests/run.sh` installs. If mounts are not allowed, the test is skipped.

#[path = "../requirements.rs"]
mod requirements;

mod archives;
mod containerd;
#[path = "../registry/docker_registry.rs"]
mod docker_registry;
mod estargz;
mod machine;
mod pulls;

//! Computed sizes against a real node: containerd pulls each image onto a fresh ext4 file system, which then has grown by what the image
//! really takes.
//!
//! With images as small as these, any computed disk is right within its step of 10 GiB, so bytes are compared: what the plan computes,
//! without headroom and thresholds, is never below the growth. For layers that state their size it is at most 12 % and 64 MiB above.
//!
//! Needs root, loop mounts, and what `acceptance-tests/run.sh` installs. Where the machine forbids mounts, the test is skipped.

#[path = "../requirements.rs"]
mod requirements;

mod archives;
mod containerd;
#[path = "../registry/docker_registry.rs"]
mod docker_registry;
mod estargz;
mod machine;
mod pulls;

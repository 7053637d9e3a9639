//! The provider's process.

use std::process::ExitCode;

use eks::protocol::tfplugin6::provider_server::Provider;

/// Answers Unimplemented.
struct Nothing;

impl Provider for Nothing {}

fn main() -> ExitCode {
    eks::plugin::main("registry.terraform.io/supernode/eks", |_| Nothing)
}

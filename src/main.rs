//! The provider's process.

use std::process::ExitCode;

use eks::provider::{ADDRESS, EksProvider};
use terraform_plugin::protocol::Service;

fn main() -> ExitCode {
    terraform_plugin::plugin::main(ADDRESS, Service::<EksProvider>::new)
}

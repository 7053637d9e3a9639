//! The provider's process.

use std::process::ExitCode;

use eks::provider::{ADDRESS, EksProvider};
use terraform_plugin::plugin::{self, Program};
use terraform_plugin::protocol::Service;

fn main() -> ExitCode {
    plugin::main(
        Program {
            address: ADDRESS,
            version: env!("CARGO_PKG_VERSION"),
            log_crates: &["eks", "image_registry", "tencentcloud"],
        },
        Service::<EksProvider>::new,
    )
}

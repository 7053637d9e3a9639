//! The provider's process.

use std::process::ExitCode;

use eks::protocol::Service;
use eks::provider::{ADDRESS, EksProvider};

fn main() -> ExitCode {
    eks::plugin::main(ADDRESS, Service::<EksProvider>::new)
}

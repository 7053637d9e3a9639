//! Requirements of tests on the machine.
//!
//! A missing program fails the test that runs it ([`tool`]): `acceptance-tests/run.sh` installs it. Tests that an installation
//! cannot enable, for example because the client lacks the feature, are skipped with name and reason ([`skip`]); the script
//! counts them.

use std::env;
use std::io::{self, Write as _};
use std::process::Command;
use std::thread;

/// A command that runs a program in `PATH`.
///
/// # Panics
///
/// If the program is missing. The message names the script that installs it.
#[allow(dead_code, reason = "not every test target that includes this file runs programs")]
pub fn tool(program: &str) -> Command {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|directory| directory.join(program).is_file());
    assert!(found, "{program} is not in PATH: acceptance-tests/run.sh installs it, or says how to");
    Command::new(program)
}

/// Prints that the running test, or a part of it, is skipped, and why. The caller returns, or omits the part.
#[allow(dead_code, reason = "not every test target that includes this file skips tests")]
pub fn skip(part: Option<&str>, reason: &str) {
    // The test harness names the thread after the test.
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let part = part.map(|part| format!(", {part}")).unwrap_or_default();
    // Not `eprintln`, which the test harness hides for a test that passes.
    io::stderr().write_all(format!("skipped: {test}{part}: {reason}\n").as_bytes()).expect("stderr is open");
}

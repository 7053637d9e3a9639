//! How quick and how small the provider is, beside its targets: `cargo bench --bench provider` prints a table.
//!
//! It asserts nothing, and no figure makes it fail. A real Terraform, always of the same version, runs the release build against
//! the simulator. Memory and CPU time come from `/proc`, so this runs on Linux only.

#[path = "provider/cloud.rs"]
mod cloud;
#[path = "provider/directory.rs"]
mod directory;
#[path = "provider/process.rs"]
mod process;

use std::time::Duration;

/// The provider, as `cargo bench` builds it.
const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-eks");

fn main() {
    // This program starts itself, to measure what happens once in a process.
    if std::env::args().any(|argument| argument == process::SCHEMA) {
        return process::print_schema_time();
    }
    println!("{:58} {:>26}   target", "figure", "median");
    process::measure();
    cloud::measure_plans();
    cloud::measure_calls();
}

/// A line of the table.
fn row(figure: &str, median: impl std::fmt::Display, target: &str) {
    println!("{figure:58} {median:>26}   {target}");
}

/// The one in the middle.
fn median<T: PartialOrd>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|a, b| a.partial_cmp(b).expect("a measurement is a number"));
    values.swap_remove(values.len() / 2)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

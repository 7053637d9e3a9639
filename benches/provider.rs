//! Measures time and size of the provider, compared with its goals and its peers: `cargo bench --bench provider` prints two
//! tables.
//!
//! `cargo bench --bench provider -- --peer null=PATH --peer random=PATH` measures other providers in turn with this one. A peer is any
//! binary; for other providers, add an HCL file with the resource to plan, `--peer NAME=PATH,FILE`. `--terraform VERSION` selects
//! another Terraform.
//!
//! It asserts nothing. A real Terraform of a fixed version runs the release build with the simulator. Memory and CPU time come from
//! `/proc`, so this runs on Linux only.

#[path = "provider/arguments.rs"]
mod arguments;
#[path = "provider/cloud.rs"]
mod cloud;
#[path = "provider/compare.rs"]
mod compare;
#[path = "provider/directory.rs"]
mod directory;
#[path = "provider/process.rs"]
mod process;
#[path = "provider/subject.rs"]
mod subject;

use std::time::Duration;

use arguments::Arguments;

/// The provider, as `cargo bench` builds it.
const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-eks");

fn main() {
    // This program starts itself, to measure work that is done once per process.
    if std::env::args().any(|argument| argument == process::SCHEMA) {
        return process::print_schema_time();
    }
    let Arguments { terraform, peers } = Arguments::read();
    directory::install_terraform(&terraform);
    println!("Terraform {terraform}, {} cores", std::thread::available_parallelism().map_or(0, usize::from));
    compare::measure(peers);
    println!("\n{:58} {:>26}   goal", "this provider alone", "median");
    process::measure();
    cloud::measure_calls();
}

/// A line of the table.
fn row(figure: &str, median: impl std::fmt::Display, goal: &str) {
    println!("{figure:58} {median:>26}   {goal}");
}

/// The median.
fn median<T: PartialOrd>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|a, b| a.partial_cmp(b).expect("a measurement is a number"));
    values.swap_remove(values.len() / 2)
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

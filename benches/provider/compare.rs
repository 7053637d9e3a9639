//! Compares this provider with its peers: the same commands with the same Terraform, in turn, round by round, so that all have the
//! same conditions.

use std::fs;
use std::time::Duration;

use tencentcloud_simulator::Simulator;

use super::directory::{Directory, Run};
use super::subject::Subject;
use super::{mebibytes, median, milliseconds, process, seconds};

const SCHEMA: &[&str] = &["providers", "schema", "-json"];
const VALIDATE: &[&str] = &["validate"];
const PLAN: &[&str] = &["plan", "-input=false"];

/// Resources in a plan, rounds, and the goal for its time as a ratio to the first peer.
const PLANS: [(usize, usize, &str); 4] = [(1, 11, "<= 0.6"), (100, 7, ""), (1000, 5, "<= 0.85"), (5000, 3, "")];

/// Prints the table, with a column for each subject. In parentheses: the ratio of this provider's median to theirs. Goals are for the
/// ratio to the peer `null`.
pub fn measure(peers: Vec<Subject>) {
    let subjects: Vec<_> = [Subject::this(), Subject::built_in()].into_iter().chain(peers).collect();
    print!("{:30}", "median (this one's ratio)");
    subjects.iter().for_each(|subject| print!(" {:>20}", subject.name));
    println!("   goal, to null");

    let sizes = subjects.iter().map(|subject| subject.path().map(|path| fs::metadata(path).expect("it exists").len()));
    row("binary", &sizes.map(|size| size.map(|bytes| bytes as f64)).collect::<Vec<_>>(), bytes, "<= 8 MiB");
    let starts = process::start_times(&subjects);
    row("start, with client certificate", &starts, |time| milliseconds(Duration::from_secs_f64(time)), "<= 0.25");

    let cloud = Simulator::start().expect("a port is free");
    let endpoint = cloud.endpoint();
    for (figure, command) in [("providers schema", SCHEMA), ("validate of 1", VALIDATE)] {
        let runs = rounds(&subjects, 1, 11, command, &endpoint);
        row(figure, &medians(&runs, |run| run.time.as_secs_f64()), seconds, "");
    }
    for (count, times, goal) in PLANS {
        let runs = rounds(&subjects, count, times, PLAN, &endpoint);
        row(&format!("plan of {count}"), &medians(&runs, |run| run.time.as_secs_f64()), seconds, goal);
        if count >= 1000 {
            let [cpu, memory] = if count == 1000 { ["<= 0.15", "<= 0.2"] } else { ["", "flat"] };
            row("  CPU of the provider", &medians(&runs, |run| run.provider_cpu.as_secs_f64()), seconds, cpu);
            row("  CPU of Terraform", &medians(&runs, |run| run.terraform_cpu.as_secs_f64()), seconds, "");
            row("  peak memory of the provider", &medians(&runs, |run| run.provider_memory as f64), bytes, memory);
        }
    }
}

/// The runs of each subject.
fn rounds(subjects: &[Subject], count: usize, times: usize, command: &[&str], endpoint: &str) -> Vec<Vec<Run>> {
    let directories: Vec<Directory> = subjects.iter().map(|subject| subject.directory(count)).collect();
    let mut runs: Vec<Vec<Run>> = subjects.iter().map(|_| Vec::new()).collect();
    for _ in 0..times {
        for (runs, directory) in runs.iter_mut().zip(&directories) {
            runs.push(directory.run(endpoint, command));
        }
    }
    runs
}

/// `None` if the subject has no process of its own.
fn medians(runs: &[Vec<Run>], figure: impl Fn(&Run) -> f64) -> Vec<Option<f64>> {
    runs.iter().map(|runs| Some(median(runs.iter().map(&figure))).filter(|median| *median > 0.0)).collect()
}

fn row(figure: &str, values: &[Option<f64>], show: impl Fn(f64) -> String, goal: &str) {
    print!("{figure:30}");
    let this = values[0].expect("this provider is measured in every row");
    for (n, value) in values.iter().enumerate() {
        let cell = match value {
            None => "-".to_owned(),
            Some(value) if n == 0 => show(*value),
            Some(value) => format!("{} ({:.2})", show(*value), this / value),
        };
        print!(" {cell:>20}");
    }
    println!("   {goal}");
}

fn bytes(bytes: f64) -> String {
    mebibytes(bytes as u64)
}

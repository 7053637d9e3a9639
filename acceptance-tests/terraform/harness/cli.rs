//! The Terraform or OpenTofu of this test run, as `acceptance-tests/install-terraform` finds or installs it: by default the
//! newest Terraform that has a package, or the client that `TF_ACC_TERRAFORM_PATH` names.
//!
//! Without a client, every test fails with instructions. [`features`](crate::harness::features) has the versions of features.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::requirements::{skip, tool};

/// The client of this test run, or another one.
#[derive(Debug)]
pub struct Cli {
    pub path: PathBuf,
    /// Major and minor version.
    pub version: (u32, u32),
    /// Since 1.6, versions of Terraform and OpenTofu are not related.
    pub is_opentofu: bool,
}

impl Cli {
    /// The client of this test run, found and printed once.
    ///
    /// # Panics
    ///
    /// If there is none; the message has instructions.
    pub fn get() -> &'static Self {
        static CLI: LazyLock<Result<Cli, Missing>> = LazyLock::new(|| {
            let (cli, version) = find(None)?;
            // Not `eprintln`, of which the test harness shows nothing for a test that passes.
            let line = format!("client: {version} at {}\n", cli.path.display());
            io::stderr().write_all(line.as_bytes()).map_err(|error| error.to_string())?;
            Ok(cli)
        });
        CLI.as_ref().unwrap_or_else(|(Missing::Unsupported(reason) | Missing::Failed(reason))| panic!("{reason}"))
    }

    /// Terraform of this version, for a test of two clients. `None` if there is no package for this machine, so that the
    /// running test is skipped. Prints the reason.
    ///
    /// # Panics
    ///
    /// If it cannot be installed; the message has the reason.
    pub fn terraform(version: &str) -> Option<Self> {
        match find(Some(version)) {
            Ok((cli, _)) => Some(cli),
            Err(Missing::Unsupported(reason)) => {
                skip(None, reason.lines().next().unwrap_or_default());
                None
            }
            Err(Missing::Failed(reason)) => panic!("{reason}"),
        }
    }
}

/// Why there is no client.
#[derive(Debug)]
enum Missing {
    /// There is no package for this machine.
    Unsupported(String),
    Failed(String),
}

impl From<String> for Missing {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// A client by its name for `install-terraform`, and the first line of its version.
fn find(name: Option<&str>) -> Result<(Cli, String), Missing> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance-tests/install-terraform");
    // The binary of the provider is in target/<profile>/.
    let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-eks"));
    let target = provider.ancestors().nth(2).ok_or("no target directory".to_owned())?;
    let mut install = tool("python3");
    let install = install.arg(&script).arg(target).args(name).stdin(Stdio::null());
    let mut install = install.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let install = install.as_mut().map_err(|error| format!("{}: {error}", script.display()))?;
    // An installation takes some seconds: its progress is printed at once.
    let mut progress = String::new();
    for line in
        install.stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).lines().map_while(Result::ok))
    {
        progress += &format!("{line}\n");
        io::stderr().write_all(format!("{line}\n").as_bytes()).map_err(|error| error.to_string())?;
    }
    let path = install.stdout.take().map(io::read_to_string).transpose().map_err(|error| error.to_string())?;
    match install.wait().map_err(|error| error.to_string())?.code() {
        Some(0) => {}
        Some(3) => return Err(Missing::Unsupported(progress)),
        _ => return Err(Missing::Failed(progress)),
    }
    let path = PathBuf::from(path.unwrap_or_default().trim_end());

    let output = Command::new(&path).arg("version").env_clear().env("CHECKPOINT_DISABLE", "1").output();
    let output = output.map_err(|error| format!("{} does not run: {error}", path.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().next().unwrap_or_default().to_owned();
    let version = first.split_once(" v").and_then(|(_, version)| {
        let mut numbers = version.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    let version = version.ok_or_else(|| format!("{} is not a Terraform: its version is {text:?}", path.display()))?;
    Ok((Cli { path, version, is_opentofu: first.starts_with("OpenTofu") }, first))
}

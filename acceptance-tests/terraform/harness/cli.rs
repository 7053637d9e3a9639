//! The Terraform or OpenTofu of this test run, as `acceptance-tests/install-terraform` finds or installs it: by default the
//! newest Terraform that has a package, or the client that `TF_ACC_TERRAFORM_PATH` names.
//!
//! Without a client every test fails, with what to do. What a version lacks is in [`features`](crate::harness::features).

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::requirements::tool;

/// The client of this test run, or another one by its name or version.
#[derive(Debug)]
pub struct Cli {
    pub path: PathBuf,
    /// Major and minor version.
    pub version: (u32, u32),
    /// The versions of the two are unrelated since 1.6.
    pub is_opentofu: bool,
}

impl Cli {
    /// The client of this test run, found and printed once.
    ///
    /// # Panics
    ///
    /// When there is none; says what to do.
    pub fn get() -> &'static Self {
        static CLI: LazyLock<Result<Cli, String>> = LazyLock::new(|| {
            let (cli, version) = find(None)?;
            // Not `eprintln`, of which the test harness shows nothing for a test that passes.
            let line = format!("client: {version} at {}\n", cli.path.display());
            io::stderr().write_all(line.as_bytes()).map_err(|error| error.to_string())?;
            Ok(cli)
        });
        CLI.as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Terraform of this version, for a test of two clients.
    ///
    /// # Panics
    ///
    /// When it cannot be installed; says why.
    pub fn terraform(version: &str) -> Self {
        find(Some(version)).unwrap_or_else(|error| panic!("{error}")).0
    }
}

/// A client, by the name that `install-terraform` takes, and the first line of its version.
fn find(name: Option<&str>) -> Result<(Cli, String), String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance-tests/install-terraform");
    // The binary of the provider is in target/<profile>/.
    let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-eks"));
    let target = provider.ancestors().nth(2).ok_or("no target directory")?;
    let mut install = tool("python3");
    let install = install.arg(&script).arg(target).args(name).stdin(Stdio::null());
    let mut install = install.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let install = install.as_mut().map_err(|error| format!("{}: {error}", script.display()))?;
    // An installation takes a while: its progress is printed as it comes.
    let mut said = String::new();
    for line in
        install.stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).lines().map_while(Result::ok))
    {
        said += &format!("{line}\n");
        io::stderr().write_all(format!("{line}\n").as_bytes()).map_err(|error| error.to_string())?;
    }
    let path = install.stdout.take().map(io::read_to_string).transpose().map_err(|error| error.to_string())?;
    if !install.wait().is_ok_and(|status| status.success()) {
        return Err(said);
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

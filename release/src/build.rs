//! Builds the provider so that neither the place of the checkout nor the user's home get into the binary.

use anyhow::{Context as _, Result, bail};
use std::env;
use std::path::PathBuf;

use crate::target::Target;
use crate::{NAME, cargo, root};

/// Builds the provider for `target`, and says where it is.
pub fn build(target: &Target) -> Result<PathBuf> {
    let directory = root().join("target");
    let status = cargo()
        .current_dir(root())
        .args(["build", "--release", "--locked", "--package", NAME, "--bin", NAME])
        // With a target, even the host's, the flags below do not reach build scripts.
        .args(["--target", &target.triple])
        .arg("--target-dir")
        .arg(&directory)
        // In place of flags of the user: a release has its own.
        .env("CARGO_ENCODED_RUSTFLAGS", flags(target)?.join("\u{1f}"))
        .status()
        .context("cargo does not run")?;
    if !status.success() {
        bail!("cargo build failed for {}", target.triple);
    }
    Ok(directory.join(&target.triple).join("release").join(target.program(NAME)))
}

fn flags(target: &Target) -> Result<Vec<String>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let home = home.context("there is no home directory: set CARGO_HOME")?;
    let mut flags: Vec<_> = [(root(), NAME), (&home, "cargo")]
        .map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()))
        .into();
    if target.os == "windows" {
        // Without it, the binary asks for the Visual C++ runtime, which not every Windows has.
        flags.extend(["-C", "target-feature=+crt-static"].map(str::to_owned));
    }
    Ok(flags)
}

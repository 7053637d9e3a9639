//! Builds the provider so that the binary contains neither the path of the checkout nor that of the user's home.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::target::Target;
use crate::{NAME, cargo, read, root};

/// Builds the provider for `target`, and returns the path of the binary.
pub fn build(target: &Target) -> Result<PathBuf> {
    let directory = root().join("target");
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let home = home.context("no home directory: set CARGO_HOME")?;
    let private = [(root(), NAME), (&home, "cargo")];
    let status = cargo()
        .current_dir(root())
        .args(["build", "--release", "--locked", "--package", NAME, "--bin", NAME])
        // With a target, even the host's, the flags below do not reach build scripts.
        .args(["--target", &target.triple])
        .arg("--target-dir")
        .arg(&directory)
        // Replaces the user's flags: a release has its own.
        .env("CARGO_ENCODED_RUSTFLAGS", flags(target, private).join("\u{1f}"))
        .status()
        .context("cargo does not run")?;
    if !status.success() {
        bail!("cargo build failed for {}", target.triple);
    }
    let binary = directory.join(&target.triple).join("release").join(target.program(NAME));
    for (path, _) in private {
        if contains(&read(&binary)?, path) {
            bail!(
                "{} contains the path {}: another directory would produce another binary",
                binary.display(),
                path.display()
            );
        }
    }
    Ok(binary)
}

/// Flags of rustc, which replace private paths with names.
fn flags(target: &Target, private: [(&Path, &str); 2]) -> Vec<String> {
    let remapped = private.map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()));
    let mut flags = Vec::from(remapped);
    if target.os == "windows" {
        // Without it, the binary requires the Visual C++ runtime, which is not part of Windows.
        flags.extend(["-C", "target-feature=+crt-static"].map(str::to_owned));
    }
    flags
}

/// Whether `binary` contains `path`.
fn contains(binary: &[u8], path: &Path) -> bool {
    let path = path.to_string_lossy();
    binary.windows(path.len()).any(|part| part == path.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_replace_paths() {
        for (triple, more) in [("x86_64-unknown-linux-musl", 0), ("x86_64-pc-windows-msvc", 2)] {
            let flags =
                flags(&Target::of(triple).unwrap(), [(Path::new("/src"), "eks"), (Path::new("/home"), "cargo")]);
            assert_eq!(flags[..2], ["--remap-path-prefix=/src=eks", "--remap-path-prefix=/home=cargo"]);
            assert_eq!(flags.len(), 2 + more, "{triple}");
        }
    }

    #[test]
    fn binary_contains_path() {
        for (binary, expected) in
            [(&b"\0\xff/src/eks/main.rs\0"[..], true), (b"/src", false), (b"eks/src/main.rs", false)]
        {
            assert_eq!(contains(binary, Path::new("/src/eks")), expected, "{binary:?}");
        }
    }
}

//! Builds the provider so that neither the place of the checkout nor the user's home get into the binary.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::target::Target;
use crate::{NAME, cargo, read, root};

/// Builds the provider for `target`, and says where it is.
pub fn build(target: &Target) -> Result<PathBuf> {
    let directory = root().join("target");
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let home = home.context("there is no home directory: set CARGO_HOME")?;
    let private = [(root(), NAME), (&home, "cargo")];
    let status = cargo()
        .current_dir(root())
        .args(["build", "--release", "--locked", "--package", NAME, "--bin", NAME])
        // With a target, even the host's, the flags below do not reach build scripts.
        .args(["--target", &target.triple])
        .arg("--target-dir")
        .arg(&directory)
        // In place of flags of the user: a release has its own.
        .env("CARGO_ENCODED_RUSTFLAGS", flags(target, private).join("\u{1f}"))
        .status()
        .context("cargo does not run")?;
    if !status.success() {
        bail!("cargo build failed for {}", target.triple);
    }
    let binary = directory.join(&target.triple).join("release").join(target.program(NAME));
    for (path, _) in private {
        if names(&read(&binary)?, path) {
            bail!("{} names {}: built elsewhere, it would be another", binary.display(), path.display());
        }
    }
    Ok(binary)
}

/// What rustc is told, with the names that it is to write in place of paths.
fn flags(target: &Target, private: [(&Path, &str); 2]) -> Vec<String> {
    let remapped = private.map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()));
    let mut flags = Vec::from(remapped);
    if target.os == "windows" {
        // Without it, the binary asks for the Visual C++ runtime, which not every Windows has.
        flags.extend(["-C", "target-feature=+crt-static"].map(str::to_owned));
    }
    flags
}

/// True when `path` stands anywhere in `binary`.
fn names(binary: &[u8], path: &Path) -> bool {
    let path = path.to_string_lossy();
    binary.windows(path.len()).any(|part| part == path.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_renamed() {
        for (triple, more) in [("x86_64-unknown-linux-musl", 0), ("x86_64-pc-windows-msvc", 2)] {
            let flags =
                flags(&Target::of(triple).unwrap(), [(Path::new("/src"), "eks"), (Path::new("/home"), "cargo")]);
            assert_eq!(flags[..2], ["--remap-path-prefix=/src=eks", "--remap-path-prefix=/home=cargo"]);
            assert_eq!(flags.len(), 2 + more, "{triple}");
        }
    }

    #[test]
    fn a_path_in_a_binary_is_found() {
        for (binary, expected) in
            [(&b"\0\xff/src/eks/main.rs\0"[..], true), (b"/src", false), (b"eks/src/main.rs", false)]
        {
            assert_eq!(names(binary, Path::new("/src/eks")), expected, "{binary:?}");
        }
    }
}

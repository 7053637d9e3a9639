//! Writes the files of a release, with the names that the Terraform Registry requires.
//!
//! For each target a zip and an SBOM; for all of them together the manifest, a network mirror, an OCI layout, `SHA256SUMS`
//! and its signature. The same inputs produce the same bytes.
//!
//! <https://developer.hashicorp.com/terraform/registry/providers/publishing>
//!
//! ```sh
//! cargo run -p release                                              # builds and packages for this machine, into dist/
//! GPG_FINGERPRINT=0123ABCD cargo run -p release -- --sums-only      # completes and signs the zips that are in dist/
//! ```
//!
//! It makes no tag and uploads nothing: the workflow does.

#![forbid(unsafe_code)]

mod archive;
mod build;
mod crates;
mod dirhash;
mod licenses;
mod network_mirror;
mod oci_layout;
mod package;
mod sbom;
mod sums;
mod tar;
mod target;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

pub use target::Target;

/// The provider's package, binary and repository.
const NAME: &str = "terraform-provider-eks";

/// Namespace and type in the provider's source address.
const SOURCE: &str = "supernode/eks";

/// The version of the provider, and of this release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in a directory of the repository")
}

/// The first part of the name of each file of a release.
fn prefix() -> String {
    format!("{NAME}_{VERSION}_")
}

/// Writes zip and SBOM of the provider for `target` into the directory `out`, which is created if necessary.
///
/// `binary` is the provider for the target. Without it, the provider is built, optimized, from `Cargo.lock`.
///
/// # Errors
///
/// If the build fails, Cargo does not support the target, or a file cannot be read or written.
pub fn package(target: &Target, binary: Option<&Path>, out: &Path) -> Result<()> {
    let binary = match binary {
        Some(binary) => binary.to_owned(),
        None => build::build(target)?,
    };
    fs::create_dir_all(out).with_context(|| format!("creating {}", out.display()))?;
    let stem = format!("{}{}_{}", prefix(), target.os, target.arch);
    let crates = crates::linked(target)?;
    archive::write(target, &binary, licenses::of(target, &crates)?, &out.join(format!("{stem}.zip")))?;
    write(&out.join(format!("{stem}.cdx.json")), sbom::of(target, &crates)?)
}

/// Writes the files for all zips of this version in `out` together: the manifest, the network mirror, the OCI layout,
/// `SHA256SUMS` of all files and, with a `signing_key`, its detached signature.
///
/// `signing_key` is a key as `gpg --local-user` accepts it, preferably its fingerprint. Its passphrase is read from the
/// environment variable `GPG_PASSPHRASE`, if set.
///
/// # Errors
///
/// If there is no zip in `out`, a file cannot be read or written, gpg is not installed or does not have the key, or the
/// Registry does not accept the algorithm of the signature.
pub fn complete(out: &Path, signing_key: Option<&str>) -> Result<()> {
    let path = |end: &str| out.join(format!("{}{end}", prefix()));
    let packages = package::all(out)?;
    write(&path("manifest.json"), read(&root().join("terraform-registry-manifest.json"))?)?;
    network_mirror::write(&path("network-mirror.tar"), packages.clone())?;
    oci_layout::write(&path("oci-layout.tar"), packages)?;
    let sums = sums::write(out)?;
    match signing_key {
        Some(key) => sign(&sums, key),
        None => Ok(()),
    }
}

/// Signs `sums` with the `key` of gpg, by the script that the workflow runs as well.
fn sign(sums: &Path, key: &str) -> Result<()> {
    let script = root().join("release/sign.sh");
    let status = Command::new(&script).arg(sums).env("GPG_FINGERPRINT", key).status();
    if !status.with_context(|| format!("running {}", script.display()))?.success() {
        bail!("{} is not signed: see above", sums.display());
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}

/// The files of this version in `out`, by name.
///
/// # Errors
///
/// If the directory cannot be read.
pub fn files(out: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(out).with_context(|| format!("reading {}", out.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix())));
    files.sort();
    Ok(files)
}

/// The Cargo that runs this program, or else the one in `PATH`.
fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The standard output of a command.
fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("running {name}"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of {name}"))
}

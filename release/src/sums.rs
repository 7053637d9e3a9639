//! `SHA256SUMS` of all files of a version, as `sha256sum` writes and checks it, and the signature of it.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::{VERSION, files, output, prefix, read};

/// Sums up the files of this version in `out`, and says where the sums are. Removes the signature of earlier sums.
pub fn write(out: &Path) -> Result<PathBuf> {
    let path = out.join(format!("{}SHA256SUMS", prefix()));
    for earlier in [&path, &signature(&path)] {
        match fs::remove_file(earlier) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing {}", earlier.display()));
            }
            _ => {}
        }
    }
    let mut sums = String::new();
    for file in files(out)? {
        let name = file.file_name().and_then(|name| name.to_str()).context("a file name is not UTF-8")?;
        sums += &format!("{}  {name}\n", hex(&Sha256::digest(read(&file)?)));
    }
    if !sums.contains(".zip\n") {
        bail!("no zip of version {VERSION} is in {}: make one, without --sums-only", out.display());
    }
    crate::write(&path, sums)?;
    Ok(path)
}

fn signature(sums: &Path) -> PathBuf {
    sums.with_file_name(format!("{}SHA256SUMS.sig", prefix()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Signs `sums` with the key of gpg that `key` names, into a file with `.sig` at the end of its name.
pub fn sign(sums: &Path, key: &str) -> Result<()> {
    check(key)?;
    let mut gpg = Command::new("gpg");
    gpg.args(["--batch", "--local-user", key, "--output"]).arg(signature(sums));
    let passphrase = env::var("GPG_PASSPHRASE").ok();
    if passphrase.is_some() {
        gpg.args(["--pinentry-mode", "loopback", "--passphrase-fd", "0"]);
    }
    let mut gpg = gpg.arg("--detach-sign").arg(sums).stdin(Stdio::piped()).spawn().context("gpg does not run")?;
    let mut stdin = gpg.stdin.take().context("gpg has no input")?;
    stdin.write_all(passphrase.unwrap_or_default().as_bytes()).context("giving gpg the passphrase")?;
    drop(stdin);
    if !gpg.wait()?.success() {
        bail!("gpg did not sign with {key}: see above");
    }
    Ok(())
}

/// Fails unless the Registry takes signatures of the key: it takes RSA and DSA, and not the curves that gpg proposes.
fn check(key: &str) -> Result<()> {
    const RSA: &str = "1";
    const DSA: &str = "17";

    let keys = output(Command::new("gpg").args(["--batch", "--with-colons", "--list-secret-keys", key]))?;
    let algorithm = keys.lines().find(|line| line.starts_with("sec:")).and_then(|line| line.split(':').nth(3));
    if ![Some(RSA), Some(DSA)].contains(&algorithm) {
        bail!("the key {key} is neither RSA nor DSA, and the Terraform Registry takes no other: make one of RSA");
    }
    Ok(())
}

//! `SHA256SUMS` of all files of a version, as `sha256sum` writes and checks it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::{files, prefix, read};

/// Writes the checksums of the files of this version in `out`, and returns their path. Removes the signature of earlier
/// checksums.
pub fn write(out: &Path) -> Result<PathBuf> {
    let path = out.join(format!("{}SHA256SUMS", prefix()));
    for earlier in [&path, &out.join(format!("{}SHA256SUMS.sig", prefix()))] {
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
        sums += &format!("{}  {name}\n", sha256(&read(&file)?));
    }
    crate::write(&path, sums)?;
    Ok(path)
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

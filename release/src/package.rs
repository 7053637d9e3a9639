//! The packages of a release: a zip for each target.

use std::path::Path;

use anyhow::{Result, bail};

use crate::{VERSION, files, prefix, read};

/// The zip for one target.
#[derive(Debug, Clone)]
pub struct Package {
    /// The name of the file.
    pub name: String,
    /// `GOOS`.
    pub os: String,
    /// `GOARCH`.
    pub arch: String,
    /// The content.
    pub zip: Vec<u8>,
}

/// The packages of this version in `out`, by name; at least one.
pub fn all(out: &Path) -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for path in files(out)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let target = name.strip_prefix(&prefix()).and_then(|rest| rest.strip_suffix(".zip"));
        if let Some((os, arch)) = target.and_then(|target| target.split_once('_')) {
            packages.push(Package { os: os.to_owned(), arch: arch.to_owned(), zip: read(&path)?, name });
        }
    }
    if packages.is_empty() {
        bail!("{} contains no zip of version {VERSION}: write one, without --sums-only", out.display());
    }
    Ok(packages)
}

//! The license texts of the [crates](crate::crates) of one target, which most of them require to be distributed with the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::crates::{Crate, Id};
use crate::target::Target;
use crate::{NAME, cargo, output, read, root};

/// Prefixes of the names of license files, in either case.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// The license texts of `crates`, each once, with the crates that have it.
pub fn of(target: &Target, crates: &BTreeMap<Id, Crate>) -> Result<String> {
    let metadata = ["metadata", "--format-version", "1", "--locked", "--filter-platform", &target.triple];
    let metadata = output(cargo().current_dir(root()).args(metadata))?;
    let metadata: Value = serde_json::from_str(&metadata).context("reading the output of cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata does not list packages")?;

    let mut text = format!("{NAME} contains these libraries of other authors.\n\n");
    let mut licenses = BTreeMap::<String, BTreeSet<String>>::new();
    for ((name, version), library) in crates.iter().filter(|((name, _), _)| name != NAME) {
        text += &format!("{name} {version}: {}\n", library.license);
        let package = packages.iter().find(|package| package["name"] == **name && package["version"] == **version);
        let manifest = package.and_then(|package| package["manifest_path"].as_str());
        let manifest = manifest.with_context(|| format!("cargo metadata does not list {name} {version}"))?;
        for license in texts(Path::new(manifest).parent().unwrap_or(root()))? {
            licenses.entry(license).or_default().insert(format!("{name} {version}"));
        }
    }
    let mut licenses: Vec<_> = licenses.into_iter().map(|(license, crates)| (crates, license)).collect();
    licenses.sort();
    for (crates, license) in licenses {
        let crates: Vec<_> = crates.into_iter().collect();
        text += &format!("\n{}\n{}\n\n{license}\n", "=".repeat(80), crates.join("\n"));
    }
    Ok(text)
}

/// The license texts in the directory of a crate.
fn texts(directory: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("reading {}", directory.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if NAMES.iter().any(|start| name.starts_with(start)) && entry.file_type()?.is_file() {
            let text = read(&entry.path())?;
            texts.push(String::from_utf8_lossy(&text).replace('\r', "").trim().to_owned());
        }
    }
    Ok(texts)
}

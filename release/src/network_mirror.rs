//! The static files of a provider network mirror, in a tar archive to be unpacked on any HTTPS server.
//!
//! <https://developer.hashicorp.com/terraform/internals/provider-network-mirror-protocol>

use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::package::Package;
use crate::sums::sha256;
use crate::{SOURCE, VERSION, dirhash, tar};

/// The registries in the source addresses of Terraform and of OpenTofu. The packages are beside the index of the first.
const HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// Writes the mirror of `packages` to `path`.
pub fn write(path: &Path, packages: Vec<Package>) -> Result<()> {
    let [terraform, opentofu] = HOSTS.map(|host| format!("{host}/{SOURCE}"));
    let up = "../".repeat(opentofu.split('/').count());
    let mut files = Vec::new();
    for (directory, location) in [(&terraform, String::new()), (&opentofu, format!("{up}{terraform}/"))] {
        let mut archives = Map::new();
        for package in &packages {
            archives.insert(format!("{}_{}", package.os, package.arch), archive(package, &location)?);
        }
        let index = json!({ "versions": { VERSION: {} } });
        files.push((format!("{directory}/index.json"), document(&index)));
        files.push((format!("{directory}/{VERSION}.json"), document(&json!({ "archives": archives }))));
    }
    files.extend(packages.into_iter().map(|package| (format!("{terraform}/{}", package.name), package.zip)));
    files.sort();
    tar::write(path, &files)
}

/// The entry of a package in the directory `location`, relative to the index.
fn archive(package: &Package, location: &str) -> Result<Value> {
    Ok(json!({
        "url": format!("{location}{}", package.name),
        "hashes": [dirhash::h1(&package.zip)?, format!("zh:{}", sha256(&package.zip))],
    }))
}

fn document(json: &Value) -> Vec<u8> {
    format!("{json:#}\n").into_bytes()
}

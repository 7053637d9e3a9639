//! The CycloneDX SBOM of the [crates](crate::crates) of one target.
//!
//! It has neither a serial number nor a time, which are optional in CycloneDX 1.5, so that it depends on the commit only.
//!
//! <https://cyclonedx.org/docs/1.5/json/>

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use cargo_lock::Lockfile;
use serde_json::{Value, json};

use crate::crates::{Crate, Id};
use crate::target::Target;
use crate::{NAME, output, root};

/// The SBOM of `crates`, as JSON.
pub fn of(target: &Target, crates: &BTreeMap<Id, Crate>) -> Result<String> {
    let lock = Lockfile::load(root().join("Cargo.lock")).context("reading Cargo.lock")?;
    let (provider, libraries): (Vec<_>, Vec<_>) = crates.iter().partition(|((name, _), _)| name == NAME);
    let [provider] = &provider[..] else { bail!("cargo tree does not name {NAME} once") };

    let mut components = Vec::new();
    for (id, library) in libraries {
        let package = lock.packages.iter().find(|p| p.name.as_str() == id.0 && p.version.to_string() == id.1);
        let checksum = package.and_then(|package| package.checksum.as_ref());
        let checksum = checksum.with_context(|| format!("Cargo.lock has no checksum of {} {}", id.0, id.1))?;
        let mut component = component("library", id, library);
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum.to_string() }]);
        components.push(component);
    }
    let dependencies = crates
        .iter()
        .map(|(id, of)| json!({ "ref": purl(id), "dependsOn": of.needs.iter().map(purl).collect::<Vec<_>>() }));
    let sbom = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": component("application", provider.0, provider.1),
            "properties": [
                { "name": "rust:target", "value": target.triple },
                { "name": "rust:compiler", "value": output(Command::new("rustc").arg("--version"))?.trim() },
            ],
        },
        "components": components,
        "dependencies": dependencies.collect::<Vec<_>>(),
    });
    Ok(format!("{sbom:#}\n"))
}

fn component(kind: &str, id: &Id, of: &Crate) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": purl(id),
        "name": id.0,
        "version": id.1,
        "purl": purl(id),
    });
    if !of.license.is_empty() {
        component["licenses"] = json!([{ "expression": of.license }]);
    }
    component
}

/// The package URL, <https://github.com/package-url/purl-spec>.
fn purl((name, version): &Id) -> String {
    // A plus sign begins the build metadata of a version, and is a space in an address.
    let version = version.replace('+', "%2B");
    if name == NAME { format!("pkg:github/supernode/{name}@v{version}") } else { format!("pkg:cargo/{name}@{version}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purls_are_escaped() {
        assert_eq!(purl(&("toml".to_owned(), "1.2.1+spec-1.1.0".to_owned())), "pkg:cargo/toml@1.2.1%2Bspec-1.1.0");
    }

    #[test]
    fn component_without_license() {
        for (license, expected) in [("", None), ("MIT", Some(json!([{ "expression": "MIT" }])))] {
            let of = Crate { license: license.to_owned(), ..Crate::default() };
            let component = component("library", &("a".to_owned(), "1.0.0".to_owned()), &of);
            assert_eq!(component.get("licenses"), expected.as_ref(), "{license}");
        }
    }
}

//! The CycloneDX SBOM: the crates that are linked into the binary for one target, with the features that it has there.
//!
//! Left out is what only runs in the build (build scripts' and procedural macros' crates) or in tests. It has no serial
//! number and no time, so that one commit has one SBOM; CycloneDX 1.5 demands neither.
//!
//! `cargo tree` resolves as the build does. `cargo metadata` would not: it merges the features of tests into it.
//!
//! <https://cyclonedx.org/docs/1.5/json/>

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use cargo_lock::Lockfile;
use serde_json::{Value, json};

use crate::target::Target;
use crate::{NAME, cargo, output, root};

/// A crate by name and version.
type Id = (String, String);

/// What the tree says of a crate.
#[derive(Debug, Default, PartialEq)]
struct Crate {
    license: String,
    needs: BTreeSet<Id>,
}

/// The SBOM of the provider for `target`, as JSON.
pub fn of(target: &Target) -> Result<String> {
    let tree = output(
        cargo()
            .current_dir(root())
            .args(["tree", "--locked", "--package", NAME, "--edges", "normal,no-proc-macro"])
            .args(["--target", &target.triple, "--prefix", "depth", "--format", " {p}\t{l}\t"]),
    )?;
    let lock = Lockfile::load(root().join("Cargo.lock")).context("reading Cargo.lock")?;
    let crates = crates(&tree)?;
    let (provider, libraries): (Vec<_>, Vec<_>) = crates.iter().partition(|((name, _), _)| name == NAME);
    let [provider] = &provider[..] else { bail!("cargo tree does not name {NAME} once: {tree}") };

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
        // Old crates write a slash where SPDX has OR.
        component["licenses"] = json!([{ "expression": of.license.replace('/', " OR ") }]);
    }
    component
}

/// The package URL, <https://github.com/package-url/purl-spec>.
fn purl((name, version): &Id) -> String {
    // A plus sign begins the build metadata of a version, and is a space in an address.
    let version = version.replace('+', "%2B");
    if name == NAME { format!("pkg:github/supernode/{name}@v{version}") } else { format!("pkg:cargo/{name}@{version}") }
}

/// Reads a tree of lines such as `2 flate2 v1.1.11\tMIT OR Apache-2.0\t (*)`.
fn crates(tree: &str) -> Result<BTreeMap<Id, Crate>> {
    let mut crates = BTreeMap::<Id, Crate>::new();
    let mut above: Vec<Id> = Vec::new();
    for line in tree.lines() {
        let (depth, id, license) = node(line).with_context(|| format!("cargo tree wrote {line:?}"))?;
        above.truncate(depth);
        if let Some(dependent) = above.last() {
            crates.entry(dependent.clone()).or_default().needs.insert(id.clone());
        }
        crates.entry(id.clone()).or_default().license = license;
        above.push(id);
    }
    Ok(crates)
}

fn node(line: &str) -> Option<(usize, Id, String)> {
    let mut fields = line.split('\t');
    let mut words = fields.next()?.split(' ');
    let depth = words.next()?.parse().ok()?;
    let id = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
    Some((depth, id, fields.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> Id {
        (name.to_owned(), "1.0.0".to_owned())
    }

    #[test]
    fn a_tree_says_who_needs_whom() {
        let tree = "0 top v1.0.0 (/src/top)\tApache-2.0\t\n1 a v1.0.0\tMIT\t\n2 b v1.0.0\tMIT/Apache-2.0\t\n\
                    3 c v1.0.0\t\t\n1 b v1.0.0\tMIT/Apache-2.0\t (*)\n";
        let found = crates(tree).unwrap();
        let needs = |name| found[&id(name)].needs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        assert_eq!((needs("top"), needs("a"), needs("b"), needs("c")), (vec!["a", "b"], vec!["b"], vec!["c"], vec![]));
        assert_eq!(component("library", &id("b"), &found[&id("b")])["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(component("library", &id("c"), &found[&id("c")]).get("licenses"), None);
    }

    #[test]
    fn what_cargo_tree_should_not_write_is_an_error() {
        for line in ["flate2 v1.1.11\tMIT\t", "1 flate2\tMIT\t", "1 flate2 1.1.11\tMIT\t", "1 flate2 v1.1.11"] {
            assert!(crates(line).is_err(), "{line}");
        }
    }

    #[test]
    fn purls_are_escaped() {
        assert_eq!(purl(&("toml".to_owned(), "1.2.1+spec-1.1.0".to_owned())), "pkg:cargo/toml@1.2.1%2Bspec-1.1.0");
    }
}

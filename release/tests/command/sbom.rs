//! The SBOM.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use release::{Target, VERSION};
use serde_json::Value;

use crate::{Release, check, succeeds};

/// The direct dependencies of the provider and of the crates in this repository, and all of their normal dependencies, by
/// Cargo's metadata. The second set can be larger than what is linked, because the metadata merges the features of tests.
fn known_to_cargo(target: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let cargo = env!("CARGO");
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", target];
    let metadata = check(cargo, &arguments, Path::new(env!("CARGO_MANIFEST_DIR")));
    succeeds(&metadata);
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let array = |value: &Value| value.as_array().unwrap().clone();
    let packages: BTreeMap<_, _> = array(&metadata["packages"]).into_iter().map(|p| (p["id"].to_string(), p)).collect();
    let nodes = array(&metadata["resolve"]["nodes"]).into_iter().map(|node| (node["id"].to_string(), node));
    let nodes: BTreeMap<_, _> = nodes.collect();
    let normal = |id: &String| -> BTreeSet<_> {
        let dependencies = array(&nodes[id]["deps"]).into_iter();
        let normal = dependencies.filter(|on| array(&on["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()));
        let ids = normal.map(|on| on["pkg"].to_string());
        ids.filter(|id| !array(&packages[id]["targets"]).iter().any(|t| t["kind"][0] == "proc-macro")).collect()
    };
    let provider = packages.iter().find(|(_, package)| package["name"] == "terraform-provider-eks").unwrap().0;
    let is_published = |id: &String| !packages[id]["source"].is_null();
    let (mut named, mut all, mut next) = (BTreeSet::new(), BTreeSet::new(), vec![provider.clone()]);
    while let Some(id) = next.pop() {
        let needed = normal(&id);
        if !is_published(&id) {
            named.extend(needed.clone());
        }
        next.extend(needed.into_iter().filter(|id| all.insert(id.clone())));
    }
    named.retain(is_published);
    all.retain(is_published);
    let names = |ids: BTreeSet<String>| {
        ids.iter().map(|id| &packages[id]).map(|p| format!("{} {}", p["name"], p["version"]).replace('"', "")).collect()
    };
    (names(named), names(all))
}

#[test]
fn sbom_lists_linked_crates() {
    let target = Target::host().unwrap();
    let release = Release::new();
    release.pack(&target.triple, &[]);
    let sbom = &release.files()[&format!("{}_{}.cdx.json", target.os, target.arch)];
    let sbom: Value = serde_json::from_slice(sbom).unwrap();
    assert_eq!((&sbom["bomFormat"], &sbom["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    assert_eq!(sbom["metadata"]["component"]["version"], VERSION);
    let components = sbom["components"].as_array().unwrap();
    let listed: BTreeSet<_> =
        components.iter().map(|c| format!("{} {}", c["name"], c["version"]).replace('"', "")).collect();

    let (named, known) = known_to_cargo(&target.triple);
    assert_eq!(named.difference(&listed).collect::<Vec<_>>(), [""; 0], "missing");
    assert_eq!(listed.difference(&known).collect::<Vec<_>>(), [""; 0], "extra");
    for (absent, from) in [("protox", "the build"), ("insta", "tests"), ("serde_derive", "macros"), ("rmpv", "tests")] {
        assert!(!listed.iter().any(|name| name.starts_with(&format!("{absent} "))), "{absent} is only for {from}");
    }

    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    for component in components {
        let text = |pointer| component.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (name, version) = (text("/name"), text("/version"));
        let locked = format!("name = {name:?}\nversion = {version:?}\n");
        let locked = lock.split("[[package]]\n").find(|package| package.starts_with(&locked)).unwrap();
        assert!(locked.contains(&format!("checksum = {:?}", text("/hashes/0/content"))), "{component:#}");
        assert!(!text("/licenses/0/expression").is_empty(), "{component:#}");
    }

    let references: BTreeSet<_> = components.iter().map(|component| component["bom-ref"].to_string()).collect();
    let provider = sbom["metadata"]["component"]["bom-ref"].to_string();
    let dependencies = sbom["dependencies"].as_array().unwrap();
    let needed = dependencies.iter().flat_map(|d| d["dependsOn"].as_array().unwrap()).map(Value::to_string);
    assert_eq!(needed.collect::<BTreeSet<_>>(), references, "each component is needed by another");
    let dependents: BTreeSet<_> = dependencies.iter().map(|dependency| dependency["ref"].to_string()).collect();
    assert_eq!(dependents, references.into_iter().chain([provider]).collect());
}

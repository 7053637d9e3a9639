//! Imports go one way inside each crate with layers, and not at all between the provider and the simulator. The compiler
//! enforces imports between crates.
//!
//! Read from the source, because the compiler allows cycles inside a crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that the non-test code of each module may import.
type Layers = &'static [(&'static str, &'static [&'static str])];

/// `crates/terraform-plugin/src`.
const TERRAFORM_PLUGIN: Layers = &[
    ("diagnostics", &[]),
    ("framework", &["schema", "value", "diagnostics"]),
    ("plugin", &["protocol"]),
    ("protocol", &["framework", "schema", "value", "diagnostics"]),
    ("schema", &["value"]),
    ("value", &["diagnostics"]),
];

/// `src`, the provider.
const PROVIDER: Layers = &[
    ("account", &["session", "errors"]),
    ("annotations", &["image_cache_id", "manifests"]),
    ("block", &["session", "images", "image_caches", "errors", "regions", "tags"]),
    ("errors", &[]),
    ("functions", &["annotations", "manifests"]),
    ("fuzzing", &["provider", "session", "manifests"]),
    (
        "image_cache",
        &["account", "session", "image_cache_id", "image_caches", "annotations", "errors", "images", "regions", "tags"],
    ),
    ("image_cache_id", &[]),
    ("image_caches", &["images"]),
    ("images", &[]),
    ("manifests", &[]),
    ("pod_disk", &["session", "annotations", "errors", "images", "image_cache", "image_cache_id", "regions"]),
    ("provider", &["block", "session", "image_cache", "pod_disk", "functions", "registry_token"]),
    ("regions", &[]),
    ("registry_token", &["session", "errors", "regions"]),
    ("session", &["image_caches", "errors", "tags"]),
    ("tags", &[]),
];

fn root(directory: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)
}

/// All Rust files below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The code of a file without comments and tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Whether a file is compiled for tests only.
fn is_test(path: &Path) -> bool {
    let only_in_tests = ["tests", "tests.rs", "fake.rs", "conformance", "conformance.rs", "sample", "sample.rs"];
    let more = ["test_client.rs", "variants.rs", "wire_facts.rs"];
    path.iter().any(|part| only_in_tests.iter().chain(&more).any(|name| part == *name))
}

/// The modules of the crate that `code` imports: `crate::x`, and `crate::{x, y}`.
fn named(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => names.push(word(after)),
            Some(list) => {
                let list = list.split("};").next().unwrap_or_default();
                names.extend(list.split(',').map(|item| word(item.trim())).filter(|name| !name.is_empty()));
            }
        }
    }
    names
}

/// The top-level module of a file.
fn module(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap().iter().next().unwrap().to_str().unwrap();
    inside.trim_end_matches(".rs").to_owned()
}

/// The modules in import cycles, with their imports.
fn circles(mut imports: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    // Remove modules that import none of the remaining ones.
    while let Some(bottom) =
        imports.keys().find(|name| imports[*name].iter().all(|on| !imports.contains_key(on))).cloned()
    {
        imports.remove(&bottom);
    }
    imports
}

#[test]
fn layers_have_no_cycle() {
    for layers in [TERRAFORM_PLUGIN, PROVIDER] {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let imports = layers.iter().map(|(name, allowed)| (name.to_string(), set(allowed))).collect();
        assert_eq!(circles(imports), BTreeMap::new());
    }
}

#[test]
fn cycles_are_found() {
    let imports = [("a", "b"), ("b", "c"), ("c", "b"), ("d", "e")];
    let imports = imports.map(|(name, on)| (name.to_owned(), BTreeSet::from([on.to_owned()])));
    let found = circles(imports.into());
    assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn imports_go_one_way() {
    let (mut wrong, mut unused) = (Vec::new(), Vec::new());
    for (directory, layers) in [("crates/terraform-plugin/src", TERRAFORM_PLUGIN), ("src", PROVIDER)] {
        let root = root(directory);
        let mut used = BTreeSet::new();
        for path in sources(&root).into_iter().filter(|path| !is_test(path)) {
            let module = module(&root, &path);
            if ["lib", "main"].contains(&module.as_str()) {
                continue;
            }
            let layer = layers.iter().find(|(name, _)| *name == module);
            let (_, allowed) = layer.unwrap_or_else(|| panic!("{directory}/{module} is in no layer"));
            for name in named(&code(&path)).into_iter().filter(|name| *name != module) {
                if !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{}: {name}", path.display()));
                }
                used.insert((module.clone(), name));
            }
        }
        let rows =
            layers.iter().flat_map(|(name, allowed)| allowed.iter().map(|on| (name.to_string(), on.to_string())));
        unused.extend(rows.filter(|row| !used.contains(row)).map(|(name, on)| format!("{directory}: {name}: {on}")));
    }
    assert_eq!(wrong, [""; 0], "imports that a layer does not allow");
    assert_eq!(unused, [""; 0], "imports that a row allows, and nothing uses");
}

#[test]
fn only_outer_layers_use_generated_code() {
    let root = root("crates/terraform-plugin/src");
    let names = |path: &PathBuf| code(path).contains("tfplugin6") || code(path).contains("include_proto");
    let outer = |path: &PathBuf| ["protocol", "plugin"].contains(&module(&root, path).as_str());
    let wrong: Vec<_> = sources(&root).into_iter().filter(|path| names(path) && !outer(path)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn simulator_shares_no_code_with_the_provider() {
    let simulator = root("acceptance-tests/simulator");
    let manifest = fs::read_to_string(simulator.join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("terraform-provider-eks") && !manifest.contains("path = \"../"), "{manifest}");
    for path in sources(&simulator) {
        let text = code(&path);
        let shared = ["eks::", "tencentcloud::", "terraform_plugin::", "image_registry::", "#[path"];
        assert!(!shared.iter().any(|name| text.contains(name)), "{}", path.display());
    }
}

#[test]
fn simulator_modules_have_no_cycle() {
    let root = root("acceptance-tests/simulator/src");
    let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
    for path in sources(&root).into_iter().filter(|path| !path.ends_with("lib.rs") && !path.ends_with("main.rs")) {
        let module = module(&root, &path);
        let named = named(&code(&path)).into_iter().filter(|name| *name != module);
        imports.entry(module.clone()).or_default().extend(named);
    }
    assert_eq!(circles(imports), BTreeMap::new());
}

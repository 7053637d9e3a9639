//! Imports go one way, as `src/lib.rs` says; the simulator and the provider share no code.
//!
//! Read from the source, because the compiler does not mind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the non-test code of each module may name of the others.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("value", &["diagnostics"]),
    ("diagnostics", &[]),
    ("schema", &["value", "diagnostics"]),
    ("framework", &["schema", "value", "diagnostics"]),
    ("protocol", &["framework", "schema", "value", "diagnostics"]),
    ("plugin", &["protocol"]),
    ("tencentcloud", &[]),
    ("registry", &[]),
    ("fuzzing", &["provider", "framework", "value", "diagnostics", "tencentcloud", "registry"]),
    ("provider", &["framework", "schema", "value", "diagnostics", "tencentcloud", "registry"]),
];

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

/// The code of a file without its comments and its tests, which may know more.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// True for files that are compiled into tests only.
fn is_test(path: &Path) -> bool {
    let only_in_tests = ["tests", "tests.rs", "fake.rs", "canned.rs", "conformance", "conformance.rs", "sample"];
    let more = ["sample.rs", "scenarios.rs", "replay.rs", "test_client.rs", "wire_facts.rs", "test_server.rs"];
    path.iter().any(|part| only_in_tests.iter().chain(&more).any(|name| part == *name))
}

/// The modules of this crate that `code` names: `crate::x`, and `crate::{x, y}`.
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

#[test]
fn imports_go_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    let mut wrong = Vec::new();
    for path in sources(&root).into_iter().filter(|path| !is_test(path)) {
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let Some(allowed) = allowed.get(module.as_str()) else { continue };
        let foreign = named(&code(&path)).into_iter().filter(|name| *name != module);
        let foreign = foreign.filter(|name| ALLOWED.iter().any(|(module, _)| name == module));
        wrong.extend(
            foreign.filter(|name| !allowed.contains(&name.as_str())).map(|n| format!("{}: {n}", inside.display())),
        );
    }
    assert_eq!(wrong, [""; 0], "files that name what their layer may not");
}

#[test]
fn every_module_has_a_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(root.join("lib.rs")).unwrap();
    let declared: Vec<_> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut layers: Vec<_> = ALLOWED.iter().map(|(module, _)| *module).collect();
    layers.sort_unstable();
    assert_eq!(declared, layers);
}

#[test]
fn only_the_outer_layers_name_generated_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let names = |path: &PathBuf| code(path).contains("tfplugin6") || code(path).contains("include_proto");
    let outer = |path: &PathBuf| {
        ["protocol", "plugin", "protocol.rs", "plugin.rs"].iter().any(|name| {
            path.strip_prefix(&root).is_ok_and(|inside| inside.iter().next().is_some_and(|first| first == *name))
        })
    };
    let wrong: Vec<_> = sources(&root).into_iter().filter(|path| names(path) && !outer(path)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn the_simulator_shares_no_code_with_the_provider() {
    let simulator = Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance-tests/simulator");
    let manifest = fs::read_to_string(simulator.join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("terraform-provider-eks") && !manifest.contains("path = \"../"), "{manifest}");
    for path in sources(&simulator) {
        let text = code(&path);
        assert!(!text.contains("eks::") && !text.contains("#[path"), "{}", path.display());
    }
}

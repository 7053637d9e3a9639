//! The promises of SECURITY.md, and the tests that check them.

use std::fs;
use std::path::Path;

/// The heading of the list.
const HEADING: &str = "## What the code promises";

/// Promises without a test, and tests that do not exist, one per line.
pub fn faults(root: &Path) -> Vec<String> {
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (_, list) = page.split_once(HEADING).expect("SECURITY.md has a list of promises");
    let list = list.split("\n## ").next().unwrap_or_default();
    let mut faults = Vec::new();
    for promise in list.split("\n- ").skip(1) {
        let tests: Vec<_> =
            promise.lines().filter_map(|line| line.trim().strip_prefix("- `")?.strip_suffix('`')).collect();
        if tests.is_empty() {
            faults.push(format!("SECURITY.md: no test of the promise {promise:?}"));
        }
        let missing = tests.into_iter().filter(|test| !exists(root, test));
        faults.extend(missing.map(|test| format!("SECURITY.md: {test} does not exist")));
    }
    faults
}

/// Whether a test `file.rs::function` exists.
fn exists(root: &Path, test: &str) -> bool {
    let Some((file, function)) = test.split_once("::") else { return false };
    let text = fs::read_to_string(root.join(file)).unwrap_or_default();
    let Some((before, _)) = text.split_once(&format!("fn {function}(")) else { return false };
    before.lines().rev().take(3).any(|line| line.contains("#[test]") || line.contains("#[tokio::test"))
}

#[test]
fn crates_forbid_unsafe_code() {
    let root = super::root();
    let mut crates: Vec<_> = fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path()).collect();
    crates.push(root.to_owned());
    for package in crates {
        let library = package.join("src/lib.rs");
        let text = fs::read_to_string(&library).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{}", library.display());
    }
}

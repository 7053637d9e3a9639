//! The crates that are linked into the binary for one target.
//!
//! Crates of build scripts, procedural macros and tests are excluded. The crates of this repository count as the provider,
//! because they are not published.
//!
//! `cargo tree` resolves features as the build does; `cargo metadata` merges those of tests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use crate::target::Target;
use crate::{NAME, cargo, output, root};

/// Crates whose manifest has a license file instead of an expression, with the license in that file.
const WITHOUT_EXPRESSION: [(&str, &str); 1] = [("libyaml-safer", "MIT")];

/// A crate by name and version.
pub type Id = (String, String);

/// A crate in the tree.
#[derive(Debug, Default, PartialEq)]
pub struct Crate {
    /// An SPDX expression, or an empty string.
    pub license: String,
    pub needs: BTreeSet<Id>,
}

/// The crates of the provider for `target`, and the provider.
pub fn linked(target: &Target) -> Result<BTreeMap<Id, Crate>> {
    read(&output(
        cargo()
            .current_dir(root())
            .args(["tree", "--locked", "--package", NAME, "--edges", "normal,no-proc-macro"])
            .args(["--target", &target.triple, "--prefix", "depth", "--format", " {p}\t{l}\t"]),
    )?)
}

/// Reads a tree of lines such as `2 flate2 v1.1.11\tMIT OR Apache-2.0\t (*)`.
fn read(tree: &str) -> Result<BTreeMap<Id, Crate>> {
    let mut crates = BTreeMap::<Id, Crate>::new();
    let mut above: Vec<Id> = Vec::new();
    for line in tree.lines() {
        let (depth, mut id, license) = node(line).with_context(|| format!("cargo tree wrote {line:?}"))?;
        above.truncate(depth);
        if is_in_repository(line)
            && let Some(provider) = above.first()
        {
            id.clone_from(provider);
        }
        if let Some(dependent) = above.last().filter(|dependent| **dependent != id) {
            crates.entry(dependent.clone()).or_default().needs.insert(id.clone());
        }
        // Old crates write a slash where SPDX has OR.
        let stated = WITHOUT_EXPRESSION.iter().find(|(name, _)| *name == id.0);
        let license = stated.map_or(license, |(_, license)| (*license).to_owned());
        crates.entry(id.clone()).or_default().license = license.replace('/', " OR ");
        above.push(id);
    }
    Ok(crates)
}

/// Whether a line has a path, in parentheses after the version, which crates of registries do not have.
fn is_in_repository(line: &str) -> bool {
    line.split('\t').next().is_some_and(|package| package.ends_with(')'))
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

    #[test]
    fn tree_with_dependencies() {
        let id = |name: &str| (name.to_owned(), "1.0.0".to_owned());
        let tree = "0 top v1.0.0 (/src/top)\tApache-2.0\t\n1 a v1.0.0\tMIT\t\n2 b v1.0.0\tMIT/Apache-2.0\t\n\
                    3 c v1.0.0\t\t\n1 b v1.0.0\tMIT/Apache-2.0\t (*)\n\
                    1 part v1.0.0 (/src/top/part)\tApache-2.0\t\n2 d v1.0.0\tMIT\t\n";
        let expected = [
            ("a", "MIT", &["b"][..]),
            ("b", "MIT OR Apache-2.0", &["c"]),
            ("c", "", &[]),
            ("d", "MIT", &[]),
            ("top", "Apache-2.0", &["a", "b", "d"]),
        ];
        let expected = expected.map(|(name, license, needs)| {
            (id(name), Crate { license: license.to_owned(), needs: needs.iter().copied().map(id).collect() })
        });
        assert_eq!(read(tree).unwrap(), BTreeMap::from(expected));
    }

    #[test]
    fn unexpected_line_of_tree_is_an_error() {
        for line in ["flate2 v1.1.11\tMIT\t", "1 flate2\tMIT\t", "1 flate2 1.1.11\tMIT\t", "1 flate2 v1.1.11"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}

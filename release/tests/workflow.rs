//! The workflow that releases is run by GitHub alone; what it names is held against the rest of the repository here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use release::Target;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn six_targets_are_released_and_their_dependencies_checked() {
    let workflow = read(".github/workflows/release.yml");
    let targets = workflow.split("{ target: ").skip(1).map(|rest| rest.split(',').next().unwrap());
    let targets: BTreeSet<_> = targets.collect();

    let terraform: BTreeSet<_> =
        targets.iter().map(|triple| Target::of(triple).unwrap()).map(|t| (t.os, t.arch)).collect();
    let expected = ["darwin", "linux", "windows"].map(|os| ["amd64", "arm64"].map(|arch| (os, arch)));
    assert_eq!(terraform, BTreeSet::from_iter(expected.concat()));
    assert!(workflow.contains("wc -l)\" -eq 6"), "the last job counts the zips");

    let deny = read("deny.toml");
    let checked = deny.split("targets = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let checked: BTreeSet<_> = checked.split('"').skip(1).step_by(2).collect();
    assert_eq!(targets, checked);
}

#[test]
fn the_compiler_of_releases_is_the_one_that_users_are_told() {
    let workflow = read(".github/workflows/release.yml");
    let version = workflow.split("RUSTUP_TOOLCHAIN: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let guide = read("docs/guides/installing.md");
    for command in [format!("rustup toolchain install {version}\n"), format!("cargo +{version} run --locked")] {
        assert!(guide.contains(&command), "{command}");
    }
}

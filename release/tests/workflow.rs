//! The release workflow runs on GitHub only. These tests compare it with the rest of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use release::Target;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn workflow_targets() {
    let workflow = read(".github/workflows/release.yml");
    let targets = workflow.split("{ target: ").skip(1).map(|rest| rest.split(',').next().unwrap());
    let targets: BTreeSet<_> = targets.collect();

    let terraform: BTreeSet<_> =
        targets.iter().map(|triple| Target::of(triple).unwrap()).map(|t| (t.os, t.arch)).collect();
    let expected = ["darwin", "linux", "windows"].map(|os| ["amd64", "arm64"].map(|arch| (os, arch)));
    assert_eq!(terraform, BTreeSet::from_iter(expected.concat()));
    assert!(workflow.contains("wc -l)\" -eq 6"), "a job counts the zips");

    let deny = read("deny.toml");
    let checked = deny.split("targets = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let checked: BTreeSet<_> = checked.split('"').skip(1).step_by(2).collect();
    assert_eq!(targets, checked);
}

#[test]
fn workflow_compiler() {
    let workflow = read(".github/workflows/release.yml");
    let version = workflow.split("RUSTUP_TOOLCHAIN: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let guide = read("docs/guides/installing.md");
    for command in [format!("rustup toolchain install {version}\n"), format!("cargo +{version} run --locked")] {
        assert!(guide.contains(&command), "{command}");
    }
}

/// Third-party code runs wherever something is built. It must not reach the signing key or the identity that attests.
#[test]
fn workflow_builds_nothing_beside_secrets() {
    let workflow = read(".github/workflows/release.yml");
    let jobs = workflow.split("\njobs:\n").nth(1).unwrap();
    let mut jobs: Vec<String> = jobs.split("\n\n  ").map(str::to_owned).collect();
    jobs.retain(|job| ["secrets.", "id-token: write", "contents: write"].iter().any(|power| job.contains(power)));
    let names: Vec<_> =
        jobs.iter().map(|job| job.lines().find_map(|line| line.trim().strip_prefix("name: ")).unwrap()).collect();
    assert_eq!(names, ["Sign", "Attest and publish"]);
    for job in jobs {
        for program in ["cargo", "rustup", "target/", "npm", "pip", "apt-get"] {
            assert!(!job.contains(program), "{program} in {job}");
        }
    }
    assert!(!workflow.split("\njobs:\n").next().unwrap().contains("secrets."));
}

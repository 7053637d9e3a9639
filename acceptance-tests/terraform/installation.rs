//! The installation of a release from its zip, by `terraform init`.

mod mirrors;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use release::{Target, VERSION};
use sha2::{Digest as _, Sha256};

use crate::harness::config::cache;
use crate::harness::workspace::{SOURCE, Workspace};

const LOCK_FILE: &str = ".terraform.lock.hcl";

/// The provider under test, in a mirror in the file system: all files of a release, as they can be downloaded.
fn mirror() -> &'static Path {
    static MIRROR: LazyLock<PathBuf> = LazyLock::new(|| {
        let mirror = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mirror");
        let binary = Path::new(env!("CARGO_BIN_EXE_terraform-provider-eks"));
        release::package(&Target::host().unwrap(), Some(binary), &mirror.join(SOURCE)).unwrap();
        release::complete(&mirror.join(SOURCE), None).unwrap();
        mirror
    });
    &MIRROR
}

/// A workspace whose runs install only from [`mirror`].
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    let mirror = mirror();
    let config = format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n");
    fs::write(workspace.path("cli.tfrc"), config).unwrap();
    workspace
}

/// The hashes of the provider `source` in the lock file.
fn locked(workspace: &Workspace, source: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace.path(LOCK_FILE)).unwrap();
    assert!(text.contains(&format!("provider {source:?}")) && text.contains(&format!("= {VERSION:?}")), "{text}");
    let quoted = text.split('"').filter(|text| text.starts_with("h1:") || text.starts_with("zh:"));
    quoted.map(str::to_owned).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of the provider `source` that `init` installed, by name.
fn installed(workspace: &Workspace, source: &str) -> BTreeMap<String, Vec<u8>> {
    let Target { os, arch, .. } = Target::host().unwrap();
    let directory = workspace.path(&format!(".terraform/providers/{source}/{VERSION}/{os}_{arch}"));
    let files = fs::read_dir(directory).unwrap().map(Result::unwrap);
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

/// `h1:` of a package with these files: the hash of a list of their hashes, by name.
/// <https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash#Hash1>
fn h1(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut list = String::new();
    for (name, content) in files {
        writeln!(list, "{}  {name}", hex(&Sha256::digest(content))).unwrap();
    }
    format!("h1:{}", STANDARD.encode(Sha256::digest(list)))
}

#[test]
fn release_installed_from_mirror() {
    let workspace = workspace();
    workspace.run(&["init", "-input=false"]).succeeds();

    let installed = installed(&workspace, SOURCE);
    assert_eq!(locked(&workspace, SOURCE), [h1(&installed)]);
    let built = fs::read(env!("CARGO_BIN_EXE_terraform-provider-eks")).unwrap();
    assert!(installed[&format!("terraform-provider-eks_v{VERSION}")] == built, "{:?}", installed.keys());

    let run = workspace.step(cache());
    assert!(!run.to_string().contains("development overrides"), "{run}");
    workspace.destroy();
}

#[test]
fn lock_file_accepts_published_checksum_only() {
    let sums = mirror().join(SOURCE).join(format!("terraform-provider-eks_{VERSION}_SHA256SUMS"));
    let sums = fs::read_to_string(sums).unwrap();
    let published = sums.lines().find_map(|line| line.strip_suffix(".zip")?.split_once(' ')).unwrap().0;

    let workspace = workspace();
    let lock = |sum: &str| {
        let hashes = format!("  hashes = [\n    \"zh:{sum}\",\n  ]\n");
        let text = format!("provider {SOURCE:?} {{\n  version = {VERSION:?}\n{hashes}}}\n");
        fs::write(workspace.path(LOCK_FILE), text).unwrap();
    };
    lock(published);
    workspace.run(&["init", "-input=false"]).succeeds();
    assert!(locked(&workspace, SOURCE).contains(&format!("zh:{published}")));

    fs::remove_dir_all(workspace.path(".terraform")).unwrap();
    lock(&hex(&Sha256::digest("another zip")));
    let run = workspace.run(&["init", "-input=false", "-no-color"]).fails();
    assert!(run.unwrapped_stderr().contains("doesn't match any of the checksums previously recorded"), "{run}");
}

//! The command, with a small file in place of the provider.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use release::{Target, VERSION};
use serde_json::Value;
use tempfile::TempDir;
use zip::ZipArchive;

/// A directory for a release, with a file to pack.
struct Release(TempDir);

impl Release {
    fn new() -> Self {
        let release = Self(tempfile::tempdir().unwrap());
        fs::write(release.0.path().join("provider"), "a provider, ".repeat(1000)).unwrap();
        release
    }

    /// Runs the command; may fail.
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_release"))
            .arg("--out")
            .arg(self.out())
            .args(arguments)
            .env_remove("GPG_FINGERPRINT")
            .env_remove("GPG_PASSPHRASE")
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }

    /// Packs the file for `target`.
    fn pack(&self, target: &str, environment: &[(&str, &str)]) {
        let binary = self.0.path().join("provider");
        succeeds(&self.run(&["--target", target, "--binary", binary.to_str().unwrap()], environment));
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("dist")
    }

    /// A file of the release, by the end of its name.
    fn path(&self, end: &str) -> PathBuf {
        self.out().join(format!("terraform-provider-eks_{VERSION}_{end}"))
    }

    /// All files, by the ends of their names.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let prefix = format!("terraform-provider-eks_{VERSION}_");
        let entries = fs::read_dir(self.out()).unwrap().map(Result::unwrap);
        entries
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name.strip_prefix(&prefix).unwrap().to_owned(), fs::read(entry.path()).unwrap())
            })
            .collect()
    }
}

const LINUX: &str = "x86_64-unknown-linux-gnu";

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn fails(output: &Output, expected: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains(expected), "no {expected:?} in {stderr}");
}

/// What a program says of files in `directory`.
fn check(program: &str, arguments: &[&str], directory: &Path) -> Output {
    let run = Command::new(program).args(arguments).current_dir(directory).output();
    run.unwrap_or_else(|error| panic!("{program} does not run: {error}. Install it (Debian: coreutils, gnupg)."))
}

#[test]
fn a_release_has_the_files_that_the_registry_asks_for() {
    let release = Release::new();
    release.pack(LINUX, &[]);
    let files = release.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["SHA256SUMS", "linux_amd64.cdx.json", "linux_amd64.zip", "manifest.json"]);
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(manifest, serde_json::json!({ "version": 1, "metadata": { "protocol_versions": ["6.0"] } }));
}

#[test]
fn a_zip_has_the_provider_and_the_licences() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let release = Release::new();
    release.pack(LINUX, &[]);
    let mut zip = ZipArchive::new(File::open(release.path("linux_amd64.zip")).unwrap()).unwrap();
    let mut content = BTreeMap::new();
    for i in 0..zip.len() {
        let mut file = zip.by_index(i).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        content.insert(file.name().unwrap().into_owned(), (file.unix_mode().unwrap(), bytes));
    }
    let licenses = content.remove("LICENSES-OF-LIBRARIES").unwrap();
    let expected = BTreeMap::from([
        ("LICENSE".to_owned(), (0o100_644, fs::read(root.join("LICENSE")).unwrap())),
        ("NOTICE".to_owned(), (0o100_644, fs::read(root.join("NOTICE")).unwrap())),
        (
            format!("terraform-provider-eks_v{VERSION}"),
            (0o100_755, fs::read(release.0.path().join("provider")).unwrap()),
        ),
    ]);
    assert!(content == expected, "{:?}", content.keys());

    let licenses = String::from_utf8(licenses.1).unwrap();
    for part in ["\ntokio 1.", "Copyright (c) Tokio Contributors", "UNICODE LICENSE V3"] {
        assert!(licenses.contains(part), "{part}");
    }
}

#[test]
fn the_same_provider_gives_the_same_bytes() {
    let (one, other) = (Release::new(), Release::new());
    File::open(other.0.path().join("provider")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    one.pack(LINUX, &[]);
    other.pack(LINUX, &[]);
    assert!(one.files() == other.files());
}

#[test]
fn sums_are_of_all_targets_and_sha256sum_checks_them() {
    let release = Release::new();
    release.pack(LINUX, &[]);
    release.pack("aarch64-unknown-linux-gnu", &[]);
    fs::write(release.out().join("terraform-provider-eks_0.0.1_linux_amd64.zip"), "of an earlier version").unwrap();
    succeeds(&release.run(&["--sums-only"], &[]));

    let sums = format!("terraform-provider-eks_{VERSION}_SHA256SUMS");
    let checked = check("sha256sum", &["--check", "--strict", &sums], &release.out());
    succeeds(&checked);
    let checked = String::from_utf8(checked.stdout).unwrap();
    let checked: Vec<_> = checked.lines().map(|line| line.split_once(&format!("{VERSION}_")).unwrap().1).collect();
    let expected =
        ["linux_amd64.cdx.json", "linux_amd64.zip", "linux_arm64.cdx.json", "linux_arm64.zip", "manifest.json"];
    assert_eq!(checked, expected.map(|name| format!("{name}: OK")));

    fs::write(release.path("linux_arm64.zip"), "another").unwrap();
    assert!(!check("sha256sum", &["--check", &sums], &release.out()).status.success());
}

#[test]
fn what_cannot_be_released_is_said() {
    let release = Release::new();
    fs::create_dir(release.out()).unwrap();
    for (arguments, expected) in [
        (&["--sums-only"][..], "no zip of version"),
        (&["--target", "riscv64gc-unknown-linux-gnu"], "no releases for riscv64gc-unknown-linux-gnu"),
        (&["--target", LINUX, "--binary", "absent"], "reading absent"),
        (&["--sign"], "Try --help"),
    ] {
        fails(&release.run(arguments, &[]), expected);
    }
}

/// A keyring of gpg that is thrown away, with one key.
struct Keyring(TempDir);

impl Keyring {
    fn with(algorithm: &str, passphrase: &str) -> Self {
        let keyring = Self(tempfile::tempdir().unwrap());
        let key =
            ["--passphrase", passphrase, "--quick-generate-key", "Release <release@example.com>", algorithm, "sign"];
        succeeds(&keyring.gpg(&[&["--batch", "--pinentry-mode", "loopback"], &key[..]].concat(), Path::new(".")));
        keyring
    }

    fn home(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn gpg(&self, arguments: &[&str], directory: &Path) -> Output {
        check("gpg", &[&["--homedir", self.home()], arguments].concat(), directory)
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        let _ = check("gpgconf", &["--homedir", self.home(), "--kill", "all"], Path::new("."));
    }
}

#[test]
fn gpg_verifies_the_signature_of_the_sums_and_of_nothing_else() {
    for passphrase in ["", "open sesame"] {
        let keyring = Keyring::with("rsa2048", passphrase);
        let environment =
            [("GNUPGHOME", keyring.home()), ("GPG_FINGERPRINT", "release@example.com"), ("GPG_PASSPHRASE", passphrase)];
        let release = Release::new();
        release.pack(LINUX, &environment);
        assert_ne!(release.files()["SHA256SUMS.sig"][0], b'-', "the Registry takes no ASCII armour");

        let sums = format!("terraform-provider-eks_{VERSION}_SHA256SUMS");
        let verify = ["--verify", &format!("{sums}.sig"), &sums];
        succeeds(&keyring.gpg(&verify, &release.out()));
        fs::write(release.out().join(&sums), "other sums").unwrap();
        assert!(!keyring.gpg(&verify, &release.out()).status.success());
    }
}

#[test]
fn sums_that_are_not_signed_leave_no_earlier_signature() {
    let keyring = Keyring::with("rsa2048", "");
    let release = Release::new();
    release.pack(LINUX, &[("GNUPGHOME", keyring.home()), ("GPG_FINGERPRINT", "release@example.com")]);
    assert!(release.files().contains_key("SHA256SUMS.sig"));
    succeeds(&release.run(&["--sums-only"], &[]));
    assert!(!release.files().contains_key("SHA256SUMS.sig"));
}

#[test]
fn a_key_that_the_registry_does_not_take_signs_nothing() {
    let keyring = Keyring::with("ed25519", "");
    let release = Release::new();
    release.pack(LINUX, &[]);
    for (key, expected) in [("release@example.com", "neither RSA nor DSA"), ("other@example.com", "gpg failed")] {
        let environment = [("GNUPGHOME", keyring.home()), ("GPG_FINGERPRINT", key)];
        fails(&release.run(&["--sums-only"], &environment), expected);
        assert!(!release.files().contains_key("SHA256SUMS.sig"));
    }
}

/// The crates that Cargo's metadata leads to from the provider by normal dependencies: at least those in the binary,
/// because it merges the features of the tests into them. The first set are those that the provider names itself.
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
    let (named, mut all, mut next) = (normal(provider), BTreeSet::new(), vec![provider.clone()]);
    while let Some(id) = next.pop() {
        next.extend(normal(&id).into_iter().filter(|id| all.insert(id.clone())));
    }
    let names = |ids: BTreeSet<String>| {
        ids.iter().map(|id| &packages[id]).map(|p| format!("{} {}", p["name"], p["version"]).replace('"', "")).collect()
    };
    (names(named), names(all))
}

#[test]
fn the_sbom_lists_what_is_linked_into_the_provider() {
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
    assert_eq!(listed.difference(&known).collect::<Vec<_>>(), [""; 0], "too much");
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

//! The files of a release and what is in them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use release::VERSION;
use serde_json::Value;
use zip::ZipArchive;

use crate::{LINUX, Release, check, fails, succeeds};

#[test]
fn release_files() {
    let release = Release::new();
    release.pack(LINUX, &[]);
    let files = release.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "SHA256SUMS",
            "linux_amd64.cdx.json",
            "linux_amd64.zip",
            "manifest.json",
            "network-mirror.tar",
            "oci-layout.tar"
        ]
    );
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(manifest, serde_json::json!({ "version": 1, "metadata": { "protocol_versions": ["6.0"] } }));
}

#[test]
fn zip_content() {
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
fn release_reproducible() {
    let (one, other) = (Release::new(), Release::new());
    File::open(other.0.path().join("provider")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    one.pack(LINUX, &[]);
    other.pack(LINUX, &[]);
    assert!(one.files() == other.files());
}

#[test]
fn checksums_cover_all_files() {
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
    let expected = [
        "linux_amd64.cdx.json",
        "linux_amd64.zip",
        "linux_arm64.cdx.json",
        "linux_arm64.zip",
        "manifest.json",
        "network-mirror.tar",
        "oci-layout.tar",
    ];
    assert_eq!(checked, expected.map(|name| format!("{name}: OK")));

    fs::write(release.path("linux_arm64.zip"), "another").unwrap();
    assert!(!check("sha256sum", &["--check", &sums], &release.out()).status.success());
}

#[test]
fn release_errors() {
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

//! The network mirror and the OCI layout. The acceptance tests install from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;

use release::VERSION;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::Archive;

use crate::{LINUX, Release};

/// A release of two targets.
fn release() -> Release {
    let release = Release::new();
    for target in [LINUX, "aarch64-apple-darwin"] {
        release.pack(target, &[]);
    }
    release
}

/// The files in a tar archive of the release, by path.
fn unpack(release: &Release, end: &str) -> BTreeMap<String, Vec<u8>> {
    let mut archive = Archive::new(fs::File::open(release.path(end)).unwrap());
    let entries = archive.entries().unwrap().map(Result::unwrap);
    entries
        .map(|mut entry| {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            assert_eq!((entry.header().mode().unwrap(), entry.header().mtime().unwrap()), (0o644, 0));
            (entry.path().unwrap().to_str().unwrap().to_owned(), content)
        })
        .collect()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Resolves a relative reference against the path of a document.
fn resolve(document: &str, reference: &str) -> String {
    let mut parts: Vec<_> = document.split('/').collect();
    parts.pop();
    for part in reference.split('/') {
        match part {
            ".." => drop(parts.pop().expect("a reference within the archive")),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn network_mirror_serves_both_hosts() {
    let release = release();
    let files = unpack(&release, "network-mirror.tar");
    let mut expected = BTreeSet::new();
    for host in ["registry.terraform.io", "registry.opentofu.org"] {
        let index = format!("{host}/supernode/eks/index.json");
        assert_eq!(json(&files[&index]), json!({ "versions": { VERSION: {} } }));
        let version = format!("{host}/supernode/eks/{VERSION}.json");
        let archives = json(&files[&version])["archives"].take();
        let platforms: Vec<_> = archives.as_object().unwrap().keys().collect();
        assert_eq!(platforms, ["darwin_arm64", "linux_amd64"]);
        for (platform, archive) in archives.as_object().unwrap() {
            let zip = resolve(&version, archive["url"].as_str().unwrap());
            assert_eq!(files[&zip], fs::read(release.path(&format!("{platform}.zip"))).unwrap());
            let hashes: Vec<_> =
                archive["hashes"].as_array().unwrap().iter().map(|hash| hash.as_str().unwrap()).collect();
            let [h1, zh] = hashes[..] else { panic!("{hashes:?}") };
            assert!(h1.starts_with("h1:"), "{h1}");
            assert_eq!(zh, format!("zh:{}", hex(&files[&zip])));
            expected.insert(zip);
        }
        expected.extend([index, version]);
    }
    assert_eq!(files.into_keys().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn oci_layout_structure() {
    let release = release();
    let mut files = unpack(&release, "oci-layout.tar");
    assert_eq!(json(&files.remove("oci-layout").unwrap()), json!({ "imageLayoutVersion": "1.0.0" }));
    let root = json(&files.remove("index.json").unwrap());
    let mut unread: BTreeSet<_> = files.keys().cloned().collect();
    let mut blob = |descriptor: &Value| {
        let path = descriptor["digest"].as_str().unwrap().replace("sha256:", "blobs/sha256/");
        let content = &files[&path];
        assert_eq!(descriptor["digest"], format!("sha256:{}", hex(content)));
        assert_eq!(descriptor["size"], content.len());
        unread.remove(&path);
        content.clone()
    };

    let [provider] = &root["manifests"].as_array().unwrap()[..] else { panic!("{root:#}") };
    assert_eq!(provider["annotations"], json!({ "org.opencontainers.image.ref.name": VERSION }));
    let index = json(&blob(provider));
    assert_eq!((&index["mediaType"], &index["artifactType"]), (&provider["mediaType"], &provider["artifactType"]));
    assert_eq!(index["artifactType"], "application/vnd.opentofu.provider");

    let mut platforms = Vec::new();
    for target in index["manifests"].as_array().unwrap() {
        let manifest = json(&blob(target));
        assert_eq!(
            (&manifest["mediaType"], &manifest["artifactType"]),
            (&target["mediaType"], &target["artifactType"])
        );
        assert_eq!(manifest["artifactType"], "application/vnd.opentofu.provider-target");
        assert_eq!(blob(&manifest["config"]), b"{}");
        let [layer] = &manifest["layers"].as_array().unwrap()[..] else { panic!("{manifest:#}") };
        assert_eq!(layer["mediaType"], "archive/zip");
        let platform =
            [&target["platform"]["os"], &target["platform"]["architecture"]].map(|part| part.as_str().unwrap());
        let platform = platform.join("_");
        assert_eq!(blob(layer), fs::read(release.path(&format!("{platform}.zip"))).unwrap());
        platforms.push(platform);
    }
    assert_eq!(platforms, ["darwin_arm64", "linux_amd64"]);
    assert!(unread.is_empty(), "not referenced: {unread:?}");
}

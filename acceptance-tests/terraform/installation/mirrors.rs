//! Installation from the archives of a release: a network mirror over HTTPS, and an OCI registry.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use release::{Target, VERSION};
use serde_json::Value;
use tempfile::TempDir;

use super::{LOCK_FILE, h1, installed, locked, mirror};
use crate::harness::cli::Cli;
use crate::harness::docker_registry::digest;
use crate::harness::registry::Registry;
use crate::harness::requirements::skip;
use crate::harness::tls::TlsFront;
use crate::harness::workspace::{SOURCE, SOURCES, Workspace};

/// An archive of the release, unpacked.
fn unpack(name: &str) -> TempDir {
    let archive = mirror().join(SOURCE).join(format!("terraform-provider-eks_{VERSION}_{name}.tar"));
    let directory = tempfile::tempdir().unwrap();
    let tar = Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(directory.path()).status();
    assert!(tar.expect("tar runs").success());
    directory
}

/// Python's server of static files, without TLS.
struct FileServer {
    process: Child,
    address: SocketAddr,
}

impl FileServer {
    fn start(directory: &Path) -> Self {
        let mut process = Command::new("python3")
            .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"])
            .arg(directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 runs");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split(" port ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        let port: u16 = port.unwrap_or_else(|| panic!("no port in {line:?}"));
        Self { process, address: ([127, 0, 0, 1], port).into() }
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A front with a certificate for `127.0.0.1`.
fn front(server: SocketAddr) -> TlsFront {
    let front = TlsFront::start(&["127.0.0.1".to_owned()]);
    front.forward_to(server);
    front
}

/// A workspace that installs the provider `source` by this method only, and trusts `front`.
fn workspace(source: &str, method: &str, front: &TlsFront) -> Workspace {
    let mut workspace = Workspace::new();
    fs::write(workspace.path("cli.tfrc"), format!("provider_installation {{\n{method}\n}}\n")).unwrap();
    let provider = format!("terraform {{\n  required_providers {{\n    eks = {{ source = {source:?} }}\n  }}\n}}\n");
    fs::write(workspace.path("provider.tf"), provider).unwrap();
    front.trust(&mut workspace);
    workspace
}

#[test]
fn network_mirror_installs_over_https() {
    let files = unpack("network-mirror");
    let server = FileServer::start(files.path());
    let front = front(server.address);
    let method = format!("  network_mirror {{\n    url = \"https://{}/\"\n  }}", front.address);
    for source in SOURCES {
        let workspace = workspace(source, &method, &front);
        workspace.run(&["init", "-input=false"]).succeeds();
        let Target { os, arch, .. } = Target::host().unwrap();
        let index = fs::read(files.path().join(source).join(format!("{VERSION}.json"))).unwrap();
        let index: Value = serde_json::from_slice(&index).unwrap();
        let hashes = index["archives"][format!("{os}_{arch}")]["hashes"].as_array().unwrap();
        let [h1_listed, zh_listed] = [0, 1].map(|index| hashes[index].as_str().unwrap());
        assert_eq!(h1_listed, h1(&installed(&workspace, source)));
        assert!(locked(&workspace, source).contains(&h1_listed.to_owned()));

        // The lock file of an installation from a registry.
        fs::remove_dir_all(workspace.path(".terraform")).unwrap();
        let lock = format!("provider {source:?} {{\n  version = {VERSION:?}\n  hashes = [{zh_listed:?}]\n}}\n");
        fs::write(workspace.path(LOCK_FILE), lock).unwrap();
        workspace.run(&["init", "-input=false"]).succeeds();
        assert!(locked(&workspace, source).contains(&zh_listed.to_owned()));
    }
}

#[test]
fn network_mirror_modified_zip_refused() {
    let files = unpack("network-mirror");
    let Target { os, arch, .. } = Target::host().unwrap();
    let zip = files.path().join(SOURCE).join(format!("terraform-provider-eks_{VERSION}_{os}_{arch}.zip"));
    let mut bytes = fs::read(&zip).unwrap();
    // After the end of the archive, which readers of zips ignore.
    bytes.push(0);
    fs::write(&zip, bytes).unwrap();
    // Without the other hash, of the files in it, which is still valid.
    let index = files.path().join(SOURCE).join(format!("{VERSION}.json"));
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, text.replace("\"h1:", "\"h0:")).unwrap();

    let server = FileServer::start(files.path());
    let front = front(server.address);
    let method = format!("  network_mirror {{\n    url = \"https://{}/\"\n  }}", front.address);
    let run = workspace(SOURCE, &method, &front).run(&["init", "-input=false", "-no-color"]).fails();
    assert!(run.unwrapped_stderr().contains("checksum"), "{run}");
}

#[test]
fn oci_layout_pushed_pulled_and_installed() {
    let registry = Registry::start();
    let layout = unpack("oci-layout");
    let Target { os, arch, .. } = Target::host().unwrap();
    for source in SOURCES {
        let pushed = registry.push_layout(layout.path(), source);
        let (headers, index) = registry.get(&format!("{source}/manifests/{VERSION}"));
        assert_eq!([headers["docker-content-digest"].to_str().unwrap(), &digest(&index)], [&*pushed, &*pushed]);
        assert_eq!(headers["content-type"], "application/vnd.oci.image.index.v1+json");
        let index: Value = serde_json::from_slice(&index).unwrap();
        let host = |target: &&Value| target["platform"]["os"] == os && target["platform"]["architecture"] == arch;
        let target = index["manifests"].as_array().unwrap().iter().find(host).unwrap();
        let (_, manifest) = registry.get(&format!("{source}/manifests/{}", target["digest"].as_str().unwrap()));
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["artifactType"], target["artifactType"]);
        let (_, zip) = registry.get(&format!("{source}/blobs/{}", manifest["layers"][0]["digest"].as_str().unwrap()));
        let released = mirror().join(SOURCE).join(format!("terraform-provider-eks_{VERSION}_{os}_{arch}.zip"));
        assert!(zip == fs::read(released).unwrap(), "{} bytes", zip.len());
    }

    // Terraform does not support OCI mirrors.
    let client = Cli::get();
    if !client.is_opentofu {
        return;
    }
    if client.version < (1, 10) {
        skip(Some("the installation"), "mirrors in OCI registries need OpenTofu 1.10");
        return;
    }
    let front = front(registry.host().parse().unwrap());
    let method = format!(
        "  oci_mirror {{\n    repository_template = \"{}/${{hostname}}/${{namespace}}/${{type}}\"\n    include = {SOURCES:?}\n  }}",
        front.address
    );
    for source in SOURCES {
        let workspace = workspace(source, &method, &front);
        workspace.run(&["init", "-input=false"]).succeeds();
        let built = fs::read(env!("CARGO_BIN_EXE_terraform-provider-eks")).unwrap();
        assert!(installed(&workspace, source)[&format!("terraform-provider-eks_v{VERSION}")] == built);
    }
}

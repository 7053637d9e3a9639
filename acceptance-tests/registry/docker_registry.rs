//! Debian's `docker-registry` on loopback, and a client that pushes images.

use std::process::Child;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::requirements::tool;

pub const USERNAME: &str = "tester";
pub const PASSWORD: &str = "correct horse";
/// bcrypt of [`PASSWORD`].
const HTPASSWD: &str = "tester:$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n";

/// The media type of a layer in gzip.
pub const TAR_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The log, with a line for each response.
const ACCESS_LOG: &str = "access";

/// The configuration of a registry.
#[derive(Clone, Copy, Default)]
pub struct Setup {
    pub htpasswd: bool,
    pub tls: bool,
}

/// A running registry. Dropping it ends the process and removes its files.
pub struct DockerRegistry {
    process: Child,
    directory: TempDir,
    client: Client,
    pub setup: Setup,
    /// `127.0.0.1:port`.
    pub host: String,
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A pushed layer or manifest.
#[derive(Clone, Debug)]
pub struct Pushed {
    pub digest: String,
    pub size: u64,
}

impl DockerRegistry {
    pub async fn start(setup: Setup) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Another process could bind the free port before the registry does; this is unlikely.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        std::fs::write(directory.path().join("config.yml"), configuration(&directory, &host, setup)).unwrap();
        let process = tool("docker-registry")
            .arg("serve")
            .arg(directory.path().join("config.yml"))
            .stdout(std::fs::File::create(directory.path().join(ACCESS_LOG)).unwrap())
            .stderr(std::fs::File::create(directory.path().join("log")).unwrap())
            .spawn()
            .expect("docker-registry starts");
        let client = Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().build().unwrap();
        let registry = Self { process, directory, client, setup, host };
        registry.wait_until_ready().await;
        registry
    }

    async fn wait_until_ready(&self) {
        for _ in 0..200 {
            if self
                .request(self.client.get(self.url("/")))
                .send()
                .await
                .is_ok_and(|response| response.status().is_success())
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        panic!("docker-registry does not respond: {log}");
    }

    /// The number of responses.
    #[allow(dead_code, reason = "only benchmarks count requests")]
    pub fn responses(&self) -> usize {
        std::fs::read_to_string(self.directory.path().join(ACCESS_LOG)).unwrap().lines().count()
    }

    pub async fn push_blob(&self, repository: &str, bytes: Vec<u8>) -> Pushed {
        let pushed = Pushed { digest: digest(&bytes), size: bytes.len() as u64 };
        let start =
            self.request(self.client.post(self.url(&format!("/{repository}/blobs/uploads/")))).send().await.unwrap();
        let mut location = start.url().join(start.headers()["location"].to_str().unwrap()).unwrap();
        location.query_pairs_mut().append_pair("digest", &pushed.digest);
        let put = self.client.put(location).header("content-type", "application/octet-stream").body(bytes);
        let response = self.request(put).send().await.unwrap();
        assert_eq!(response.status(), 201, "pushing a blob");
        pushed
    }

    /// Pushes the manifest of pushed layers, in the format of Docker or the OCI. `diff_ids` are the digests of the unpacked layers, which
    /// only a node checks.
    pub async fn push_image(
        &self,
        repository: &str,
        tag: &str,
        layers: &[(Pushed, &str)],
        diff_ids: &[String],
        docker: bool,
    ) -> Pushed {
        let rootfs = json!({ "type": "layers", "diff_ids": diff_ids });
        let config = json!({ "architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs });
        let config = self.push_blob(repository, serde_json::to_vec(&config).unwrap()).await;
        let descriptor = |Pushed { digest, size }: &Pushed, media_type: &str| json!({ "mediaType": media_type, "digest": digest, "size": size });
        let (media_type, config_type) = match docker {
            true => (DOCKER_MANIFEST, "application/vnd.docker.container.image.v1+json"),
            false => (MANIFEST, "application/vnd.oci.image.config.v1+json"),
        };
        let layers: Vec<Value> = layers.iter().map(|(layer, media_type)| descriptor(layer, media_type)).collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type, "config": descriptor(&config, config_type), "layers": layers
        });
        self.push_manifest(repository, tag, media_type, &manifest).await
    }

    pub async fn push_manifest(&self, repository: &str, tag: &str, media_type: &str, manifest: &Value) -> Pushed {
        self.push_manifest_bytes(repository, tag, media_type, serde_json::to_vec(manifest).unwrap()).await
    }

    /// Pushes the bytes of a manifest. `tag` may also be its digest.
    pub async fn push_manifest_bytes(&self, repository: &str, tag: &str, media_type: &str, bytes: Vec<u8>) -> Pushed {
        let pushed = Pushed { digest: digest(&bytes), size: bytes.len() as u64 };
        let put =
            self.client.put(self.url(&format!("/{repository}/manifests/{tag}"))).header("content-type", media_type);
        let response = self.request(put.body(bytes)).send().await.unwrap();
        assert_eq!(response.status(), 201, "pushing a manifest: {}", response.text().await.unwrap());
        pushed
    }

    fn url(&self, path: &str) -> String {
        format!("{}://{}/v2{path}", if self.setup.tls { "https" } else { "http" }, self.host)
    }

    fn request(&self, request: RequestBuilder) -> RequestBuilder {
        if self.setup.htpasswd { request.basic_auth(USERNAME, Some(PASSWORD)) } else { request }
    }
}

pub fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn configuration(directory: &TempDir, host: &str, setup: Setup) -> String {
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut text = format!(
        "version: 0.1\nlog: {{level: warn}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\nhttp:\n  addr: {host}\n",
        path("storage")
    );
    if setup.tls {
        let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(path("cert.pem"), certified.cert.pem()).unwrap();
        std::fs::write(path("key.pem"), certified.signing_key.serialize_pem()).unwrap();
        text += &format!("  tls: {{certificate: {}, key: {}}}\n", path("cert.pem"), path("key.pem"));
    }
    if setup.htpasswd {
        std::fs::write(path("htpasswd"), HTPASSWD).unwrap();
        text += &format!("auth:\n  htpasswd: {{realm: test, path: {}}}\n", path("htpasswd"));
    }
    text
}

//! A registry for the images of configurations: Debian's `docker-registry` on loopback.

use std::fs;
use std::path::Path;

use reqwest::Client;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::runtime::{self, Runtime};

use crate::harness::docker_registry::{DockerRegistry, Setup, TAR_GZIP};
use crate::harness::zeros::gzip_zeros;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A registry process, which ends when the value is dropped.
pub struct Registry {
    runtime: Runtime,
    registry: DockerRegistry,
}

impl Registry {
    /// A registry with anonymous access.
    pub fn start() -> Self {
        Self::with(Setup::default())
    }

    /// A registry that requires [`USERNAME`](crate::harness::docker_registry::USERNAME) and password.
    pub fn start_with_password() -> Self {
        Self::with(Setup { htpasswd: true, tls: false })
    }

    /// A registry with anonymous access over HTTPS, and a certificate of an unknown authority.
    pub fn start_with_own_certificate() -> Self {
        Self::with(Setup { htpasswd: false, tls: true })
    }

    fn with(setup: Setup) -> Self {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let registry = runtime.block_on(DockerRegistry::start(setup));
        Self { runtime, registry }
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> &str {
        &self.registry.host
    }

    /// The reference of an image in this registry, such as `127.0.0.1:5000/team/app:1`.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.host())
    }

    /// Pushes an image with a layer of the given size in MiB for each of `layers`, and returns its digest. Layers of the same
    /// size are identical. An existing tag is moved.
    pub fn push(&self, name: &str, layers: &[usize]) -> String {
        let (repository, tag) = name.split_once(':').unwrap();
        self.runtime.block_on(self.push_image(repository, tag, layers)).0
    }

    /// Pushes an image for several architectures, as an index, and returns the index's digest.
    pub fn push_index(&self, name: &str, architectures: &[(&str, &[usize])]) -> String {
        let (repository, tag) = name.split_once(':').unwrap();
        self.runtime.block_on(async {
            let mut entries = Vec::new();
            for (architecture, layers) in architectures {
                let (digest, size) = self.push_image(repository, architecture, layers).await;
                let platform = json!({"os": "linux", "architecture": architecture});
                entries.push(json!({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform}));
            }
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
            self.registry.push_manifest(repository, tag, INDEX, &index).await.digest
        })
    }

    /// Pushes the content of an OCI layout to `repository`, with its tag, and returns the digest of the tagged manifest.
    pub fn push_layout(&self, layout: &Path, repository: &str) -> String {
        let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
        let [tagged] = &index["manifests"].as_array().unwrap()[..] else { panic!("not one manifest: {index:#}") };
        let tag = tagged["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap();
        self.runtime.block_on(self.push_manifest_of_layout(layout, repository, tagged, tag));
        tagged["digest"].as_str().unwrap().to_owned()
    }

    /// Pushes a manifest or an index of a layout, after everything that it refers to.
    async fn push_manifest_of_layout(&self, layout: &Path, repository: &str, descriptor: &Value, tag: &str) {
        let read = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap();
            fs::read(layout.join("blobs").join(digest.replace(':', "/"))).unwrap()
        };
        let bytes = read(descriptor);
        let manifest: Value = serde_json::from_slice(&bytes).unwrap();
        for inner in manifest["manifests"].as_array().into_iter().flatten() {
            let digest = inner["digest"].as_str().unwrap();
            Box::pin(self.push_manifest_of_layout(layout, repository, inner, digest)).await;
        }
        for blob in manifest["layers"].as_array().into_iter().flatten().chain(manifest.get("config")) {
            self.registry.push_blob(repository, read(blob)).await;
        }
        let media_type = descriptor["mediaType"].as_str().unwrap();
        let pushed = self.registry.push_manifest_bytes(repository, tag, media_type, bytes).await;
        assert_eq!(descriptor["digest"], pushed.digest);
    }

    /// Gets a path below `/v2/`, with the headers of the response.
    pub fn get(&self, path: &str) -> (HeaderMap, Vec<u8>) {
        self.runtime.block_on(async {
            let client = Client::builder().no_proxy().build().unwrap();
            let accept = format!("{INDEX}, {MANIFEST}, */*");
            let request = client.get(format!("http://{}/v2/{path}", self.host())).header("accept", accept);
            let response = request.send().await.unwrap().error_for_status().unwrap();
            (response.headers().clone(), response.bytes().await.unwrap().to_vec())
        })
    }

    async fn push_image(&self, repository: &str, tag: &str, layers: &[usize]) -> (String, u64) {
        let mut pushed = Vec::new();
        for mib in layers {
            pushed.push((self.registry.push_blob(repository, gzip_zeros(*mib)).await, TAR_GZIP));
        }
        let image = self.registry.push_image(repository, tag, &pushed, &[], false).await;
        (image.digest, image.size)
    }
}

/// The example in `file`, with the images of `registry` instead of those of Docker Hub.
pub fn example(file: &str, registry: &Registry) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(file);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let lines = text.replace("\"vllm/", &format!("\"{}/vllm/", registry.host()));
    let lines = lines.lines().map(|line| match line.starts_with("data \"eks_pod_disk\"") {
        true => format!("{line}\n  registry_http_endpoint_list = [{:?}]\n", registry.host()),
        false => format!("{line}\n"),
    });
    lines.collect()
}

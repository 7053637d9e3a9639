//! A registry with images, for configurations that name them: Debian's `docker-registry` on loopback.

use std::path::Path;

use serde_json::json;
use tokio::runtime::{self, Runtime};

use crate::harness::docker_registry::{DockerRegistry, Setup, TAR_GZIP};
use crate::harness::zeros::gzip_zeros;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A running registry, filled by its test. It ends with the value.
pub struct Registry {
    runtime: Runtime,
    registry: DockerRegistry,
}

impl Registry {
    /// One that everybody may read.
    pub fn start() -> Self {
        Self::with(Setup::default())
    }

    /// One that wants [`USERNAME`](crate::harness::docker_registry::USERNAME) and password.
    pub fn start_with_password() -> Self {
        Self::with(Setup { htpasswd: true, tls: false })
    }

    /// One over HTTPS that everybody may read, with a certificate that nobody trusts.
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

    /// Pushes an image with a layer of so many MiB for each of `layers`, and returns its digest. Layers of the same size are the
    /// same layer. A tag that is there already moves.
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

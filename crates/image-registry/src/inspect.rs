//! Inspects images in their registries.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use tokio::time::{Instant, interval_at};

use network::Program;

use super::credentials::{Credentials, Login, server_name};
use super::environment::Environment;
use super::error::InspectError;
use super::layer::Unpacked;
use super::mirror::Mirror;
use super::once::OnceMap;
use super::platform::Platform;
use super::reference::Reference;
use super::repository::{Manifests, Repository};
use super::source::Source;
use super::transport::Transport;

/// Progress of a long inspection is logged after the first of these, then at intervals of the second.
const PROGRESS_AFTER: Duration = Duration::from_secs(2);
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// The configuration of an [`Inspector`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// Credentials by registry server. For others, the user's Docker configuration is searched.
    pub credentials: BTreeMap<String, Login>,
    /// Registries, and hosts that they refer to, that are called over plain HTTP: `host:port`, or `host` for any port.
    pub http_hosts: BTreeSet<String>,
    /// Hosts whose TLS certificate is not verified, in the same form. In both lists, `all` matches every host.
    pub skip_verify_hosts: BTreeSet<String>,
    /// Mirrors by registry, as [`Reference::registry`] names it. They are tried first.
    pub mirrors: BTreeMap<String, Mirror>,
    /// Locates the configuration of Docker and Podman, sets proxies, and is passed to credential helpers.
    pub environment: Environment,
    /// The calling program, for `User-Agent` and as client ID for token services.
    pub program: Program,
}

/// An image, as its registry has it.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSize {
    /// The requested image.
    pub reference: Reference,
    /// The digest that the reference resolves to: of an index, or of the manifest itself. `docker pull` prints it.
    pub digest: String,
    /// The digest of the platform's manifest. It does not change when only other platforms change.
    pub manifest_digest: String,
    /// Lowest first.
    pub layers: Vec<Layer>,
    /// The platform from the index, or else from the image's configuration.
    pub platform: Option<Platform>,
    /// The type of an artifact that is not a container image, for example `application/vnd.cncf.helm.config.v1+json`.
    pub artifact: Option<String>,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Of the compressed blob.
    pub digest: String,
    /// Length of the blob in the registry.
    pub compressed_bytes: u64,
    /// Length of the tar archive inside.
    pub unpacked: Unpacked,
}

impl ImageSize {
    /// An image without layers.
    pub fn empty(reference: Reference) -> Self {
        let (digest, manifest_digest, layers) = Default::default();
        Self { reference, digest, manifest_digest, layers, platform: None, artifact: None }
    }
}

/// Inspects images in their registries. Shared layers and manifests are read once.
pub struct Inspector {
    pub(super) transport: Transport,
    pub(super) credentials: Credentials,
    pub(super) mirrors: BTreeMap<String, Mirror>,
    pub(super) manifests: Manifests,
    /// By registry and digest: the result of one registry is not used for another.
    pub(super) measured: OnceMap<(String, String), Unpacked>,
    /// Mirrors that are not tried again.
    unreachable: Mutex<HashSet<String>>,
}

impl Inspector {
    /// An inspector. It reads and calls nothing yet.
    pub fn new(config: Config) -> Self {
        let Config { credentials, http_hosts, skip_verify_hosts, mirrors, environment, program } = config;
        let credentials = Credentials::new(credentials, environment.clone());
        let transport = Transport::new(http_hosts, skip_verify_hosts, environment, program);
        let mirrors = mirrors.into_iter().map(|(registry, mirror)| (server_name(&registry), mirror)).collect();
        let (manifests, measured, unreachable) = (OnceMap::default(), OnceMap::default(), Mutex::default());
        Self { transport, credentials, mirrors, manifests, measured, unreachable }
    }

    /// Inspects `references` concurrently, and returns the results in the same order. A request may take 30 seconds; a host gets
    /// up to 64 at once. Progress is logged at INFO.
    ///
    /// # Errors
    ///
    /// One for each image; a failed image does not stop the others.
    pub async fn inspect(&self, references: &[Reference], platform: &Platform) -> Vec<Result<ImageSize, InspectError>> {
        let (done, all) = (AtomicUsize::new(0), references.len());
        let inspections = join_all(references.iter().map(|reference| async {
            let result = self.inspect_one(reference, platform).await;
            done.fetch_add(1, Ordering::Relaxed);
            result
        }));
        let progress = async {
            let mut ticks = interval_at(Instant::now() + PROGRESS_AFTER, PROGRESS_EVERY);
            loop {
                ticks.tick().await;
                tracing::info!(done = done.load(Ordering::Relaxed), all, "inspecting images");
            }
        };
        match select(inspections, std::pin::pin!(progress)).await {
            Either::Left((results, _)) => results,
            Either::Right((never, _)) => never,
        }
    }

    async fn inspect_one(&self, reference: &Reference, platform: &Platform) -> Result<ImageSize, InspectError> {
        let inspection = async { Repository::new(self, reference)?.image_size(platform).await };
        inspection.await.map_err(|cause| InspectError { image: reference.clone(), cause })
    }

    pub(super) fn is_unreachable(&self, mirror: &Source<'_>) -> bool {
        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner).contains(&mirror.host())
    }

    pub(super) fn note_unreachable(&self, mirror: &Source<'_>) {
        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner).insert(mirror.host());
    }
}

/// Without fields, because proxies and tokens are secret.
impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inspection_can_run_on_any_thread() {
        fn is_send<T: Send>(_: T) {}
        let inspector = Inspector::new(Config::default());
        is_send(inspector.inspect(&[], &Platform::default()));
    }
}

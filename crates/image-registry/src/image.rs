//! Finds the manifest of an image for a platform, through indexes and nested indexes.
//!
//! As in containerd, an index entry without a platform has the platform of its image's configuration.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join, try_join_all};

use super::error::{Cause, shown};
use super::inspect::{ImageSize, Layer};
use super::layer::{Ends, measure};
use super::manifest::{Descriptor, Document, IndexEntry, Manifest, config_platform};
use super::platform::Platform;
use super::repository::{Blob, Repository};

/// Maximum number of documents that are fetched for one image.
const MAX_DOCUMENTS: usize = 32;

/// The manifest that was found.
struct Found {
    digest: String,
    manifest: Manifest,
    /// The platform that an index or a configuration states.
    platform: Option<Platform>,
}

/// The search for the image of a platform.
struct Search<'a> {
    repository: &'a Repository<'a>,
    platform: &'a Platform,
    documents: AtomicUsize,
    /// The platforms of other images.
    available: std::sync::Mutex<Vec<String>>,
}

impl Repository<'_> {
    /// The size of the image for a platform.
    pub async fn image_size(&self, platform: &Platform) -> Result<ImageSize, Cause> {
        let reference = self.reference;
        let name = reference.digest().or(reference.tag()).expect("a reference has a tag or a digest");
        let (digest, document, _) = self.manifest(name).await?;
        let (documents, available) = Default::default();
        let search = Search { repository: self, platform, documents, available };
        let Found { digest: manifest_digest, manifest, platform: stated } = match document {
            Document::Image(manifest) => Found { digest: digest.clone(), manifest, platform: None },
            Document::Index(entries) => search.index(&entries).await?.ok_or_else(|| search.nothing())?,
        };
        let ends = Ends::of_image(manifest.layers.len());
        let layers = try_join_all(manifest.layers.iter().map(|layer| self.layer(layer, ends)));
        let configured = async {
            match (stated, &manifest) {
                (None, manifest) if manifest.artifact.is_none() => self.platform_of(manifest).await,
                (stated, _) => stated,
            }
        };
        let (layers, platform) = join(layers, configured).await;
        let (layers, artifact) = (layers?, manifest.artifact);
        Ok(ImageSize { reference: reference.clone(), digest, manifest_digest, layers, platform, artifact })
    }

    /// The platform in the configuration of an image.
    async fn platform_of(&self, manifest: &Manifest) -> Option<Platform> {
        config_platform(&self.config(manifest.config.as_ref()?).await?)
    }

    async fn layer(&self, descriptor: &Descriptor, ends: Ends) -> Result<Layer, Cause> {
        let blob = Blob { repository: self, descriptor };
        let unpacked = self.measured(descriptor, measure(descriptor, &blob, ends)).await?;
        Ok(Layer { digest: descriptor.digest.clone(), compressed_bytes: descriptor.size, unpacked })
    }
}

impl Search<'_> {
    /// Looks for the image in an index: first among the entries that state a platform.
    fn index<'a>(&'a self, entries: &'a [IndexEntry]) -> BoxFuture<'a, Result<Option<Found>, Cause>> {
        async move {
            let chosen = self.platform.choose(entries);
            let unstated = entries.iter().filter(|entry| entry.platform.is_none());
            for entry in chosen.into_iter().chain(unstated) {
                if let Some(found) = self.entry(entry).await? {
                    return Ok(Some(found));
                }
            }
            let stated = entries.iter().filter_map(|entry| entry.platform.as_ref());
            stated.for_each(|platform| self.note(platform));
            Ok(None)
        }
        .boxed()
    }

    async fn entry(&self, entry: &IndexEntry) -> Result<Option<Found>, Cause> {
        let Descriptor { digest, size, .. } = &entry.descriptor;
        if self.documents.fetch_add(1, Ordering::Relaxed) >= MAX_DOCUMENTS {
            let reason = format!("it leads to more than {MAX_DOCUMENTS} other manifests");
            return Err(Cause::InvalidManifest { digest: digest.clone(), reason });
        }
        let (_, document) = self.repository.manifest_of_size(digest, *size).await?;
        let manifest = match document {
            Document::Index(entries) => return self.index(&entries).await,
            Document::Image(manifest) => manifest,
        };
        if let Some(platform) = &entry.platform {
            return Ok(Some(Found { digest: digest.clone(), manifest, platform: Some(platform.clone()) }));
        }
        if manifest.artifact.is_some() {
            return Ok(None);
        }
        let platform = self.repository.platform_of(&manifest).await;
        if platform.as_ref().is_some_and(|platform| self.platform.accepts(platform)) {
            return Ok(Some(Found { digest: digest.clone(), manifest, platform }));
        }
        platform.iter().for_each(|platform| self.note(platform));
        Ok(None)
    }

    fn note(&self, platform: &Platform) {
        let mut available = self.available.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let platform = platform.to_string();
        if !available.contains(&platform) {
            available.push(platform);
        }
    }

    fn nothing(&self) -> Cause {
        let available = self.available.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let available = if available.is_empty() { "no platform".to_owned() } else { available.join(", ") };
        Cause::NoPlatform { wanted: self.platform.clone(), available: shown(&available) }
    }
}

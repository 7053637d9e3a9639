//! Image manifests and indexes, OCI and Docker.
//!
//! Documents of a registry are not trusted: sizes must be unsigned and bounded, digests well-formed, a document an image or an
//! index but not both, and the bytes must have the requested digest.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/main/manifest.md>, `image-index.md` beside it, and
//! <https://distribution.github.io/distribution/spec/manifest-v2-2/>.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use serde::{Deserialize, Deserializer};

use super::platform::Platform;
use super::reference::parse_digest;

/// Value of `Accept`.
pub(super) const MEDIA_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// The maximum size of a layer, 1 PiB. It keeps every sum of sizes within 64 bits.
pub(super) const MAX_SIZE: u64 = 1 << 50;

/// Media types of container image configurations.
const IMAGE_CONFIGS: [&str; 3] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json", ""];
/// Media type of an empty configuration: the artifact type describes the manifest.
const EMPTY_CONFIG: &str = "application/vnd.oci.empty.v1+json";

/// A manifest or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Document {
    /// One image, or another artifact.
    Image(Manifest),
    /// Images for several platforms.
    Index(Vec<IndexEntry>),
}

/// A manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Lowest first.
    pub layers: Vec<Descriptor>,
    /// Which platform the image is for, and how it runs.
    pub config: Option<Descriptor>,
    /// The type of an artifact that is not a container image.
    pub artifact: Option<String>,
}

/// The digest and size of a blob or manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default, deserialize_with = "null_as_default")]
    pub media_type: String,
    #[serde(default)]
    pub digest: String,
    /// In bytes.
    #[serde(default)]
    pub size: u64,
    #[serde(default, deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
}

/// One entry of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub descriptor: Descriptor,
    /// `None` if the index does not state it, but the image's configuration does.
    pub platform: Option<Platform>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    schema_version: u64,
    #[serde(default, deserialize_with = "null_as_default")]
    media_type: String,
    #[serde(default, deserialize_with = "null_as_default")]
    artifact_type: String,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<WireEntry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEntry {
    #[serde(flatten)]
    descriptor: Descriptor,
    #[serde(default, deserialize_with = "null_as_default")]
    artifact_type: String,
    platform: Option<WirePlatform>,
}

/// A platform as in an index or an image configuration. Every field may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WirePlatform {
    #[serde(deserialize_with = "null_as_default")]
    os: String,
    #[serde(deserialize_with = "null_as_default")]
    architecture: String,
    variant: Option<String>,
}

/// Some JSON encoders write null for an empty list, map or string.
fn null_as_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The platform that the configuration of an image states; `None` if it is not one.
pub(super) fn config_platform(bytes: &[u8]) -> Option<Platform> {
    serde_json::from_slice::<WirePlatform>(bytes).ok()?.platform()
}

impl WirePlatform {
    fn platform(&self) -> Option<Platform> {
        let Self { os, architecture, variant } = self;
        let is_stated = !os.is_empty() && !architecture.is_empty();
        is_stated.then(|| Platform::new(os, architecture, variant.as_deref()))
    }
}

impl Descriptor {
    fn check(&self) -> Result<(), String> {
        let Self { digest, size, .. } = self;
        parse_digest(digest).map_err(|reason| reason.to_string())?;
        if *size > MAX_SIZE { Err(format!("{digest} is said to have {size} bytes")) } else { Ok(()) }
    }

    /// Whether the blob is gzip by its media type, which may be wrong.
    pub fn is_gzip(&self) -> bool {
        self.media_type.ends_with("gzip")
    }

    /// Whether registries need not have the blob, by its media type: base layers of Windows.
    pub fn is_foreign(&self) -> bool {
        self.media_type.contains(".nondistributable.") || self.media_type.contains(".foreign.")
    }
}

impl Document {
    /// Reads a manifest or an index.
    ///
    /// # Errors
    ///
    /// A phrase that says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if wire.schema_version != 2 {
            let version = wire.schema_version;
            return Err(format!(
                "it has schema version {version}; push the image again with a current tool to get version 2"
            ));
        }
        let is_index = wire.media_type.ends_with("index.v1+json") || wire.media_type.ends_with("list.v2+json");
        match (wire.layers, wire.manifests, wire.config) {
            // Clients could interpret it as two different images: CVE-2021-41190.
            (Some(_), Some(_), _) => Err("it is both an image and an index".to_owned()),
            (None, Some(entries), _) => {
                entries.iter().try_for_each(|entry| entry.descriptor.check())?;
                Ok(Self::Index(entries.into_iter().filter_map(WireEntry::entry).collect()))
            }
            (None, None, _) if is_index => Ok(Self::Index(Vec::new())),
            (None, None, None) => Err("it has neither layers nor manifests: not a container image".to_owned()),
            (layers, None, config) => {
                let layers = layers.unwrap_or_default();
                layers.iter().try_for_each(Descriptor::check)?;
                let artifact = artifact(config.as_ref(), &wire.artifact_type);
                // A configuration with an invalid descriptor is ignored.
                let config = config.filter(|config| config.check().is_ok());
                Ok(Self::Image(Manifest { layers, config, artifact }))
            }
        }
    }
}

/// The type of an artifact that is not a container image.
fn artifact(config: Option<&Descriptor>, artifact_type: &str) -> Option<String> {
    let config = config.map_or("", |config| &config.media_type);
    match (config, artifact_type) {
        (EMPTY_CONFIG, "") => Some("an artifact without a type".to_owned()),
        (EMPTY_CONFIG, artifact_type) => Some(artifact_type.to_owned()),
        (config, _) if IMAGE_CONFIGS.contains(&config) => None,
        (config, _) => Some(config.to_owned()),
    }
}

impl WireEntry {
    /// `None` for an attestation, whose platform BuildKit writes as unknown, and for other artifacts.
    fn entry(self) -> Option<IndexEntry> {
        let Self { descriptor, artifact_type, platform } = self;
        let is_unknown = platform.as_ref().is_some_and(|platform| platform.os == "unknown");
        let platform = platform.and_then(|platform| platform.platform());
        let is_artifact = platform.is_none() && !artifact_type.is_empty();
        (!is_unknown && !is_artifact).then_some(IndexEntry { descriptor, platform })
    }
}

/// Whether `bytes` have the digest `expected`. False for an unknown algorithm.
pub(super) fn has_digest(bytes: &[u8], expected: &str) -> bool {
    let Some((name, digits)) = expected.split_once(':') else { return false };
    let algorithm = match name {
        "sha256" => &SHA256,
        "sha384" => &SHA384,
        "sha512" => &SHA512,
        _ => return false,
    };
    hex(algorithm, bytes) == digits
}

/// The `sha256:…` digest.
pub(super) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&SHA256, bytes))
}

/// The digest in hexadecimal digits.
fn hex(algorithm: &'static digest::Algorithm, bytes: &[u8]) -> String {
    digest::digest(algorithm, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;

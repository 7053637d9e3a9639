//! Image manifests and indexes, OCI and Docker.
//!
//! What a registry sends is not trusted: sizes are unsigned and bounded, digests well-formed, the document is an image or
//! an index but never both, and the bytes hash to the digest that was asked for.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/main/manifest.md>, `image-index.md` beside it, and
//! <https://distribution.github.io/distribution/spec/manifest-v2-2/>.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::platform::Platform;
use super::reference::parse_digest;

/// What is asked for in `Accept`.
pub(super) const MEDIA_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// No layer is larger: 1 PiB. It keeps every sum of sizes inside 64 bits.
pub(super) const MAX_SIZE: u64 = 1 << 50;

/// A manifest or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Document {
    /// The layers of one image, lowest first.
    Image(Vec<Descriptor>),
    /// Images for several platforms.
    Index(Vec<IndexEntry>),
}

/// What a blob or manifest is called, and how long it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub media_type: String,
    pub digest: String,
    /// In bytes.
    pub size: u64,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// One image of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub descriptor: Descriptor,
    pub platform: Platform,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    schema_version: u64,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<WireEntry>>,
}

#[derive(Deserialize)]
struct WireEntry {
    #[serde(flatten)]
    descriptor: Descriptor,
    platform: Option<WirePlatform>,
}

#[derive(Deserialize)]
struct WirePlatform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Descriptor {
    fn check(&self) -> Result<(), String> {
        let Self { digest, size, .. } = self;
        parse_digest(digest).map_err(|reason| reason.to_string())?;
        if *size > MAX_SIZE { Err(format!("{digest} is said to have {size} bytes")) } else { Ok(()) }
    }

    /// Whether the media type says that the blob is a gzip file. It need not be one.
    pub fn is_gzip(&self) -> bool {
        self.media_type.ends_with("gzip")
    }

    /// Whether the media type says that registries need not have the blob: base layers of Windows.
    pub fn is_foreign(&self) -> bool {
        self.media_type.contains(".nondistributable.") || self.media_type.contains(".foreign.")
    }
}

impl Document {
    /// Reads a manifest or an index.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a phrase.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if wire.schema_version != 2 {
            let version = wire.schema_version;
            return Err(format!(
                "it has schema version {version}; push the image again with a current tool to get version 2"
            ));
        }
        match (wire.layers, wire.manifests) {
            (Some(layers), None) => {
                layers.iter().try_for_each(Descriptor::check)?;
                Ok(Self::Image(layers))
            }
            (None, Some(entries)) => {
                entries.iter().try_for_each(|entry| entry.descriptor.check())?;
                // An entry without a platform, or as BuildKit writes it for an unknown one, is no image: an attestation or
                // another artifact.
                let entries = entries.into_iter().filter_map(|WireEntry { descriptor, platform }| {
                    let platform = platform.filter(|platform| platform.os != "unknown");
                    let WirePlatform { os, architecture, variant } = platform?;
                    Some(IndexEntry { descriptor, platform: Platform::new(&os, &architecture, variant.as_deref()) })
                });
                Ok(Self::Index(entries.collect()))
            }
            // Readers that disagree on which of the two it is would see two different images: CVE-2021-41190.
            (Some(_), Some(_)) => Err("it is both an image and an index".to_owned()),
            (None, None) => Err("it has neither layers nor manifests: not a container image".to_owned()),
        }
    }
}

/// Whether `bytes` have the digest `expected`. An algorithm that is not known has no bytes.
pub(super) fn has_digest(bytes: &[u8], expected: &str) -> bool {
    let actual = match expected.split_once(':') {
        Some(("sha256", _)) => sha256(bytes),
        Some(("sha384", _)) => format!("sha384:{}", hex(&Sha384::digest(bytes))),
        Some(("sha512", _)) => format!("sha512:{}", hex(&Sha512::digest(bytes))),
        _ => return false,
    };
    actual == expected
}

/// The `sha256:…` digest.
pub(super) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn descriptor(size: &str) -> String {
        format!(r#"{{"mediaType":"m","digest":"{DIGEST}","size":{size}}}"#)
    }

    #[test]
    fn an_image_has_layers() {
        let text = format!(r#"{{"schemaVersion":2,"config":{0},"layers":[{0}]}}"#, descriptor("7"));
        let Document::Image(layers) = Document::parse(text.as_bytes()).unwrap() else { panic!("an index") };
        assert_eq!((layers.len(), layers[0].size, layers[0].digest.as_str()), (1, 7, DIGEST));
    }

    #[test]
    fn an_index_has_the_entries_that_name_a_platform() {
        let entry = |rest: &str| descriptor("7").replace('}', rest);
        let text = format!(
            r#"{{"schemaVersion":2,"manifests":[{},{},{}]}}"#,
            entry(r#","platform":{"os":"linux","architecture":"arm","variant":"v7"}}"#),
            entry(r#","platform":{"os":"unknown","architecture":"unknown"}}"#),
            entry(r#","artifactType":"application/spdx+json"}"#)
        );
        let Document::Index(entries) = Document::parse(text.as_bytes()).unwrap() else { panic!("an image") };
        assert_eq!(entries.iter().map(|entry| entry.platform.to_string()).collect::<Vec<_>>(), ["linux/arm/v7"]);
    }

    #[test]
    fn invalid_documents_say_what_is_wrong() {
        let image = |size: &str| format!(r#"{{"schemaVersion":2,"layers":[{}]}}"#, descriptor(size));
        for (text, expected) in [
            (image("-1"), "invalid value: integer `-1`, expected u64"),
            (image("18446744073709551616"), "u64"),
            (image("1125899906842625"), "said to have 1125899906842625 bytes"),
            (image("1").replace(DIGEST, "sha256:../../etc"), "a sha256 digest has 64"),
            (image("1").replace(DIGEST, ""), "must be an algorithm"),
            (r#"{"schemaVersion":2,"layers":[],"manifests":[]}"#.to_owned(), "both an image and an index"),
            (r#"{"schemaVersion":2,"config":{}}"#.to_owned(), "neither layers nor manifests"),
            (r#"{"schemaVersion":1,"fsLayers":[]}"#.to_owned(), "schema version 1"),
            ("[1]".to_owned(), "invalid"),
            ("<html>".to_owned(), "expected value"),
        ] {
            let error = Document::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_digest_is_verified_with_its_own_algorithm() {
        let long = "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff";
        for (digest, expected) in [
            (DIGEST.to_owned(), true),
            (format!("sha512:{long}"), true),
            (DIGEST.replace("9f86", "9f87"), false),
            ("md5:098f6bcd4621d373cade4e832627b4f6".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(has_digest(b"test", &digest), expected, "{digest}");
        }
    }

    #[test]
    fn foreign_layers_are_known_by_their_media_type() {
        for (media_type, expected) in [
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true),
            ("application/vnd.oci.image.layer.v1.tar+gzip", false),
        ] {
            let layer: Descriptor =
                serde_json::from_str(&descriptor("1").replace("\"m\"", &format!("{media_type:?}"))).unwrap();
            assert_eq!(layer.is_foreign(), expected, "{media_type}");
        }
    }
}

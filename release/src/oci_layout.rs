//! The provider as an OCI artifact for OpenTofu's `oci_mirror`, in a tar archive with the layout of an OCI image.
//!
//! An index, tagged with the version, has a manifest for each platform, and that has the package as its only layer.
//!
//! - <https://opentofu.org/docs/cli/oci_registries/provider-mirror/>
//! - <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::package::Package;
use crate::sums::sha256;
use crate::{VERSION, tar};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The artifact type of an index of a provider.
const PROVIDER: &str = "application/vnd.opentofu.provider";
/// The artifact type of a manifest for one platform.
const PROVIDER_TARGET: &str = "application/vnd.opentofu.provider-target";

/// Blobs by the hexadecimal digits of their SHA-256.
#[derive(Default)]
struct Blobs(BTreeMap<String, Vec<u8>>);

impl Blobs {
    /// Adds a blob, and returns its descriptor.
    fn add(&mut self, media_type: &str, content: Vec<u8>) -> Value {
        let digest = sha256(&content);
        let descriptor =
            json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": content.len() });
        self.0.insert(digest, content);
        descriptor
    }
}

/// Writes the layout of `packages` to `path`.
pub fn write(path: &Path, packages: Vec<Package>) -> Result<()> {
    let mut blobs = Blobs::default();
    let config = blobs.add("application/vnd.oci.empty.v1+json", b"{}".to_vec());
    let mut manifests = Vec::new();
    for package in packages {
        let mut layer = blobs.add("archive/zip", package.zip);
        layer["annotations"] = json!({ "org.opencontainers.image.title": package.name });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": PROVIDER_TARGET,
            "config": config,
            "layers": [layer],
        });
        let mut manifest = blobs.add(MANIFEST, manifest.to_string().into_bytes());
        manifest["artifactType"] = json!(PROVIDER_TARGET);
        manifest["platform"] = json!({ "os": package.os, "architecture": package.arch });
        manifests.push(manifest);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "artifactType": PROVIDER, "manifests": manifests });
    let mut index = blobs.add(INDEX, index.to_string().into_bytes());
    index["artifactType"] = json!(PROVIDER);
    // A tag has no plus sign, which begins the build metadata of a version.
    index["annotations"] = json!({ "org.opencontainers.image.ref.name": VERSION.replace('+', "_") });

    let root = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [index] });
    let mut files: Vec<_> =
        blobs.0.into_iter().map(|(digest, content)| (format!("blobs/sha256/{digest}"), content)).collect();
    files.push(("index.json".to_owned(), root.to_string().into_bytes()));
    files.push(("oci-layout".to_owned(), json!({ "imageLayoutVersion": "1.0.0" }).to_string().into_bytes()));
    tar::write(path, &files)
}

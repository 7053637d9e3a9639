//! The search for an image: through nested indexes, and by configurations if an index states no platform.

use std::collections::BTreeMap;

use image_registry::{Cause, ImageSize, InspectError};
use serde_json::{Value, json};

use crate::docker_registry::digest;
use crate::http_server::{HttpServer, Response};
use crate::responses::{inspect_served, ok};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// Documents and blobs by digest.
#[derive(Default)]
struct Content(BTreeMap<String, Vec<u8>>);

impl Content {
    /// Adds a document, and returns its descriptor.
    fn add(&mut self, document: Value) -> Value {
        let bytes = document.to_string().into_bytes();
        let descriptor = json!({ "digest": digest(&bytes), "size": bytes.len() });
        self.0.insert(digest(&bytes), bytes);
        descriptor
    }

    /// Adds an image whose configuration is for `architecture`.
    fn add_image(&mut self, architecture: &str) -> Value {
        let mut config = self.add(json!({ "os": "linux", "architecture": architecture }));
        config["mediaType"] = IMAGE_CONFIG.into();
        self.add(json!({ "schemaVersion": 2, "config": config, "layers": [] }))
    }

    /// Inspects the image whose tag refers to `document`.
    async fn inspect(self, document: Value) -> (Result<ImageSize, InspectError>, HttpServer) {
        let tagged = document.to_string();
        inspect_served(move |request, _| match request.target.rsplit('/').next().unwrap() {
            "1" => ok(tagged.clone()),
            digest => match self.0.get(digest) {
                Some(bytes) => ok(bytes.clone()),
                None => Response::Full(404, String::new(), Vec::new()),
            },
        })
        .await
    }
}

fn index(entries: &[&Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries })
}

fn with_platform(mut entry: Value, platform: Value) -> Value {
    entry["platform"] = platform;
    entry
}

#[tokio::test]
async fn image_is_found_in_nested_indexes() {
    let amd64 = json!({ "os": "linux", "architecture": "amd64" });
    let mut content = Content::default();
    let image = content.add_image("amd64");
    let inner = content.add(index(&[&with_platform(image.clone(), amd64.clone())]));
    let outer = content.add(index(&[&inner]));
    let stated = with_platform(inner, amd64);
    for document in [index(&[&outer]), index(&[&stated])] {
        let content = Content(content.0.clone());
        let (result, _) = content.inspect(document).await;
        let found = result.unwrap();
        assert_eq!(found.manifest_digest, image["digest"]);
        assert_eq!(found.platform.unwrap().to_string(), "linux/amd64");
    }
}

#[tokio::test]
async fn configuration_decides_if_the_index_states_no_platform() {
    for platform in [Value::Null, json!({}), json!({ "os": "", "architecture": "" })] {
        let mut content = Content::default();
        let [arm, amd] = ["arm64", "amd64"].map(|architecture| content.add_image(architecture));
        let entries = [&arm, &amd].map(|entry| with_platform(entry.clone(), platform.clone()));
        let (result, _) = content.inspect(index(&[&entries[0], &entries[1]])).await;
        assert_eq!(result.unwrap().manifest_digest, amd["digest"], "{platform}");
    }
    let mut content = Content::default();
    let arm = content.add_image("arm64");
    let (result, _) = content.inspect(index(&[&arm])).await;
    let Cause::NoPlatform { available, .. } = result.unwrap_err().cause else { panic!("another error") };
    assert_eq!(available, "linux/arm64");
}

#[tokio::test]
async fn cyclic_indexes_end() {
    let mut content = Content::default();
    let mut entry = content.add_image("amd64");
    for _ in 0..40 {
        entry = content.add(index(&[&entry]));
    }
    let (result, server) = content.inspect(index(&[&entry])).await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("it leads to more than 32 other manifests"), "{error}");
    assert_eq!(server.requests().len(), 33);
}

#[tokio::test]
async fn image_without_layers_has_no_size() {
    for document in [
        json!({ "schemaVersion": 2, "config": {}, "layers": null }),
        json!({ "schemaVersion": 2, "config": { "mediaType": IMAGE_CONFIG, "digest": "", "size": 0, "annotations": null } }),
    ] {
        let (result, _) = Content::default().inspect(document).await;
        assert_eq!(result.unwrap().layers, []);
    }
}

#[tokio::test]
async fn artifact_is_named_by_its_type() {
    for (config, artifact_type, expected) in [
        ("application/vnd.cncf.helm.config.v1+json", "", "application/vnd.cncf.helm.config.v1+json"),
        ("application/vnd.oci.empty.v1+json", "application/spdx+json", "application/spdx+json"),
    ] {
        let mut content = Content::default();
        let mut descriptor = content.add(json!({}));
        descriptor["mediaType"] = config.into();
        let document = json!({ "schemaVersion": 2, "artifactType": artifact_type, "config": descriptor, "layers": [] });
        let (result, server) = content.inspect(document).await;
        let image = result.unwrap();
        assert_eq!((image.artifact.as_deref(), image.platform), (Some(expected), None));
        assert_eq!(server.requests().len(), 1, "no configuration is read");
    }
}

#[tokio::test]
async fn single_image_of_another_platform_is_recognized() {
    let mut content = Content::default();
    let image = content.add_image("arm64");
    let document: Value = serde_json::from_slice(&content.0[image["digest"].as_str().unwrap()]).unwrap();
    let (result, _) = content.inspect(document).await;
    assert_eq!(result.unwrap().platform.unwrap().to_string(), "linux/arm64");
}

//! Image references in a configuration.

use std::collections::BTreeSet;

use image_registry::Reference;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};

/// Reports each of the images at `path` that is not a valid reference.
pub fn validate<'a>(path: AttributePath, images: impl IntoIterator<Item = &'a String>, diagnostics: &mut Diagnostics) {
    for error in images.into_iter().filter_map(|image| Reference::parse(image).err()) {
        let detail = format!("{path}: {error}.");
        diagnostics.push(Diagnostic::error("Invalid image reference", detail).at(path.clone()));
    }
}

/// True when both name the same images, however they are written: `nginx:1.27` is `docker.io/library/nginx:1.27`.
pub fn same(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    a == b || canonical(a) == canonical(b)
}

/// The registry of an image, without the default port; `None` for what is not a reference.
pub fn registry(image: &str) -> Option<String> {
    Reference::parse(image).ok().map(|reference| server(reference.registry()))
}

/// A registry server in the form of [`registry`]: Docker Hub has several names.
pub fn server(server: &str) -> String {
    let server = server.to_ascii_lowercase();
    let server = server.strip_suffix(":443").unwrap_or(&server);
    match server {
        "index.docker.io" | "registry-1.docker.io" | "hub.docker.com" | "registry.hub.docker.com" => {
            "docker.io".to_owned()
        }
        other => other.to_owned(),
    }
}

/// True when an image has the tag `latest`, or none, and no digest.
pub fn is_latest(image: &str) -> bool {
    Reference::parse(image).is_ok_and(|reference| reference.digest().is_none() && reference.tag() == Some("latest"))
}

fn canonical(images: &BTreeSet<String>) -> BTreeSet<String> {
    images.iter().map(|image| Reference::parse(image).map_or_else(|_| image.clone(), |r| r.to_string())).collect()
}

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

fn canonical(images: &BTreeSet<String>) -> BTreeSet<String> {
    images.iter().map(|image| Reference::parse(image).map_or_else(|_| image.clone(), |r| r.to_string())).collect()
}

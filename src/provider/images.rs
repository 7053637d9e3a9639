//! Image references in a configuration.

use std::collections::BTreeSet;

use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::registry::Reference;
use crate::value::Attr;

/// Reports each image that is not a valid reference, at `images`.
pub fn validate(images: &Attr<BTreeSet<String>>, diagnostics: &mut Diagnostics) {
    for image in images.known().into_iter().flatten() {
        if let Err(error) = Reference::parse(image) {
            let detail = format!("images holds {image:?}: {error}.");
            diagnostics.push(Diagnostic::error("Invalid image reference", detail).at(AttributePath::root("images")));
        }
    }
}

/// True when both name the same images, however they are written: `nginx:1.27` is `docker.io/library/nginx:1.27`.
pub fn same(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    a == b || canonical(a) == canonical(b)
}

fn canonical(images: &BTreeSet<String>) -> BTreeSet<String> {
    images.iter().map(|image| Reference::parse(image).map_or_else(|_| image.clone(), |r| r.to_string())).collect()
}

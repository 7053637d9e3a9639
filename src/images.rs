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

/// True when both pull one image, however they are written: `nginx:1.27` is `docker.io/library/nginx:1.27`. See
/// [`Reference::same_image`].
pub fn is_same(a: &str, b: &str) -> bool {
    a == b || matches!((Reference::parse(a), Reference::parse(b)), (Ok(a), Ok(b)) if a.same_image(&b))
}

/// True when both have the same images, however they are written.
pub fn same(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    let all_in = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.iter().all(|a| b.iter().any(|b| is_same(a, b)));
    a == b || all_in(a, b) && all_in(b, a)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_the_same_in_any_spelling() {
        let set = |images: &[&str]| images.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        for (a, b, expected) in [
            (vec!["nginx:1.27"], vec!["docker.io/library/nginx:1.27"], true),
            (vec!["nginx", "redis:7"], vec!["docker.io/library/redis:7", "index.docker.io/nginx:latest"], true),
            (vec!["nginx", "nginx:latest"], vec!["nginx"], true),
            (vec!["nginx:1.27"], vec!["nginx:1.27", "redis:7"], false),
            (vec!["nginx:1.27"], vec!["registry.example.com/nginx:1.27"], false),
            (vec!["not an image"], vec!["not an image"], true),
            (vec!["not an image"], vec!["nginx"], false),
            (vec![], vec![], true),
        ] {
            assert_eq!(same(&set(&a), &set(&b)), expected, "{a:?} {b:?}");
        }
    }
}

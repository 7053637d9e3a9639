//! Image references and registries in a configuration.

use std::collections::BTreeSet;

use image_registry::Reference;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};

/// Reports each image at `path` that is not a valid reference.
pub fn validate<'a>(path: AttributePath, images: impl IntoIterator<Item = &'a String>, diagnostics: &mut Diagnostics) {
    for error in images.into_iter().filter_map(|image| Reference::parse(image).err()) {
        let detail = format!("{path}: {error}.");
        diagnostics.push(Diagnostic::error("Invalid image reference", detail).at(path.clone()));
    }
}

/// Whether both refer to the same image, in any spelling: `nginx:1.27` is `docker.io/library/nginx:1.27`. See
/// [`Reference::same_image`].
pub fn is_same(a: &str, b: &str) -> bool {
    a == b || matches!((Reference::parse(a), Reference::parse(b)), (Ok(a), Ok(b)) if a.same_image(&b))
}

/// Whether both have the same images, in any spelling.
pub fn same(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    let all_in = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.iter().all(|a| b.iter().any(|b| is_same(a, b)));
    a == b || all_in(a, b) && all_in(b, a)
}

/// The registry of an image, without the default port; `None` for an invalid reference.
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

/// Whether an image has no digest, and the tag `latest` or none.
pub fn is_latest(image: &str) -> bool {
    Reference::parse(image).is_ok_and(|reference| reference.digest().is_none() && reference.tag() == Some("latest"))
}

/// Checks an entry of a list of registries. Lists are joined with commas, and compared with the hosts of images.
///
/// # Errors
///
/// What was expected, with an example.
pub fn check_registry(host: &str) -> Result<(), String> {
    let is_name =
        |name: &str| !name.is_empty() && !name.contains([',', '/', '@', ':']) && !name.contains(char::is_whitespace);
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_address = |text: &str| text.parse::<std::net::Ipv6Addr>().is_ok();
    let is_host = |host: &str| match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => is_address(address),
        Some((address, port)) => is_address(address) && port.strip_prefix(':').is_some_and(is_port),
        None => match host.split_once(':') {
            Some((name, port)) => is_name(name) && is_port(port),
            None => is_name(host),
        },
    };
    if is_host(host) {
        return Ok(());
    }
    Err(format!(
        "expected the host name of a registry, with a port if it has one, for example \"harbor.example.com\" or \
         \"harbor.example.com:5000\", got {host:?}"
    ))
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

    #[test]
    fn registry_is_a_host_with_a_port() {
        for (host, expected) in [
            ("harbor.example.com", true),
            ("harbor.example.com:5000", true),
            ("10.0.0.8:5000", true),
            ("[fd00::1]:5000", true),
            ("", false),
            ("https://harbor.example.com", false),
            ("harbor.example.com/", false),
            ("a.example.com,b.example.com", false),
            ("a.example.com b.example.com", false),
            ("user@harbor.example.com", false),
            ("harbor.example.com:65535", true),
            ("[fd00::1]", true),
            ("harbor.example.com:", false),
            ("harbor.example.com:port", false),
            ("harbor.example.com:0", false),
            ("harbor.example.com:99999", false),
            ("harbor.example.com:+80", false),
            ("harbor.example.com:80:80", false),
            (":5000", false),
            ("fd00::1", false),
            ("[harbor.example.com]:80", false),
            ("[fd00::1]5000", false),
        ] {
            assert_eq!(check_registry(host).is_ok(), expected, "{host:?}");
        }
    }
}

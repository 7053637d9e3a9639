//! `registry_mirrors`: pull-through mirrors for inspecting images.

use std::collections::BTreeMap;

use image_registry::Mirror;

use super::config::ProviderConfig;
use crate::images;
use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};

/// The mirrors by registry. Invalid ones, which validation reports, and unknown ones are omitted.
pub(super) fn mirrors(config: &ProviderConfig) -> BTreeMap<String, Mirror> {
    let entries = config.registry_mirrors.known().into_iter().flatten();
    entries.filter_map(|(registry, url)| Some((registry.clone(), url.parse().ok()?))).collect()
}

pub(super) fn validate(config: &ProviderConfig, diagnostics: &mut Diagnostics) {
    let root = AttributePath::root("registry_mirrors");
    for (registry, url) in config.registry_mirrors.known().into_iter().flatten() {
        let at = root.key(registry);
        if let Err(expected) = images::check_registry(registry) {
            let detail = format!("{root}: {expected}.");
            diagnostics.push(Diagnostic::error("Invalid registry", detail).at(at.clone()));
        }
        if let Err(expected) = url.parse::<Mirror>() {
            let detail = format!("{at}: {expected}.");
            diagnostics.push(Diagnostic::error("Invalid registry mirror", detail).at(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_entries_are_errors_at_their_key() {
        for (registry, url, expected) in [
            ("docker.io", "https://mirror.example.com", None),
            ("registry.example.com:5000", "http://10.0.0.1:5000/v2/hub", None),
            ("docker.io", "mirror.example.com", Some("expected a URL, for example \"https://mirror.example.com\"")),
            ("docker.io", "ftp://mirror.example.com", Some("got ftp://")),
            ("docker.io", "https://me:hunter2@mirror.example.com", Some("without user name")),
            ("https://docker.io", "https://mirror.example.com", Some("expected the host name of a registry")),
        ] {
            let registry_mirrors = BTreeMap::from([(registry.to_owned(), url.to_owned())]).into();
            let config = ProviderConfig { registry_mirrors, ..Default::default() };
            let mut diagnostics = Diagnostics::default();
            validate(&config, &mut diagnostics);
            let [error] = diagnostics.iter().collect::<Vec<_>>()[..] else {
                assert_eq!(expected, None, "{registry} {url}: {diagnostics:?}");
                assert_eq!(mirrors(&config).keys().collect::<Vec<_>>(), [registry]);
                continue;
            };
            assert_eq!(error.path, AttributePath::root("registry_mirrors").key(registry), "{error:?}");
            assert!(error.detail.contains(expected.unwrap()) && !error.detail.contains("hunter2"), "{error:?}");
        }
    }
}

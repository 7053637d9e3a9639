//! Properties of all code that parses external input: from Terraform, the API, registries, and the user's files.
//!
//! A property is a function of bytes that panics when it is violated. Each includes that the code does not panic; most assert more.
//! The targets of `fuzz/` search for bytes that violate a property, and a unit test checks each property with the named inputs in
//! `fuzz/corpus/`, so that regressions are found without a fuzzer. A property is in the module of its code, most of which is private.
//!
//! Compiled for tests and for fuzzing only.

mod terraform;

/// A property, by the name of its target and of its corpus.
pub type Property = (&'static str, fn(&[u8]));

/// All properties.
pub const PROPERTIES: [Property; 13] = [
    ("annotate_manifests", crate::manifests::fuzzing::annotate_manifests),
    ("api_response", tencentcloud::fuzzing::api_response),
    ("config", terraform::config),
    ("docker_config", image_registry::fuzzing::docker_config),
    ("function", terraform::function),
    ("image_reference", image_registry::fuzzing::image_reference),
    ("import_id", terraform::import_id),
    ("layer", image_registry::fuzzing::layer),
    ("manifest", image_registry::fuzzing::manifest),
    ("manifests", crate::manifests::fuzzing::manifests),
    ("profile", tencentcloud::credentials::fuzzing::profile),
    ("state", terraform::state),
    ("wire_value", terraform::wire_value),
];

/// Checks the property `name` with `bytes`.
///
/// # Panics
///
/// If the property is violated, or does not exist.
pub fn check(name: &str, bytes: &[u8]) {
    let (_, property) =
        PROPERTIES.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no property {name:?}"));
    property(bytes);
}

/// Keeps the fuzzer from ending the process when the YAML parser panics: the panic is caught, and becomes an error.
pub fn let_parsers_panic() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|location| location.file().contains("libyaml-safer")) {
            hook(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn fuzz() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
    }

    /// Names up to the first dot, so that an archive of minimized inputs has the name of its target.
    fn names(directory: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz().join(directory)).unwrap().map(|entry| entry.unwrap().file_name());
        entries.map(|name| name.to_str().unwrap().split('.').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_property_has_a_target_and_a_corpus() {
        let properties = PROPERTIES.map(|(name, _)| name.to_owned()).into();
        assert_eq!((&names("fuzz_targets"), &names("corpus")), (&properties, &properties));
    }

    #[test]
    fn properties_hold_for_the_corpus() {
        for (name, property) in PROPERTIES {
            for entry in fs::read_dir(fuzz().join("corpus").join(name)).unwrap() {
                let path = entry.unwrap().path();
                let bytes = fs::read(&path).unwrap();
                let held = std::panic::catch_unwind(|| property(&bytes));
                assert!(held.is_ok(), "{} violates its property", path.display());
            }
        }
    }
}

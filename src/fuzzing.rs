//! What must hold for any bytes that come from outside: Terraform, the API, registries, and the user's files.
//!
//! A law is a function of bytes that panics when it is broken. Not to panic is part of each; most say more. The targets of
//! `fuzz/` look for bytes that break a law, and a unit test holds every law against the corpus in `fuzz/corpus/`, so that
//! what was found once is found again without a fuzzer. A law is beside what it is about, because that is private mostly.
//!
//! Compiled for tests and for fuzzing only.

mod terraform;

/// A law, by the name of its target and of its corpus.
pub type Law = (&'static str, fn(&[u8]));

/// All laws.
pub const LAWS: [Law; 11] = [
    ("api_answer", tencentcloud::transport::fuzzing::api_answer),
    ("config", terraform::config),
    ("docker_config", image_registry::fuzzing::docker_config),
    ("function", terraform::function),
    ("image_reference", image_registry::fuzzing::image_reference),
    ("import_id", terraform::import_id),
    ("layer", image_registry::fuzzing::layer),
    ("manifest", image_registry::fuzzing::manifest),
    ("profile", tencentcloud::credentials::fuzzing::profile),
    ("state", terraform::state),
    ("wire_value", terraform::wire_value),
];

/// Holds `bytes` against the law of that name.
///
/// # Panics
///
/// When the law is broken, or there is none of that name.
pub fn hold(name: &str, bytes: &[u8]) {
    let (_, law) = LAWS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no law {name:?}"));
    law(bytes);
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

    fn names(directory: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz().join(directory)).unwrap();
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_law_has_a_target_and_a_corpus() {
        let laws = LAWS.map(|(name, _)| name.to_owned()).into();
        assert_eq!((&names("fuzz_targets"), &names("corpus")), (&laws, &laws));
    }

    #[test]
    fn laws_hold_for_the_corpus() {
        for (name, law) in LAWS {
            for entry in fs::read_dir(fuzz().join("corpus").join(name)).unwrap() {
                let path = entry.unwrap().path();
                let bytes = fs::read(&path).unwrap();
                let held = std::panic::catch_unwind(|| law(&bytes));
                assert!(held.is_ok(), "{} breaks its law", path.display());
            }
        }
    }
}

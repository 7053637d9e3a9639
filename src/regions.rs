//! Regions in a configuration. The set is open, so an unusual region is a warning.

use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::value::Attr;

/// Warns of a value that does not have the form of a region, such as an availability zone.
pub fn validate(path: AttributePath, region: &Attr<String>, diagnostics: &mut Diagnostics) {
    let warning = region.as_str().and_then(|region| unusual(&path.to_string(), region));
    diagnostics.extend(warning.map(|warning| warning.at(path)));
}

/// [`validate`] for a region from the variable `name`.
pub fn validate_variable(name: &str, region: &str, diagnostics: &mut Diagnostics) {
    diagnostics.extend(unusual(name, region));
}

fn unusual(place: &str, region: &str) -> Option<Diagnostic> {
    let detail = format!(
        "{place}: {region:?} does not look like a region. Regions are lower-case words with hyphens, for example \
         \"ap-guangzhou\"; \"ap-guangzhou-3\" is an availability zone."
    );
    (!has_form(region)).then(|| Diagnostic::warning("Unusual region", detail))
}

/// Whether it is a region of the financial cloud, which has its own domains.
pub fn is_financial(region: &str) -> bool {
    region.ends_with("-fsi")
}

fn has_form(region: &str) -> bool {
    let words: Vec<_> = region.split('-').collect();
    words.len() >= 2 && words.iter().all(|word| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_misspelled_regions_are_unusual() {
        for (region, expected) in [
            ("ap-guangzhou", true),
            ("ap-shanghai-fsi", true),
            ("na-siliconvalley", true),
            ("me-saudi-arabia", true),
            ("ap-guangzhou-3", false),
            ("AP-Guangzhou", false),
            ("guangzhou", false),
            ("ap_guangzhou", false),
            ("ap-", false),
            ("", false),
        ] {
            let mut diagnostics = Diagnostics::default();
            validate(AttributePath::root("region"), &region.to_owned().into(), &mut diagnostics);
            assert_eq!(diagnostics.is_empty(), expected, "{region}");
            assert!(!diagnostics.has_errors());
        }
    }
}

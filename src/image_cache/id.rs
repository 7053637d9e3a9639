//! IDs of image caches in a configuration. Of an ID no more than its prefix is documented.

use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::value::Attr;

/// Whether `text` can be the ID of an image cache. That letters, digits and dashes follow the prefix is an assumption, which
/// all documented examples satisfy.
pub fn is_id(text: &str) -> bool {
    let is_rest = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.strip_prefix("imc-").is_some_and(is_rest)
}

/// Reports a known value that is no ID.
pub fn validate(path: AttributePath, value: &Attr<String>, diagnostics: &mut Diagnostics) {
    let Some(text) = value.as_str().filter(|text| !is_id(text)) else { return };
    let detail = format!("{path}: expected the ID of an image cache, for example \"imc-1a2b3c4d\", got {text:?}.");
    diagnostics.push(Diagnostic::error("Invalid image cache ID", detail).at(path));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_id_is_told_at_its_argument() {
        let given = |text: &str| Attr::from(text.to_owned());
        for (id, expected) in [
            (given("imc-al38vsrl"), true),
            (given("imc-1"), true),
            (Attr::Unknown, true),
            (Attr::Null, true),
            (given("imc-"), false),
            (given("imc-a b"), false),
            (given("IMC-1"), false),
            (given("auto"), false),
            (given("nginx"), false),
            (given("ap-guangzhou/imc-al38vsrl"), false),
        ] {
            let mut diagnostics = Diagnostics::default();
            validate(AttributePath::root("id"), &id, &mut diagnostics);
            let paths: Vec<_> = diagnostics.iter().map(|error| error.path.to_string()).collect();
            assert_eq!(paths.is_empty(), expected, "{id:?}");
            assert!(paths.iter().all(|path| path == "id"), "{paths:?}");
        }
    }
}

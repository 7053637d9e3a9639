//! IDs of image caches in a configuration. Only the prefix of an ID is documented.

use terraform_plugin::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use terraform_plugin::value::Attr;

/// Whether `text` has the form of an image cache ID. That letters, digits and dashes follow the prefix is assumed from the
/// documented examples.
pub fn is_id(text: &str) -> bool {
    let is_rest = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.strip_prefix("imc-").is_some_and(is_rest)
}

/// Whether `text` may be an ID of an unknown form, as mocks generate it.
pub fn may_be_id(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == ',' || c.is_whitespace() || c.is_control())
}

/// Reports a value that cannot be an ID as an error, and one of an unknown form as a warning.
pub fn validate(path: AttributePath, value: &Attr<String>, diagnostics: &mut Diagnostics) {
    let Some(text) = value.as_str().filter(|text| !is_id(text)) else { return };
    diagnostics.push(if may_be_id(text) {
        unknown_form(path, text)
    } else {
        let detail = format!("{path}: expected the ID of an image cache, for example \"imc-1a2b3c4d\", got {text:?}.");
        Diagnostic::error("Invalid image cache ID", detail).at(path)
    });
}

/// The warning about an ID of an unknown form.
pub fn unknown_form(path: AttributePath, text: &str) -> Diagnostic {
    let detail = format!(
        "{path}: the IDs of image caches look like \"imc-1a2b3c4d\", got {text:?}. Check the ID, unless a mock generated it."
    );
    Diagnostic::warning("Unusual image cache ID", detail).at(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use terraform_plugin::diagnostics::Severity;

    #[test]
    fn invalid_id_is_an_error_and_unknown_form_a_warning() {
        let given = |text: &str| Attr::from(text.to_owned());
        for (id, expected) in [
            (given("imc-al38vsrl"), None),
            (given("imc-1"), None),
            (Attr::Unknown, None),
            (Attr::Null, None),
            (given("7j6hwsdo"), Some(Severity::Warning)),
            (given("imc-"), Some(Severity::Warning)),
            (given("IMC-1"), Some(Severity::Warning)),
            (given("auto"), Some(Severity::Warning)),
            (given("ap-guangzhou/imc-al38vsrl"), Some(Severity::Warning)),
            (given(""), Some(Severity::Error)),
            (given("imc-a b"), Some(Severity::Error)),
            (given("imc-a,imc-b"), Some(Severity::Error)),
            (given("imc-a\n"), Some(Severity::Error)),
        ] {
            let mut diagnostics = Diagnostics::default();
            validate(AttributePath::root("id"), &id, &mut diagnostics);
            let reported: Vec<_> = diagnostics.iter().map(|one| (one.path.to_string(), one.severity)).collect();
            assert_eq!(reported, Vec::from_iter(expected.map(|severity| ("id".to_owned(), severity))), "{id:?}");
        }
    }
}

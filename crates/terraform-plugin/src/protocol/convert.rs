//! Converts values, paths and diagnostics to and from the wire format.

use super::tfplugin6 as wire;
use crate::diagnostics::{AttributePath, Diagnostic, Severity, Step};
use crate::value::{Type, Value, ValueError, json, msgpack};

/// Decodes a value of type `ty`. A missing value is null.
///
/// # Errors
///
/// The message does not fit the schema.
pub fn decode(value: Option<&wire::DynamicValue>, ty: &Type) -> Result<Value, Diagnostic> {
    match value {
        None => Ok(Value::Null),
        Some(value) if !value.msgpack.is_empty() => msgpack::decode(&value.msgpack, ty).map_err(malformed),
        Some(value) if !value.json.is_empty() => json::decode_state(&value.json, ty).map_err(malformed),
        Some(_) => Ok(Value::Null),
    }
}

/// Decodes an argument of a function, and keeps whether an unknown value may be null.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_argument(value: &wire::DynamicValue, ty: &Type) -> Result<Value, Diagnostic> {
    if value.msgpack.is_empty() {
        return decode(Some(value), ty);
    }
    msgpack::decode_argument(&value.msgpack, ty).map_err(malformed)
}

fn malformed(error: ValueError) -> Diagnostic {
    let detail = format!(
        "Terraform sent a value that does not fit the provider's schema: {error}. Please report this, with the versions of \
        Terraform and the provider."
    );
    Diagnostic::error("Malformed value", detail).at(error.path())
}

/// Encodes a value of type `ty`.
pub fn encode(value: &Value, ty: &Type) -> wire::DynamicValue {
    wire::DynamicValue { msgpack: msgpack::encode(value, ty), json: Vec::new() }
}

/// The JSON of stored state.
///
/// # Errors
///
/// It is in the format of Terraform 0.11.
pub fn json(raw: Option<&wire::RawState>) -> Result<&[u8], Diagnostic> {
    match raw {
        Some(raw) if !raw.json.is_empty() => Ok(&raw.json),
        _ => Err(Diagnostic::error(
            "State of Terraform 0.11",
            "The state is in a format that ended with Terraform 0.12. Run `terraform apply` with Terraform 0.13 once to \
             convert it.",
        )),
    }
}

/// Whether the client allows a deferral.
pub fn allows_deferral(client: Option<wire::ClientCapabilities>) -> bool {
    client.is_some_and(|client| client.deferral_allowed)
}

/// A deferral until the provider's configuration is known.
pub fn not_configured_yet() -> Option<wire::Deferred> {
    Some(wire::Deferred { reason: wire::deferred::Reason::ProviderConfigUnknown.into() })
}

/// Diagnostics for a response.
pub fn diagnostics(diagnostics: impl IntoIterator<Item = Diagnostic>) -> Vec<wire::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> wire::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => wire::diagnostic::Severity::Error,
        Severity::Warning => wire::diagnostic::Severity::Warning,
    };
    let attribute = (!diagnostic.path.steps().is_empty()).then(|| path(&diagnostic.path));
    let (summary, detail) = (safe_text::show(&diagnostic.summary), safe_text::show(&diagnostic.detail));
    wire::Diagnostic { severity: severity.into(), summary, detail, attribute }
}

/// A path for a response.
pub fn path(path: &AttributePath) -> wire::AttributePath {
    use wire::attribute_path::step::Selector;
    let steps = path.steps().iter().map(|step| {
        let selector = match step.clone() {
            Step::Attribute(name) => Selector::AttributeName(name),
            Step::Key(key) => Selector::ElementKeyString(key),
            Step::Index(index) => Selector::ElementKeyInt(index),
        };
        wire::attribute_path::Step { selector: Some(selector) }
    });
    wire::AttributePath { steps: steps.collect() }
}

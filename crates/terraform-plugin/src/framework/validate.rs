//! Validation of a configuration by its schema.
//!
//! Terraform checks types, and that required attributes are present. It does not check for an explicit `null`, for a value of a
//! computed attribute, or whether the client keeps write-only values out of the state.

use std::collections::BTreeMap;

use super::panic;
use super::response::{errors, unreadable};
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics, Step};
use crate::schema::{Attribute, Block, Check, Kind, Model, Nesting};
use crate::value::{self, Type, Value};

/// Whether the client keeps write-only values out of plan and state: Terraform 1.11, OpenTofu 1.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOnly {
    /// It does.
    Allowed,
    /// It does not support them, and would store them.
    Refused,
}

/// Checks `config` against `block`, reports all errors, and if there are none, runs the validation `own` of the model. Each
/// diagnostic refers to a line of the configuration.
pub(super) async fn validate<M: Model>(
    block: &Block,
    config: &Value,
    write_only: WriteOnly,
    own: impl FnOnce(&M, &mut Diagnostics),
) -> Diagnostics {
    if config.is_null() {
        return missing().into();
    }
    let mut diagnostics = Diagnostics::default();
    validate_block(&AttributePath::default(), block, config, write_only, &mut diagnostics);
    if !diagnostics.has_errors() {
        let result = panic::catch(async {
            let config = value::from_value(config).map_err(unreadable)?;
            own(&config, &mut diagnostics);
            Ok(())
        });
        let result = result.await;
        diagnostics.extend(errors(result));
    }
    in_lines(block, config, diagnostics)
}

/// The error for a request without a configuration.
pub(super) fn missing() -> Diagnostic {
    let detail = "The request contains no configuration. This is a bug in the client, for example Terraform; please report it \
    there.";
    Diagnostic::error("Missing configuration", detail)
}

/// The diagnostics, each with a path that Terraform finds in a configuration.
pub(super) fn in_lines(block: &Block, config: &Value, diagnostics: Diagnostics) -> Diagnostics {
    let in_line = |diagnostic: Diagnostic| Diagnostic { path: line(block, config, &diagnostic.path), ..diagnostic };
    diagnostics.into_iter().map(in_line).collect()
}

/// The part of `path` that Terraform finds in a configuration: it resolves blocks, but not the values of attributes. A longer
/// path would refer to the header of the resource. The detail has the full path.
///
/// Terraform prints the lines that it finds, so the path ends before an attribute that contains a secret. The first validation
/// does not have the values of variables: a secret that is known then is written in the configuration, and an unknown one is only
/// referred to.
fn line(mut block: &Block, mut config: &Value, path: &AttributePath) -> AttributePath {
    let mut found = AttributePath::default();
    for step in path.steps() {
        let Step::Attribute(name) = step else { break };
        let value = config.as_map().and_then(|object| object.get(name)).unwrap_or(&Value::Null);
        if block.attributes.get(name).is_some_and(|attribute| has_known_secret(attribute, name, value)) {
            break;
        }
        found = found.attribute(name);
        match block.blocks.get(name) {
            Some(nested) => (block, config) = (nested, value),
            None => break,
        }
    }
    found
}

/// Whether a secret in `value` is known.
fn has_known_secret(attribute: &Attribute, name: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Unknown => false,
        _ if attribute.behavior.sensitive || attribute.behavior.write_only => true,
        _ => match &attribute.kind {
            Kind::Plain(_) => false,
            Kind::Nested(nesting, attributes) => {
                let elements = elements(&AttributePath::root(name), *nesting, value);
                let mut objects = elements.iter().filter_map(|(_, element)| element.as_map());
                objects.any(|object| {
                    let mut nested =
                        attributes.iter().filter_map(|(name, nested)| Some((name, nested, object.get(name)?)));
                    nested.any(|(name, nested, value)| has_known_secret(nested, name, value))
                })
            }
        },
    }
}

fn validate_block(at: &AttributePath, block: &Block, config: &Value, client: WriteOnly, report: &mut Diagnostics) {
    let Value::Map(object) = config else { return };
    validate_attributes(at, &block.attributes, object, client, report);
    for (name, nested) in &block.blocks {
        if let Some(config) = object.get(name) {
            validate_block(&at.attribute(name), nested, config, client, report);
        }
    }
}

fn validate_attributes(
    at: &AttributePath,
    attributes: &BTreeMap<String, Attribute>,
    object: &BTreeMap<String, Value>,
    client: WriteOnly,
    report: &mut Diagnostics,
) {
    for (name, attribute) in attributes {
        validate_attribute(&at.attribute(name), name, attribute, object.get(name), client, report);
    }
}

fn validate_attribute(
    at: &AttributePath,
    name: &str,
    attribute: &Attribute,
    value: Option<&Value>,
    client: WriteOnly,
    report: &mut Diagnostics,
) {
    let value = match value {
        None | Some(Value::Null) => {
            if attribute.behavior.required {
                let detail = format!("{at} is required, but is null or not set.");
                report.push(Diagnostic::error("Missing required attribute", detail).at(at.clone()));
            }
            return;
        }
        Some(value) => value,
    };
    if !attribute.behavior.required && !attribute.behavior.optional {
        let detail = format!("{at} is set by the provider. Remove it from the configuration.");
        report.push(Diagnostic::error("Value for a read-only attribute", detail).at(at.clone()));
        return;
    }
    if attribute.behavior.write_only && client == WriteOnly::Refused {
        let detail = format!(
            "{at} is write-only, which requires Terraform 1.11 or OpenTofu 1.11 and later. Upgrade, or use the attribute \
            without _wo, whose value is stored in the state."
        );
        report.push(Diagnostic::error("Write-only attribute not supported", detail).at(at.clone()));
        return;
    }
    check(at, name, attribute, &attribute.checks, value, attribute.behavior.optional, report);
    match &attribute.kind {
        Kind::Plain(_) => check_elements(at, name, attribute, value, report),
        Kind::Nested(nesting, attributes) => {
            for (at, element) in elements(at, *nesting, value) {
                match element {
                    Value::Map(object) => validate_attributes(&at, attributes, object, client, report),
                    Value::Null => report.push(missing_element(&at)),
                    _ => {}
                }
            }
        }
    }
}

/// Each nested object with its path.
fn elements<'a>(at: &AttributePath, nesting: Nesting, value: &'a Value) -> Vec<(AttributePath, &'a Value)> {
    match (nesting, value) {
        (Nesting::Single, value) => vec![(at.clone(), value)],
        (Nesting::Set, Value::List(elements)) => elements.iter().map(|element| (at.clone(), element)).collect(),
        (_, Value::List(elements)) => elements.iter().enumerate().map(|(i, v)| (at.index(i), v)).collect(),
        (_, Value::Map(elements)) => elements.iter().map(|(key, v)| (at.key(key), v)).collect(),
        _ => Vec::new(),
    }
}

fn check_elements(at: &AttributePath, name: &str, attribute: &Attribute, value: &Value, report: &mut Diagnostics) {
    let Kind::Plain(ty) = &attribute.kind else { return };
    for (at, element) in plain_elements(at, ty, value) {
        if element.is_null() {
            report.push(missing_element(&at));
        }
        check(&at, name, attribute, &attribute.element_checks, element, false, report);
    }
}

/// Each element of a list, set or map of type `ty`, with its path; none of another value.
pub(super) fn plain_elements<'a>(at: &AttributePath, ty: &Type, value: &'a Value) -> Vec<(AttributePath, &'a Value)> {
    match (ty, value) {
        (Type::Set(_), Value::List(_)) => elements(at, Nesting::Set, value),
        (_, Value::List(_) | Value::Map(_)) => elements(at, Nesting::List, value),
        _ => Vec::new(),
    }
}

fn check(
    at: &AttributePath,
    name: &str,
    attribute: &Attribute,
    checks: &[Check],
    value: &Value,
    may_be_null: bool,
    report: &mut Diagnostics,
) {
    let is_secret = attribute.behavior.sensitive || attribute.behavior.write_only;
    let Some(fault) = fault(checks, value, may_be_null, is_secret) else { return };
    let detail = format!("{at}: {fault}.");
    report.push(Diagnostic::error(format!("Invalid value for {name}"), detail).at(at.clone()));
}

/// The expected value and, unless it is a secret, the actual one; `None` if it satisfies all `checks`.
pub(super) fn fault(checks: &[Check], value: &Value, may_be_null: bool, is_secret: bool) -> Option<String> {
    // One diagnostic for one value: the first check that fails is the most general.
    let expected = checks.iter().find_map(|check| check.fault(value))?;
    let found = match value {
        _ if is_secret => String::new(),
        Value::Number(number) => format!(", got {number}"),
        Value::String(text) => format!(", got {text:?}"),
        Value::List(elements) if elements.is_empty() => ", got none".into(),
        Value::Map(elements) if elements.is_empty() => ", got none".into(),
        _ => String::new(),
    };
    // For a module whose caller sets nothing.
    let is_empty = matches!(value, Value::String(text) if text.is_empty()) || found == ", got none";
    let or_null = if is_empty && may_be_null { ", or null" } else { "" };
    Some(format!("expected {expected}{or_null}{found}"))
}

fn missing_element(at: &AttributePath) -> Diagnostic {
    Diagnostic::error("Null element", holds_null(at)).at(at.clone())
}

pub(super) fn holds_null(at: &AttributePath) -> String {
    format!("{at} contains null. Remove the element, or set a value.")
}

#[cfg(test)]
mod tests;

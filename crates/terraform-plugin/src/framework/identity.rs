//! Resource identity: a few attributes that permanently identify a remote object, independent of any state.
//!
//! An identity is a function of the state. So it is set after create, read and import, an object from before identities gets
//! one when it is read, and the framework can check that it never changes.

use crate::diagnostics::Diagnostic;
use crate::schema::Schema;
use crate::value::Value;

/// Checks that an identity has the attributes that are required for import.
pub(super) fn check(type_name: &str, schema: &Schema, identity: &Value) -> Result<(), Diagnostic> {
    let Some(name) = missing(schema, identity) else { return Ok(()) };
    let detail = format!("The identity has no {name}, which is required to import {type_name}.");
    Err(Diagnostic::error("Incomplete identity", detail))
}

/// An identity for a response about an existing object: complete, or null.
pub(super) fn whole(schema: &Schema, identity: Value) -> Value {
    if identity.is_wholly_known() && missing(schema, &identity).is_none() { identity } else { Value::Null }
}

/// Whether `after` contradicts `before`. An attribute that was null, as after an import by ID, may become known.
pub(super) fn changed(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_map(), after.as_map()) else { return false };
    before.iter().any(|(name, value)| !value.is_null() && after.get(name) != Some(value))
}

/// The null attributes of the identity.
pub(super) fn nulls(identity: &Value) -> Vec<&str> {
    let attributes = identity.as_map().into_iter().flatten();
    attributes.filter(|(_, value)| value.is_null()).map(|(name, _)| name.as_str()).collect()
}

/// A required attribute that the identity lacks.
fn missing<'a>(schema: &'a Schema, identity: &Value) -> Option<&'a str> {
    let has = |name: &String| identity.as_map().and_then(|identity| identity.get(name)).is_some_and(|v| !v.is_null());
    let mut required = schema.block.attributes.iter().filter(|(_, attribute)| attribute.behavior.required);
    required.find(|(name, _)| !has(name)).map(|(name, _)| name.as_str())
}

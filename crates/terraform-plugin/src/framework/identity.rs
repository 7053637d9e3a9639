//! Resource identity: a few attributes that name a remote object for good, in any state and to any client.
//!
//! An identity is a function of the state. So it is right after create, read and import, an object from before there were
//! identities gets one when it is read, and the framework can check that it never changes.

use crate::diagnostics::Diagnostic;
use crate::schema::Schema;
use crate::value::Value;

/// Checks that an identity has what an import needs.
pub(super) fn check(type_name: &str, schema: &Schema, identity: &Value) -> Result<(), Diagnostic> {
    let Some(name) = missing(schema, identity) else { return Ok(()) };
    let detail = format!("The identity has no {name}, which an import of {type_name} needs.");
    Err(Diagnostic::error("Incomplete identity", detail))
}

/// An identity for a response about an object that exists: whole, or null.
pub(super) fn whole(schema: &Schema, identity: Value) -> Value {
    if identity.is_wholly_known() && missing(schema, &identity).is_none() { identity } else { Value::Null }
}

/// True when `after` contradicts `before`. What was null before, as after an import by an ID alone, may have become known.
pub(super) fn changed(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_map(), after.as_map()) else { return false };
    before.iter().any(|(name, value)| !value.is_null() && after.get(name) != Some(value))
}

/// The attributes that the identity of an object with this state leaves null.
pub(super) fn nulls(identity: &Value) -> Vec<&str> {
    let attributes = identity.as_map().into_iter().flatten();
    attributes.filter(|(_, value)| value.is_null()).map(|(name, _)| name.as_str()).collect()
}

/// A required attribute that the identity does not have.
fn missing<'a>(schema: &'a Schema, identity: &Value) -> Option<&'a str> {
    let has = |name: &String| identity.as_map().and_then(|identity| identity.get(name)).is_some_and(|v| !v.is_null());
    let mut required = schema.block.attributes.iter().filter(|(_, attribute)| attribute.behavior.required);
    required.find(|(name, _)| !has(name)).map(|(name, _)| name.as_str())
}

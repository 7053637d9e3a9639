//! Resource identity: a few attributes that permanently identify a remote object, independent of any state.
//!
//! An identity is a function of the state. So it is set after create, read and import, an object from before identities gets
//! one when it is read, and the framework can check that it never changes.

use std::collections::BTreeMap;

use super::Outcome;
use super::response::{checked, unreadable};
use crate::diagnostics::Diagnostic;
use crate::schema::{Model, Schema};
use crate::value::{self, Type, Value};

/// The identity of an object with this state, as far as it is known; null if there is no object.
pub(super) fn of(schema: &Schema, state: &Value) -> Value {
    let Some(state) = state.as_map() else { return Value::Null };
    let attribute = |name: &String| (name.clone(), state.get(name).cloned().unwrap_or_default());
    Value::map(schema.block.attributes.keys().map(attribute))
}

/// The object with these attributes; the others are null.
pub(super) fn object<M: Model>(schema: &Schema, known: &BTreeMap<String, Value>) -> Result<M, Diagnostic> {
    let Type::Object(types) = &schema.ty else { unreachable!("a schema describes an object") };
    let attribute = |name: &String| (name.clone(), known.get(name).cloned().unwrap_or_default());
    value::from_value(&Value::map(types.keys().map(attribute))).map_err(unreadable)
}

/// The object with an import ID that is the only required attribute of the identity.
///
/// # Errors
///
/// The identity has several required attributes.
pub(super) fn by_import_id<M: Model>(type_name: &str, id: &str) -> Outcome<M> {
    let schema = checked(type_name, Schema::of::<M>(0));
    let identity = checked(type_name, schema.identity(0));
    let mut required = identity.block.attributes.iter().filter(|(_, attribute)| attribute.behavior.required);
    let (Some((name, _)), None) = (required.next(), required.next()) else {
        let detail = format!("A {type_name} has no import ID. Import it by its identity (Terraform 1.12 and later).");
        return Err(Diagnostic::error("Unsupported import", detail).into());
    };
    Ok(object(&schema, &BTreeMap::from([(name.clone(), id.into())]))?)
}

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

//! Converts the JSON schema of a struct to Terraform's schema.
//!
//! Schemas that Terraform would refuse, or that the planner cannot support, are errors here.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json};

use super::check::{self, Check};
use super::description::paragraphs;
use super::{Attribute, Behavior, Block, ForImport, Kind, Nesting, OPTIONAL, REQUIRED};
use crate::value::{DYNAMIC_KEYWORD, Type, Value};

/// The key of Terraform's properties in a struct.
pub(super) const BEHAVIOR: &str = "x-terraform";

/// Names that Terraform reserves in a block of a resource or a data source.
pub(super) const RESERVED: [&str; 7] =
    ["count", "for_each", "depends_on", "provider", "lifecycle", "connection", "provisioner"];

/// Names that Terraform reserves in a provider block.
pub(super) const RESERVED_IN_PROVIDER: [&str; 6] = ["alias", "version", "count", "depends_on", "for_each", "source"];

/// Keywords that are read here, or that are irrelevant for Terraform.
const KEYWORDS: [&str; 10] = [
    "type",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "uniqueItems",
    BEHAVIOR,
    DYNAMIC_KEYWORD,
];

/// A struct that cannot be a Terraform schema: a bug in the provider, which its tests find.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct SchemaError {
    /// The field, dotted; empty for the struct itself.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

type Attributes = BTreeMap<String, Attribute>;

/// The block of a JSON schema; `reserved` are names that it may not use at its root.
pub(super) fn block(schema: &Map<String, Json>, reserved: &[&str]) -> Result<Block, SchemaError> {
    let block = read_block("", schema)?;
    match block.attributes.keys().chain(block.blocks.keys()).find(|name| reserved.contains(&name.as_str())) {
        Some(name) => Err(fault(name, "Terraform reserves this name")),
        None => Ok(block),
    }
}

/// The identity of a resource with this block.
pub(super) fn identity(block: &Block) -> Result<Block, SchemaError> {
    let mut attributes = Attributes::new();
    for (name, attribute) in &block.attributes {
        let behavior = match attribute.behavior.identity {
            None => continue,
            Some(ForImport::Required) => REQUIRED,
            Some(ForImport::Optional) => OPTIONAL,
        };
        let primitive = |ty: &Type| matches!(ty, Type::String | Type::Number | Type::Bool);
        let simple = match &attribute.kind {
            Kind::Plain(Type::List(element)) => primitive(element),
            Kind::Plain(ty) => primitive(ty),
            Kind::Nested(..) => false,
        };
        if !simple {
            return Err(fault(name, "an identity has primitive attributes, and lists of them, only"));
        }
        attributes.insert(name.clone(), Attribute { behavior, default: None, ..attribute.clone() });
    }
    if !attributes.values().any(|attribute| attribute.behavior.required) {
        return Err(fault("", "no attribute is required for import"));
    }
    Ok(Block { attributes, ..Block::default() })
}

/// The JSON schema of `T`.
pub(super) fn json_schema<T: JsonSchema>() -> Result<Map<String, Json>, SchemaError> {
    object(T::json_schema(&mut generator()))
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator()
}

fn object(schema: Schema) -> Result<Map<String, Json>, SchemaError> {
    match schema.to_value() {
        Json::Object(object) => Ok(object),
        _ => Err(fault("", "not described")),
    }
}

fn read_block(field: &str, schema: &Map<String, Json>) -> Result<Block, SchemaError> {
    let (attributes, blocks) = members(field, schema)?;
    let nested = !field.is_empty();
    if nested && let Some((name, _)) = attributes.iter().find(|(_, a)| is_for_the_root(a.behavior)) {
        return Err(fault(&join(field, name), ONLY_AT_THE_ROOT));
    }
    Ok(Block { description: description(field, schema)?, attributes, blocks })
}

const ONLY_AT_THE_ROOT: &str = "only an attribute at the root can require a replacement, or be part of the identity";

fn is_for_the_root(behavior: Behavior) -> bool {
    behavior.requires_replace || behavior.identity.is_some()
}

/// Attributes and blocks of one object.
fn members(parent: &str, schema: &Map<String, Json>) -> Result<(Attributes, BTreeMap<String, Block>), SchemaError> {
    let mut attributes = Attributes::new();
    let mut blocks = BTreeMap::new();
    for (name, property) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let field = join(parent, name);
        let property = property.as_object().ok_or_else(|| fault(&field, "not described"))?;
        check_name(&field, name)?;
        let behavior = behavior(&field, property)?;
        if behavior.block {
            blocks.insert(name.clone(), read_block(&field, property)?);
        } else {
            attributes.insert(name.clone(), attribute(&field, property, behavior)?);
        }
    }
    Ok((attributes, blocks))
}

pub(super) fn check_name(field: &str, name: &str) -> Result<(), SchemaError> {
    let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || name.as_bytes()[0].is_ascii_digit() || !name.bytes().all(valid) {
        return Err(fault(field, "a name has lower case letters, digits and underscores only, no digit first"));
    }
    Ok(())
}

fn attribute(field: &str, schema: &Map<String, Json>, behavior: Behavior) -> Result<Attribute, SchemaError> {
    let description = description(field, schema)?;
    let kind = kind(field, schema)?;
    if let Kind::Nested(nesting, attributes) = &kind {
        refuse_nested(field, behavior, *nesting, attributes)?;
    }
    let (checks, element_checks) = checks(field, schema, kind.plain())?;
    let default = behavior.default_bool.map(Value::Bool);
    Ok(Attribute { description, kind, behavior, default, checks, element_checks })
}

/// The checks of a value, and of each of its elements; `ty` is `None` for nested attributes.
pub(super) fn checks(
    field: &str,
    schema: &Map<String, Json>,
    ty: Option<&Type>,
) -> Result<(Vec<Check>, Vec<Check>), SchemaError> {
    let checks = |schema, ty| Check::from_keywords(schema, ty).map_err(|message| fault(field, message));
    let of_elements = match (ty, element_schema(schema)) {
        (Some(Type::List(ty) | Type::Set(ty) | Type::Map(ty)), Some(schema)) => checks(schema, Some(&**ty))?,
        _ => Vec::new(),
    };
    Ok((checks(schema, ty)?, of_elements))
}

/// Refuses properties of nested attributes that their position does not allow.
fn refuse_nested(field: &str, parent: Behavior, nesting: Nesting, attributes: &Attributes) -> Result<(), SchemaError> {
    let configured = parent.required || parent.optional;
    for (name, attribute) in attributes {
        let behavior = attribute.behavior;
        let message = if is_for_the_root(behavior) {
            Some(ONLY_AT_THE_ROOT)
        } else if !configured && (behavior.required || behavior.optional) {
            Some("nested attributes of a computed attribute must be computed")
        } else if nesting == Nesting::Set && behavior.write_only {
            Some("a set cannot hold write-only attributes")
        } else if nesting == Nesting::Set && configured && behavior.computed {
            // Its elements cannot be matched with those of the state.
            Some("a set from the configuration cannot hold computed attributes or defaults")
        } else {
            None
        };
        let field = join(field, name);
        if let Some(message) = message {
            return Err(fault(&field, message));
        }
        if let (Nesting::Set, Kind::Nested(_, nested)) = (nesting, &attribute.kind) {
            refuse_nested(&field, parent, nesting, nested)?;
        }
    }
    Ok(())
}

fn kind(field: &str, schema: &Map<String, Json>) -> Result<Kind, SchemaError> {
    let nested = |nesting, object: &Map<String, Json>| -> Result<Kind, SchemaError> {
        let (attributes, blocks) = members(field, object)?;
        match blocks.keys().next() {
            Some(block) => Err(fault(&join(field, block), "an attribute cannot contain a block")),
            None => Ok(Kind::Nested(nesting, attributes)),
        }
    };
    if schema.contains_key("properties") {
        return nested(Nesting::Single, schema);
    }
    match element_schema(schema).filter(|element| element.contains_key("properties")) {
        Some(element) => {
            refuse_keywords(field, element)?;
            let nesting = match schema.get("uniqueItems") {
                _ if schema.contains_key("additionalProperties") => Nesting::Map,
                Some(Json::Bool(true)) => Nesting::Set,
                _ => Nesting::List,
            };
            nested(nesting, element)
        }
        None => match plain(field, schema)? {
            ty if ty.holds_dynamic() => Err(fault(field, "a dynamic value is for parameters and results of functions")),
            ty => Ok(Kind::Plain(ty)),
        },
    }
}

pub(super) fn element_schema(schema: &Map<String, Json>) -> Option<&Map<String, Json>> {
    schema.get("items").or_else(|| schema.get("additionalProperties")).and_then(Json::as_object)
}

/// The type of a value without nested attributes. Functions, unlike attributes, may use object types.
pub(super) fn plain(field: &str, schema: &Map<String, Json>) -> Result<Type, SchemaError> {
    refuse_keywords(field, schema)?;
    if schema.contains_key(DYNAMIC_KEYWORD) {
        return Ok(Type::Dynamic);
    }
    let element = || match element_schema(schema) {
        Some(element) => match plain(field, element)? {
            // Terraform would unify the types of all elements, which is not intended.
            ty if ty.holds_dynamic() => Err(fault(field, "a list, set or map cannot hold dynamic values")),
            ty => Ok(Box::new(ty)),
        },
        None => Err(fault(field, "no element type")),
    };
    match schema.get("type").and_then(Json::as_str) {
        Some("string") => Ok(Type::String),
        Some("boolean") => Ok(Type::Bool),
        Some("integer" | "number") => Ok(Type::Number),
        Some("array") if schema.get("uniqueItems") == Some(&Json::Bool(true)) => Ok(Type::Set(element()?)),
        Some("array") => Ok(Type::List(element()?)),
        Some("object") => match schema.get("properties").and_then(Json::as_object) {
            Some(properties) => properties
                .iter()
                .map(|(name, property)| {
                    let field = join(field, name);
                    let property = property.as_object().ok_or_else(|| fault(&field, "not described"))?;
                    Ok((name.clone(), plain(&field, property)?))
                })
                .collect::<Result<Vec<_>, _>>()
                .map(Type::object),
            None => Ok(Type::Map(element()?)),
        },
        None if check::variants(schema).is_some() => Ok(Type::String),
        other => Err(fault(field, format!("no Terraform type for JSON type {other:?}"))),
    }
}

fn behavior(field: &str, schema: &Map<String, Json>) -> Result<Behavior, SchemaError> {
    refuse_keywords(field, schema)?;
    let json = schema.get(BEHAVIOR).ok_or_else(|| fault(field, format!("no {BEHAVIOR:?}")))?;
    let behavior: Behavior = serde_json::from_value(json.clone()).map_err(|error| fault(field, error.to_string()))?;
    behavior.fault().map_or(Ok(behavior), |message| Err(fault(field, message)))
}

fn refuse_keywords(field: &str, schema: &Map<String, Json>) -> Result<(), SchemaError> {
    match schema.keys().find(|key| !KEYWORDS.contains(&key.as_str()) && !check::KEYWORDS.contains(&key.as_str())) {
        Some(key) => Err(fault(field, format!("{key:?} has no meaning here"))),
        None => Ok(()),
    }
}

pub(super) fn description(field: &str, schema: &Map<String, Json>) -> Result<String, SchemaError> {
    match schema.get("description").and_then(Json::as_str).map(str::trim) {
        None | Some("") => Err(fault(field, "no doc comment")),
        Some(text) => Ok(paragraphs(text)),
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

pub(super) fn fault(field: &str, message: impl Into<String>) -> SchemaError {
    SchemaError { field: field.to_owned(), message: message.into() }
}

#[cfg(test)]
mod tests;

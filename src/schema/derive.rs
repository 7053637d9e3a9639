//! From the JSON schema of a struct to Terraform's schema.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json};

use super::{Attribute, Behavior, Block, Check, Kind, Model, Nesting};
use crate::value::{Type, Value};

/// The key under which a struct says what only Terraform asks for.
const BEHAVIOR: &str = "x-terraform";

/// Names that Terraform keeps for itself in a resource or data source block.
const RESERVED: [&str; 7] = ["count", "for_each", "depends_on", "provider", "lifecycle", "connection", "provisioner"];

/// A struct that cannot be a Terraform schema: a mistake in this program, found by its tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct SchemaError {
    /// The field, dotted.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// Attributes and nested blocks of one object.
type Members = (BTreeMap<String, Attribute>, BTreeMap<String, Block>);

/// The block that `T` describes.
pub(super) fn block<T: Model>() -> Result<Block, SchemaError> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let root = settings.into_generator().into_root_schema_for::<T>();
    let schema = root.as_object().ok_or_else(|| fault("", "not an object"))?;
    read_block("", schema)
}

fn read_block(field: &str, schema: &Map<String, Json>) -> Result<Block, SchemaError> {
    let (attributes, blocks) = members(field, schema)?;
    Ok(Block { description: description(schema), attributes, blocks })
}

fn members(parent: &str, schema: &Map<String, Json>) -> Result<Members, SchemaError> {
    let (mut attributes, mut blocks) = Members::default();
    for (name, property) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let field = if parent.is_empty() { name.clone() } else { format!("{parent}.{name}") };
        let property = property.as_object().ok_or_else(|| fault(&field, "not described"))?;
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Err(fault(&field, "a name has lower case letters, digits and underscores only"));
        }
        if parent.is_empty() && RESERVED.contains(&name.as_str()) {
            return Err(fault(&field, "Terraform keeps this name for itself"));
        }
        let behavior = behavior(&field, property)?;
        if let Some(message) = behavior.fault() {
            return Err(fault(&field, message));
        }
        if behavior.block {
            blocks.insert(name.clone(), read_block(&field, property)?);
        } else {
            attributes.insert(name.clone(), attribute(&field, property, behavior)?);
        }
    }
    Ok((attributes, blocks))
}

fn attribute(field: &str, schema: &Map<String, Json>, behavior: Behavior) -> Result<Attribute, SchemaError> {
    let description = description(schema);
    if description.is_empty() {
        return Err(fault(field, "no doc comment"));
    }
    let kind = kind(field, schema)?;
    if let Kind::Nested(Nesting::Set, attributes) = &kind
        && attributes.values().any(|a| a.behavior.write_only)
    {
        return Err(fault(field, "a set cannot hold write-only attributes"));
    }
    let (checks, element_checks) = match &kind {
        Kind::Plain(ty) => {
            let element = match ty {
                Type::List(element) | Type::Set(element) | Type::Map(element) => {
                    element_schema(schema).map(|schema| Check::from_keywords(schema, element)).unwrap_or_default()
                }
                _ => Vec::new(),
            };
            (Check::from_keywords(schema, ty), element)
        }
        Kind::Nested(..) => (Check::from_keywords(schema, &Type::Bool), Vec::new()),
    };
    let default = behavior.default_bool.map(Value::Bool);
    Ok(Attribute { description, kind, behavior, default, checks, element_checks })
}

fn kind(field: &str, schema: &Map<String, Json>) -> Result<Kind, SchemaError> {
    let nested = |nesting, object: &Map<String, Json>| -> Result<Kind, SchemaError> {
        let (attributes, blocks) = members(field, object)?;
        match blocks.keys().next() {
            Some(block) => Err(fault(field, format!("an attribute cannot hold the block {block}"))),
            None => Ok(Kind::Nested(nesting, attributes)),
        }
    };
    if schema.contains_key("properties") {
        return nested(Nesting::Single, schema);
    }
    match element_schema(schema).filter(|element| element.contains_key("properties")) {
        Some(element) => {
            let nesting = match schema.get("uniqueItems") {
                _ if schema.contains_key("additionalProperties") => Nesting::Map,
                Some(Json::Bool(true)) => Nesting::Set,
                _ => Nesting::List,
            };
            nested(nesting, element)
        }
        None => Ok(Kind::Plain(plain(field, schema)?)),
    }
}

fn element_schema(schema: &Map<String, Json>) -> Option<&Map<String, Json>> {
    schema.get("items").or_else(|| schema.get("additionalProperties")).and_then(Json::as_object)
}

fn plain(field: &str, schema: &Map<String, Json>) -> Result<Type, SchemaError> {
    let element = || match element_schema(schema) {
        Some(element) => plain(field, element).map(Box::new),
        None => Err(fault(field, "no element type")),
    };
    match schema.get("type").and_then(Json::as_str) {
        Some("string") => Ok(Type::String),
        Some("boolean") => Ok(Type::Bool),
        Some("integer" | "number") => Ok(Type::Number),
        Some("array") if schema.get("uniqueItems") == Some(&Json::Bool(true)) => Ok(Type::Set(element()?)),
        Some("array") => Ok(Type::List(element()?)),
        Some("object") => Ok(Type::Map(element()?)),
        other => Err(fault(field, format!("no Terraform type for JSON type {other:?}"))),
    }
}

fn behavior(field: &str, schema: &Map<String, Json>) -> Result<Behavior, SchemaError> {
    let json = schema.get(BEHAVIOR).ok_or_else(|| fault(field, format!("no {BEHAVIOR:?}")))?;
    serde_json::from_value(json.clone()).map_err(|error| fault(field, error.to_string()))
}

fn description(schema: &Map<String, Json>) -> String {
    schema.get("description").and_then(Json::as_str).unwrap_or_default().trim().to_owned()
}

fn fault(field: &str, message: impl Into<String>) -> SchemaError {
    SchemaError { field: field.to_owned(), message: message.into() }
}

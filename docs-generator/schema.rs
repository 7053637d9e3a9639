//! A schema as lists of attributes, in the order and wording of HashiCorp's documentation generator, `tfplugindocs`.
//!
//! Required, optional and read-only attributes of the root come first, then a section for each nested object, depth first.

use std::collections::BTreeMap;

use serde::Serialize;
use terraform_plugin::schema::{Attribute, Behavior, Block, Kind, Nesting};
use terraform_plugin::value::Type;

/// The attributes of a block and of the objects in it.
#[derive(Debug, PartialEq, Serialize)]
pub struct SchemaText {
    groups: Vec<Group>,
    nested: Vec<Nested>,
}

/// The required, optional or read-only attributes of one object.
#[derive(Debug, PartialEq, Serialize)]
struct Group {
    /// `Required`, `Optional` or `Read-Only`.
    title: &'static str,
    /// Whether one of them is write-only, which requires a recent Terraform.
    write_only: bool,
    members: Vec<Member>,
}

/// One line: an attribute or a block.
#[derive(Debug, PartialEq, Serialize)]
struct Member {
    name: String,
    /// The type and its properties, in parentheses after the name.
    kind: String,
    description: String,
    /// The anchor of the section that describes its own attributes.
    anchor: Option<String>,
}

/// The section of a nested object.
#[derive(Debug, PartialEq, Serialize)]
struct Nested {
    anchor: String,
    /// Dotted.
    path: String,
    groups: Vec<Group>,
}

const WRITE_ONLY: &str =
    "[Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)";

impl SchemaText {
    /// The text of a schema's root block.
    pub fn of(block: &Block) -> Self {
        let mut nested = Vec::new();
        let groups = groups(&block.attributes, &block.blocks, &[], &mut nested);
        Self { groups, nested }
    }
}

/// The groups of one object; the sections of its nested objects are appended to `nested`.
fn groups(
    attributes: &BTreeMap<String, Attribute>,
    blocks: &BTreeMap<String, Block>,
    path: &[&str],
    nested: &mut Vec<Nested>,
) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut inner = Vec::new();
    for title in ["Required", "Optional", "Read-Only"] {
        let mut members = BTreeMap::new();
        for (name, attribute) in attributes.iter().filter(|(_, attribute)| group(attribute.behavior) == title) {
            members.insert(name, member(name, attribute, path, &mut inner));
        }
        if title == "Optional" {
            members.extend(blocks.iter().map(|(name, block)| (name, block_member(name, block, path, &mut inner))));
        }
        let write_only =
            attributes.values().any(|attribute| attribute.behavior.write_only && group(attribute.behavior) == title);
        if !members.is_empty() {
            groups.push(Group { title, write_only, members: members.into_values().collect() });
        }
    }
    nested.append(&mut inner);
    groups
}

fn group(behavior: Behavior) -> &'static str {
    match behavior {
        Behavior { required: true, .. } => "Required",
        Behavior { optional: true, .. } => "Optional",
        _ => "Read-Only",
    }
}

fn member(name: &str, attribute: &Attribute, parents: &[&str], nested: &mut Vec<Nested>) -> Member {
    let (kind, anchor) = match &attribute.kind {
        Kind::Plain(ty) => (type_name(ty), None),
        Kind::Nested(nesting, attributes) => {
            let anchor = section("nestedatt", name, attributes, &BTreeMap::new(), parents, nested);
            let kind = match nesting {
                Nesting::Single => "Attributes",
                Nesting::List => "Attributes List",
                Nesting::Set => "Attributes Set",
                Nesting::Map => "Attributes Map",
            };
            (kind.to_owned(), Some(anchor))
        }
    };
    let sensitive = attribute.behavior.sensitive.then_some("Sensitive");
    let write_only = attribute.behavior.write_only.then_some(WRITE_ONLY);
    let kind: Vec<_> = [Some(kind.as_str()), sensitive, write_only].into_iter().flatten().collect();
    Member { name: name.to_owned(), kind: kind.join(", "), description: attribute.description.clone(), anchor }
}

fn block_member(name: &str, block: &Block, parents: &[&str], nested: &mut Vec<Nested>) -> Member {
    let anchor = section("nestedblock", name, &block.attributes, &block.blocks, parents, nested);
    let kind = "Block, Optional".to_owned();
    Member { name: name.to_owned(), kind, description: block.description.clone(), anchor: Some(anchor) }
}

/// Appends the section of the object `name`, and returns its anchor.
fn section(
    prefix: &str,
    name: &str,
    attributes: &BTreeMap<String, Attribute>,
    blocks: &BTreeMap<String, Block>,
    parents: &[&str],
    nested: &mut Vec<Nested>,
) -> String {
    let path = [parents, &[name]].concat();
    let anchor = format!("{prefix}--{}", path.join("--"));
    let mut inner = Vec::new();
    let groups = groups(attributes, blocks, &path, &mut inner);
    nested.push(Nested { anchor: anchor.clone(), path: path.join("."), groups });
    nested.append(&mut inner);
    anchor
}

/// A type as HashiCorp's documentation writes it: `Map of String`.
pub fn type_name(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::List(element) => format!("List of {}", type_name(element)),
        Type::Set(element) => format!("Set of {}", type_name(element)),
        Type::Map(element) => format!("Map of {}", type_name(element)),
        Type::Tuple(_) => "Tuple".to_owned(),
        Type::Object(_) => "Object".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
    }
}

//! Schemas on the wire.

use std::collections::BTreeMap;

use super::tfplugin6 as wire;
use crate::schema::{Attribute, Block, Kind, Nesting, Schema};

/// A schema for a response.
pub fn schema(schema: &Schema) -> wire::Schema {
    wire::Schema { version: schema.version, block: Some(block(&schema.block)) }
}

fn block(from: &Block) -> wire::schema::Block {
    let blocks = from.blocks.iter().map(|(name, nested)| wire::schema::NestedBlock {
        type_name: name.clone(),
        block: Some(block(nested)),
        nesting: wire::schema::nested_block::NestingMode::Single.into(),
        min_items: 0,
        max_items: 0,
    });
    wire::schema::Block {
        attributes: attributes(&from.attributes),
        block_types: blocks.collect(),
        description: from.description.clone(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn attributes(attributes: &BTreeMap<String, Attribute>) -> Vec<wire::schema::Attribute> {
    attributes.iter().map(|(name, from)| attribute(name, from)).collect()
}

fn attribute(name: &str, from: &Attribute) -> wire::schema::Attribute {
    let (ty, nested_type) = match &from.kind {
        Kind::Plain(ty) => (ty.to_json().into_bytes(), None),
        Kind::Nested(nesting, nested) => {
            let object = wire::schema::Object {
                attributes: attributes(nested),
                nesting: self::nesting(*nesting).into(),
                ..Default::default()
            };
            (Vec::new(), Some(object))
        }
    };
    wire::schema::Attribute {
        name: name.to_owned(),
        r#type: ty,
        nested_type,
        description: from.description.clone(),
        required: from.behavior.required,
        optional: from.behavior.optional,
        computed: from.behavior.computed,
        sensitive: from.behavior.sensitive,
        description_kind: wire::StringKind::Markdown.into(),
        write_only: from.behavior.write_only,
        ..Default::default()
    }
}

fn nesting(nesting: Nesting) -> wire::schema::object::NestingMode {
    use wire::schema::object::NestingMode;
    match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    }
}

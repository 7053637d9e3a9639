//! Each attribute of the schema has a row in one of the tables.

use std::collections::BTreeSet;

use super::computed::COMPUTED;
use super::create_only::CREATE_ONLY;
use super::fields::FIELDS;
use super::*;
use terraform_plugin::schema::{Attribute, Block, Schema};
use terraform_plugin::value::{Attr, to_value};

fn block() -> Block {
    Schema::of::<ImageCacheModel>(ImageCacheResource::SCHEMA_VERSION).unwrap().block
}

/// The names of the attributes that are `like` this.
fn names(block: &Block, like: fn(&Attribute) -> bool) -> BTreeSet<&str> {
    block.attributes.iter().filter(|(_, attribute)| like(attribute)).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn each_attribute_is_a_row_of_one_table() {
    let block = block();
    let updatable = FIELDS.iter().map(|field| field.attribute);
    let provider_own = ["tags_all", "replace_on_rebuild", "wait_for_ready", "deletion_policy", "annotations"];
    let all: Vec<_> = (updatable.chain(CREATE_ONLY.iter().map(|field| field.attribute)))
        .chain(COMPUTED.iter().map(|computed| computed.attribute))
        .chain(["id", "region"])
        .chain(provider_own)
        .collect();
    let each_once: BTreeSet<_> = all.iter().copied().collect();
    assert_eq!((each_once.len(), each_once), (all.len(), names(&block, |_| true)));
}

#[test]
fn a_change_replaces_what_only_a_creation_sets() {
    let block = block();
    let create_only = CREATE_ONLY.iter().map(|field| field.attribute).chain(["region"]);
    assert_eq!(names(&block, |attribute| attribute.behavior.requires_replace), create_only.collect());
}

#[test]
fn an_import_has_the_defaults() {
    let imported = to_value(&state::imported(Attr::Null, "imc-1")).unwrap();
    for (name, attribute) in block().attributes {
        if let Some(default) = attribute.default {
            assert_eq!(imported.as_map().unwrap()[&name], default, "{name}");
        }
    }
}

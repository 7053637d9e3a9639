//! Facts of the schema that a description must state: replacement, default, range, valid values.

use terraform_plugin::schema::{Attribute, Block, Check, Kind};
use terraform_plugin::value::Value;

/// The facts that descriptions omit, as `eks_image_cache.images: does not say ...`.
pub fn omissions(name: &str, block: &Block) -> Vec<String> {
    let mut omissions = Vec::new();
    for (attribute_name, attribute) in &block.attributes {
        collect(&format!("{name}.{attribute_name}"), attribute, &mut omissions);
    }
    for (block_name, nested) in &block.blocks {
        omissions.extend(self::omissions(&format!("{name}.{block_name}"), nested));
    }
    omissions
}

fn collect(path: &str, attribute: &Attribute, omissions: &mut Vec<String>) {
    let text = &attribute.description;
    let mut expect = |what: &str| {
        if !text.contains(what) {
            omissions.push(format!("{path}: does not say {what:?}"));
        }
    };
    if attribute.behavior.requires_replace {
        expect("replaces");
    }
    if let Some(Value::Bool(default)) = attribute.default {
        expect(&format!("Default `{default}`"));
    }
    for check in attribute.checks.iter().chain(&attribute.element_checks) {
        match check {
            Check::Integer(Some(min), Some(max)) | Check::Number(Some(min), Some(max)) => {
                expect(&min.to_string());
                expect(&max.to_string());
            }
            Check::OneOf(choices) => choices.iter().for_each(|choice| expect(&format!("`{choice}`"))),
            _ => {}
        }
    }
    if let Kind::Nested(_, nested) = &attribute.kind {
        nested.iter().for_each(|(name, nested)| collect(&format!("{path}.{name}"), nested, omissions));
    }
}

//! Checks descriptions, which editors, `terraform providers schema -json` and generated SDKs show.

use super::Violations;
use crate::framework::{Provider, Server};
use crate::schema::{Attribute, Block, Kind, Signature, paragraphs};

/// Invalid descriptions in a provider's schemas: empty ones, and those with a line break inside a paragraph, which editors
/// show as a broken line.
pub fn description_violations<P: Provider>(server: &Server<P>) -> Violations {
    let mut found = Violations::new();
    block("provider", &server.schema().block, &mut found);
    for (name, resource) in server.resources.iter() {
        block(&format!("resource {name}"), &resource.schema().block, &mut found);
        // An identity as a whole has no description in the protocol.
        attributes(&format!("identity {name}"), &resource.identity_schema().block.attributes, &mut found);
    }
    for (name, data_source) in server.data_sources.iter() {
        block(&format!("data source {name}"), &data_source.schema().block, &mut found);
    }
    for (name, resource) in server.ephemeral_resources.iter() {
        block(&format!("ephemeral resource {name}"), &resource.schema().block, &mut found);
    }
    for (name, list_resource) in server.list_resources.iter() {
        block(&format!("list resource {name}"), &list_resource.schema().block, &mut found);
    }
    for (name, action) in server.actions.iter() {
        block(&format!("action {name}"), &action.schema().block, &mut found);
    }
    for (name, function) in server.functions.iter() {
        signature(&format!("function {name}"), function.signature(), &mut found);
    }
    found
}

fn signature(at: &str, signature: &Signature, found: &mut Violations) {
    check(&format!("{at}, summary"), &signature.summary, found);
    check(at, &signature.description, found);
    for parameter in signature.parameters.iter().chain(&signature.variadic) {
        check(&format!("{at}.{}", parameter.name), &parameter.description, found);
    }
}

fn block(at: &str, block: &Block, found: &mut Violations) {
    check(at, &block.description, found);
    attributes(at, &block.attributes, found);
    for (name, nested) in &block.blocks {
        self::block(&format!("{at}.{name}"), nested, found);
    }
}

fn attributes<'a>(at: &str, attributes: impl IntoIterator<Item = (&'a String, &'a Attribute)>, found: &mut Violations) {
    for (name, attribute) in attributes {
        let at = format!("{at}.{name}");
        check(&at, &attribute.description, found);
        if let Kind::Nested(_, nested) = &attribute.kind {
            self::attributes(&at, nested, found);
        }
    }
}

fn check(at: &str, description: &str, found: &mut Violations) {
    if description.trim().is_empty() {
        found.push(format!("{at}: no description"));
    } else if paragraphs(description) != description {
        found.push(format!("{at}: a line break inside a paragraph: {description:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::framework::sample::SampleProvider;

    #[test]
    fn descriptions_of_sample_conform() {
        assert_eq!(description_violations(&Server::<SampleProvider>::default()), Violations::new());
    }

    #[test]
    fn violations_at_every_depth() {
        let timeouts = Block { description: "How long\nit takes.".into(), ..Block::default() };
        let disk = Block { blocks: BTreeMap::from([("timeouts".to_owned(), timeouts)]), ..Block::default() };
        let mut found = Violations::new();
        block("resource disk", &disk, &mut found);
        let broken = "resource disk.timeouts: a line break inside a paragraph: \"How long\\nit takes.\"";
        assert_eq!(found, ["resource disk: no description", broken]);
    }
}

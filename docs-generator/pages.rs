//! The pages and their templates.
//!
//! A page is rendered from the template of its own name (`templates/resources/image_cache.md.jinja`) or, if there is none,
//! from that of its section (`templates/resource.md.jinja`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use eks::provider::EksProvider;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, path_loader};
use serde::Serialize;
use terraform_plugin::framework::Server;
use terraform_plugin::schema::Block;

use crate::examples::Examples;
use crate::root;
use crate::schema::SchemaText;
use crate::signature::SignatureText;

/// A kind of page.
struct Section {
    /// Directory in `docs/` and in `examples/`.
    directory: &'static str,
    /// Default template of its pages.
    template: &'static str,
    /// Name of the first example.
    example: &'static str,
}

const PROVIDER: Section = Section { directory: "provider", template: "index", example: "provider.tf" };
const RESOURCE: Section = Section { directory: "resources", template: "resource", example: "resource.tf" };
const DATA_SOURCE: Section = Section { directory: "data-sources", template: "data-source", example: "data-source.tf" };
const EPHEMERAL_RESOURCE: Section =
    Section { directory: "ephemeral-resources", template: "ephemeral-resource", example: "ephemeral-resource.tf" };
const LIST_RESOURCE: Section =
    Section { directory: "list-resources", template: "list-resource", example: "list-resource.tfquery.hcl" };
const ACTION: Section = Section { directory: "actions", template: "action", example: "action.tf" };
const FUNCTION: Section = Section { directory: "functions", template: "function", example: "function.tf" };

/// The data of a template.
#[derive(Serialize)]
struct Page {
    /// The name in a configuration: `eks_image_cache`; empty for the provider itself.
    name: String,
    /// The relative path from the page to `docs/`.
    docs: &'static str,
    /// Markdown.
    description: String,
    /// The first paragraph of the description as plain text, for search results.
    summary: String,
    examples: Examples,
    reference: Reference,
    /// The identity schema of a resource.
    identity: Option<SchemaText>,
}

/// The schema or signature that a page documents.
#[derive(Serialize)]
#[serde(untagged)]
enum Reference {
    Schema(SchemaText),
    Signature(SignatureText),
}

/// All pages by their path in `docs/`.
pub fn render(server: &Server<EksProvider>) -> BTreeMap<PathBuf, String> {
    let mut pages = Pages { environment: environment(), rendered: BTreeMap::new() };
    let block = &server.schema().block;
    pages.add_page(&PROVIDER, &Page::new(&PROVIDER, "", &block.description, SchemaText::of(block).into()));
    for (name, resource) in server.resources.iter() {
        let block = &resource.schema().block;
        let identity = Some(SchemaText::of(&resource.identity_schema().block));
        let page = Page { identity, ..Page::new(&RESOURCE, name, &block.description, SchemaText::of(block).into()) };
        assert!(page.examples.import_by_identity.is_some(), "{name}: import-by-identity.tf");
        pages.add_page(&RESOURCE, &page);
    }
    for (name, data_source) in server.data_sources.iter() {
        pages.add(&DATA_SOURCE, name, &data_source.schema().block);
    }
    for (name, ephemeral_resource) in server.ephemeral_resources.iter() {
        pages.add(&EPHEMERAL_RESOURCE, name, &ephemeral_resource.schema().block);
    }
    for (name, list_resource) in server.list_resources.iter() {
        pages.add(&LIST_RESOURCE, name, &list_resource.schema().block);
    }
    for (name, action) in server.actions.iter() {
        pages.add(&ACTION, name, &action.schema().block);
    }
    for (name, function) in server.functions.iter() {
        let signature = function.signature();
        let reference = Reference::Signature(SignatureText::of(name, signature));
        pages.add_page(&FUNCTION, &Page::new(&FUNCTION, name, &signature.description, reference));
    }
    pages.rendered
}

struct Pages {
    environment: Environment<'static>,
    rendered: BTreeMap<PathBuf, String>,
}

impl Pages {
    fn add(&mut self, section: &Section, name: &str, block: &Block) {
        self.add_page(section, &Page::new(section, name, &block.description, SchemaText::of(block).into()));
    }

    fn add_page(&mut self, section: &Section, page: &Page) {
        let path = section.page(&page.name);
        let own = format!("{path}.jinja");
        let has_own = self.environment.get_template(&own).is_ok();
        let template = if has_own { own } else { format!("{}.md.jinja", section.template) };
        let rendered = self.environment.get_template(&template).and_then(|template| template.render(Serde(page)));
        let text = rendered.unwrap_or_else(|error| panic!("{template}: {error:#}"));
        self.rendered.insert(path.into(), without_blank_runs(&text));
    }
}

impl Section {
    /// The path of a page in `docs/`.
    fn page(&self, name: &str) -> String {
        match name.trim_start_matches("eks_") {
            "" => "index.md".to_owned(),
            short => format!("{}/{short}.md", self.directory),
        }
    }
}

impl Page {
    fn new(section: &Section, name: &str, description: &str, reference: Reference) -> Self {
        let paragraph = description.split("\n\n").next().unwrap_or_default();
        let directory = root().join("examples").join(section.directory).join(name);
        Self {
            name: name.to_owned(),
            docs: if name.is_empty() { "." } else { ".." },
            description: description.to_owned(),
            summary: paragraph.replace('`', ""),
            examples: Examples::read(&directory, section.example),
            reference,
            identity: None,
        }
    }
}

impl From<SchemaText> for Reference {
    fn from(text: SchemaText) -> Self {
        Self::Schema(text)
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_loader(path_loader(root().join("docs-generator/templates")));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.unwrap());
    environment
}

/// Collapses the blank lines that omitted parts of a template leave behind.
fn without_blank_runs(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n").trim_end().to_owned() + "\n"
}

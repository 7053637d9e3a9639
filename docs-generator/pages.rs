//! Which pages there are, and what each is rendered from.
//!
//! A page takes the template of its own name (`templates/resources/image_cache.md.jinja`) or, without one, that of its
//! section (`templates/resource.md.jinja`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use eks::framework::Server;
use eks::provider::{ADDRESS, EksProvider};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, path_loader};
use serde::Serialize;

use crate::examples::Examples;
use crate::root;
use crate::schema::SchemaText;

/// A kind of page.
struct Section {
    /// Directory in `docs/` and in `examples/`.
    directory: &'static str,
    /// Template of pages without one of their own.
    template: &'static str,
    /// Name of the first example.
    example: &'static str,
}

const RESOURCE: Section = Section { directory: "resources", template: "resource", example: "resource.tf" };
const DATA_SOURCE: Section = Section { directory: "data-sources", template: "data-source", example: "data-source.tf" };

/// What a template is given.
#[derive(Serialize)]
struct Page {
    /// As in a configuration: `eks_image_cache`.
    name: String,
    /// Markdown.
    description: String,
    /// The first paragraph of the description as plain text, for search results.
    summary: String,
    examples: Examples,
    schema: SchemaText,
}

/// All pages by their path in `docs/`.
pub fn render(server: &Server<EksProvider>) -> BTreeMap<PathBuf, String> {
    let mut environment = Environment::new();
    environment.set_loader(path_loader(root().join("docs-generator/templates")));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.unwrap());
    environment.add_global("docs", format!("https://{}/latest/docs", ADDRESS.replacen('/', "/providers/", 1)));

    let provider = &server.schema().block;
    let index = Page {
        name: "eks".to_owned(),
        summary: summary(&provider.description),
        description: provider.description.clone(),
        examples: Examples::read(&root().join("examples/provider"), "provider.tf"),
        schema: SchemaText::of(provider),
    };
    let mut pages = BTreeMap::from([(PathBuf::from("index.md"), render_page(&environment, "index.md.jinja", &index))]);
    let mut add = |section: &Section, name: &str, description: &str, schema: SchemaText| {
        let short = name.trim_start_matches("eks_");
        let page = Page {
            name: name.to_owned(),
            summary: summary(description),
            description: description.to_owned(),
            examples: Examples::read(&root().join("examples").join(section.directory).join(name), section.example),
            schema,
        };
        let own = format!("{}/{short}.md.jinja", section.directory);
        let has_own = environment.get_template(&own).is_ok();
        let template = if has_own { own } else { format!("{}.md.jinja", section.template) };
        let path = PathBuf::from(section.directory).join(format!("{short}.md"));
        pages.insert(path, render_page(&environment, &template, &page));
    };
    for (_, resource) in server.resources.iter() {
        let block = &resource.schema().block;
        add(&RESOURCE, resource.type_name(), &block.description, SchemaText::of(block));
    }
    for (_, data_source) in server.data_sources.iter() {
        let block = &data_source.schema().block;
        add(&DATA_SOURCE, data_source.type_name(), &block.description, SchemaText::of(block));
    }
    pages
}

fn render_page(environment: &Environment, template: &str, page: &Page) -> String {
    let rendered = environment.get_template(template).and_then(|template| template.render(Serde(page)));
    without_blank_runs(&rendered.unwrap_or_else(|error| panic!("{template}: {error:#}")))
}

/// One blank line at most between two others, and none at the end: what templates leave out leaves blank lines behind.
fn without_blank_runs(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n").trim_end().to_owned() + "\n"
}

fn summary(description: &str) -> String {
    let paragraph = description.split("\n\n").next().unwrap_or_default();
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "")
}

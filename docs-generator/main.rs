//! The pages in `docs/`: generated from the schemas and `examples/`, and checked.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes the pages; without the variable, the test fails when one is stale.
//! The guides in `docs/guides/` are written by hand; they are only checked.

#![forbid(unsafe_code)]

mod examples;
mod links;
mod pages;
mod promises;
mod prose;
mod schema;
mod signature;
mod vocabulary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use eks::provider::EksProvider;
use terraform_plugin::framework::Server;

/// The root of the project.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files with this extension below `directory`, sorted, without hidden directories and build output.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                directories.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn pages_up_to_date() {
    let docs = root().join("docs");
    let expected = pages::render(&Server::<EksProvider>::default());
    let written: BTreeMap<PathBuf, String> = files(&docs, "md")
        .into_iter()
        .map(|path| (path.strip_prefix(&docs).unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .filter(|(path, _)| !path.starts_with("guides"))
        .collect();
    let stale: Vec<_> = expected.iter().filter(|(path, text)| written.get(*path) != Some(text)).collect();
    let left_over: Vec<_> = written.keys().filter(|path| !expected.contains_key(*path)).collect();
    if env::var_os("UPDATE_DOCS").is_some() {
        for (path, text) in stale {
            let path = docs.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        left_over.into_iter().for_each(|path| fs::remove_file(docs.join(path)).unwrap());
        return;
    }
    let stale: Vec<_> = stale.into_iter().map(|(path, _)| path).chain(left_over).collect();
    assert!(stale.is_empty(), "stale in docs/: {stale:?}; run `UPDATE_DOCS=1 cargo test --test docs`");
}

#[test]
fn descriptions_complete() {
    let server = Server::<EksProvider>::default();
    let schemas = (server.resources.iter().map(|(name, resource)| (name, resource.schema())))
        .chain(server.resources.iter().map(|(name, resource)| (name, resource.identity_schema())))
        .chain(server.data_sources.iter().map(|(name, data_source)| (name, data_source.schema())))
        .chain(server.ephemeral_resources.iter().map(|(name, resource)| (name, resource.schema())))
        .chain(server.list_resources.iter().map(|(name, list_resource)| (name, list_resource.schema())))
        .chain(server.actions.iter().map(|(name, action)| (name, action.schema())))
        .chain([("provider", server.schema())]);
    let omissions: Vec<_> = schemas.flat_map(|(name, schema)| prose::omissions(name, &schema.block)).collect();
    assert!(omissions.is_empty(), "complete the doc comments:\n{}", omissions.join("\n"));
}

#[test]
fn changelog_complete() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let server = Server::<EksProvider>::default();
    let entries = (server.resources.iter().map(|(name, _)| ("Resource", name)))
        .chain(server.data_sources.iter().map(|(name, _)| ("Data Source", name)))
        .chain(server.ephemeral_resources.iter().map(|(name, _)| ("Ephemeral Resource", name)))
        .chain(server.list_resources.iter().map(|(name, _)| ("List Resource", name)))
        .chain(server.actions.iter().map(|(name, _)| ("Action", name)))
        .chain(server.functions.iter().map(|(name, _)| ("Function", name)));
    for (kind, name) in entries {
        let entry = format!("**New {kind}:** `{name}`");
        assert!(changelog.contains(&entry), "CHANGELOG.md: no {entry}");
    }
}

#[test]
fn prose_is_in_the_vocabulary() {
    let in_rust = files(root(), "rs").into_iter().filter(|path| !path.ends_with("docs-generator/vocabulary.rs"));
    let pages = files(root(), "md").into_iter().filter(|path| !path.ends_with("CONTRIBUTING.md"));
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let wrong: Vec<_> = in_rust.chain(pages).flat_map(|path| vocabulary::found(root(), &path, &text(&path))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn promises_have_tests() {
    let faults = promises::faults(root());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn links_valid() {
    let broken: Vec<_> = files(root(), "md").iter().flat_map(|page| links::broken(root(), page)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A row after a blank line is rendered as text.
#[test]
fn tables_have_headers() {
    for page in files(root(), "md") {
        let text = fs::read_to_string(&page).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let is_row = |line: Option<&&str>| line.is_some_and(|line| line.starts_with("| "));
        for (n, line) in lines.iter().enumerate().filter(|(n, line)| is_row(Some(line)) && !is_row(lines[..*n].last()))
        {
            let rule = lines.get(n + 1).is_some_and(|next| next.starts_with("| --"));
            assert!(rule, "{}:{}: a table without a header: {line}", page.display(), n + 1);
        }
    }
}

#[test]
fn guide_explains_messages_of_the_provider() {
    let guide = fs::read_to_string(root().join("docs/guides/troubleshooting.md")).unwrap();
    let section = guide.split("\n## ").find(|section| section.starts_with("Messages of the provider\n")).unwrap();
    let sources = ["src", "crates"].map(|directory| files(&root().join(directory), "rs")).concat();
    let source: String = sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split("` | ").next());
    let messages: Vec<_> = rows.flat_map(|cell| cell.split("`, `")).collect();
    assert!(!messages.is_empty());
    for message in messages {
        // The messages of the SDK name the kind of object.
        let generic = message.replace("image cache", "{}").replace("Image cache", "{}");
        let in_source = |message: &str| source.contains(&format!("\"{message}\""));
        assert!(in_source(message) || in_source(&generic), "no message {message:?}: correct the guide");
    }
}

/// What `tfplugindocs validate` requires: <https://github.com/hashicorp/terraform-plugin-docs>.
#[test]
fn front_matter_keys() {
    let index = root().join("docs/index.md");
    for page in files(&root().join("docs"), "md") {
        let text = fs::read_to_string(&page).unwrap();
        let front_matter = text.strip_prefix("---\n").and_then(|rest| rest.split("\n---\n").next()).unwrap_or_default();
        let has =
            |key: &str| front_matter.lines().any(|line| line.split_once(':').is_some_and(|(found, _)| found == key));
        for (key, expected) in [("page_title", true), ("description", true), ("subcategory", page != index)] {
            assert_eq!(has(key), expected, "{}: {key}", page.display());
        }
    }
}

#[test]
fn guides_listed() {
    let index = fs::read_to_string(root().join("docs/index.md")).unwrap();
    for guide in files(&root().join("docs/guides"), "md") {
        let address = format!("/guides/{}.md)", guide.file_stem().unwrap().to_string_lossy());
        assert!(index.contains(&address), "{} is not in docs/index.md", guide.display());
    }
}

//! The objects of YAML text. A `List` is replaced by its items.

use std::fmt;

use super::ManifestError;
use super::resolve;
use super::yaml::{self, Document};
use terraform_plugin::diagnostics::AttributePath;
use terraform_plugin::value::Value;

/// A Kubernetes object, or another value in its place.
#[derive(Debug)]
pub struct Object<'a> {
    pub value: &'a Value,
    /// Its path in the document: `items[0]` in a list, otherwise empty.
    pub path: AttributePath,
}

/// The objects of YAML text, including the items of lists, for `kubernetes_manifest`.
///
/// # Errors
///
/// The text cannot be parsed, or a document is not an object; the error has the document and the line.
pub fn objects(text: &str) -> Result<Vec<Value>, ManifestError> {
    let mut objects = Vec::new();
    for (document, value) in read(text)? {
        for object in Object::of(&value) {
            if object.value.as_map().is_none() {
                return Err(document.error(document.root.line, "expected an object, with apiVersion and kind"));
            }
            objects.push(object.value.clone());
        }
    }
    Ok(objects)
}

/// Parses text: each document that is not empty, with its value.
///
/// # Errors
///
/// The text cannot be parsed; the error has the document and the line.
pub fn read(text: &str) -> Result<Vec<(Document, Value)>, ManifestError> {
    let read = |document| {
        let value = resolve::value(&document)?;
        Ok((document, value))
    };
    yaml::documents(text)?.into_iter().map(read).filter(|read| !matches!(read, Ok((_, Value::Null)))).collect()
}

impl<'a> Object<'a> {
    /// The objects of a document: its own, or the items of a list, including nested lists.
    pub fn of(value: &'a Value) -> Vec<Self> {
        let mut objects = Vec::new();
        collect(value, AttributePath::default(), &mut objects);
        objects
    }

    fn text(&self, path: &[&str]) -> Option<&'a str> {
        path.iter().try_fold(self.value, |value, name| value.as_map()?.get(*name))?.as_str()
    }

    pub fn kind(&self) -> Option<&'a str> {
        self.text(&["kind"])
    }

    pub fn namespace(&self) -> Option<&'a str> {
        self.text(&["metadata", "namespace"])
    }

    pub fn name(&self) -> Option<&'a str> {
        self.text(&["metadata", "name"])
    }
}

/// `Deployment "vllm" in the namespace "inference"`
impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().unwrap_or("an object without a kind"))?;
        if let Some(name) = self.name() {
            write!(f, " {name:?}")?;
        }
        self.namespace().map_or(Ok(()), |namespace| write!(f, " in the namespace {namespace:?}"))
    }
}

fn collect<'a>(value: &'a Value, path: AttributePath, objects: &mut Vec<Object<'a>>) {
    let object = Object { value, path };
    let items = value.as_map().and_then(|map| map.get("items")?.as_list());
    match items.filter(|_| object.kind().is_some_and(|kind| kind.ends_with("List"))) {
        Some(items) => {
            let path = object.path.attribute("items");
            items.iter().enumerate().for_each(|(i, item)| collect(item, path.index(i), objects));
        }
        None => objects.push(object),
    }
}

/// The kinds of objects, each once, for a message.
pub fn kinds<'a>(objects: impl IntoIterator<Item = &'a Object<'a>>) -> String {
    let kinds: std::collections::BTreeSet<_> = objects.into_iter().filter_map(Object::kind).collect();
    match kinds.len() {
        0 => "no object with a kind".to_owned(),
        _ => format!("only {}", kinds.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

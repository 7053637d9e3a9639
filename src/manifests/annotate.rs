//! Inserts annotations into the text of manifests: adds lines and replaces values, with every other byte unchanged.

mod edit;
mod place;
mod syntax;
mod text;

pub use syntax::Syntax;

use std::collections::BTreeMap;

use super::ManifestError;
use super::objects::{self, Object};
use super::pods::pods;
use terraform_plugin::diagnostics::{AttributePath, Step};
use terraform_plugin::value::Value;

/// Annotations by key.
pub type Annotations = BTreeMap<String, String>;

/// The text with these annotations at every Pod template. Documents without a Pod are unchanged; so is every text if there are
/// no annotations.
///
/// The result is parsed again, to verify that only the annotations differ.
///
/// # Errors
///
/// The text cannot be parsed; no place is known for the annotations of a Pod; a place is shared; or there is no Pod.
pub fn annotate(text: &str, annotations: &Annotations) -> Result<String, ManifestError> {
    if annotations.is_empty() {
        return Ok(text.to_owned());
    }
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let annotated = without_mark(&text[mark..], annotations)?;
    Ok(format!("{}{annotated}", &text[..mark]))
}

fn without_mark(text: &str, annotations: &Annotations) -> Result<String, ManifestError> {
    let documents = objects::read(text)?;
    let mut edits = Vec::new();
    let mut found_any = false;
    let mut expected = Vec::new();
    for (document, value) in &documents {
        let syntax = Syntax::of(document);
        let mut changed = value.clone();
        for object in Object::of(value) {
            let found = pods(object.value);
            let places = found.places().map_err(|pod| {
                let line = syntax.line(&join(&object.path, &pod.path));
                document.error(line, no_place(&object, &pod.path))
            })?;
            for place in places {
                found_any = true;
                let place = join(&object.path, &place);
                edits.extend(place::edits(&syntax, text, &place, annotations)?);
                set(&mut changed, place.steps(), annotations);
            }
        }
        expected.push(changed);
    }
    if !found_any {
        let objects: Vec<_> = documents.iter().flat_map(|(_, value)| Object::of(value)).collect();
        return Err(ManifestError::new(format!(
            "nothing to annotate: the text has {}, and no Pod",
            objects::kinds(&objects)
        )));
    }
    let annotated = edit::apply(text, edits);
    let values = objects::read(&annotated)?.into_iter().map(|(_, value)| value);
    if values.eq(expected) {
        return Ok(annotated);
    }
    Err(ManifestError::new(
        "the annotations cannot be inserted without other changes. This is a bug in the provider; please report it with the \
        text",
    ))
}

/// The error for a Pod without a known place for annotations.
pub fn no_place(object: &Object<'_>, path: &AttributePath) -> String {
    format!(
        "{object} has containers at {path}, but it is not known where objects of this kind have annotations for their Pods. Set \
        the annotations in its own fields, and omit the object"
    )
}

/// The path in a document, from the path of the object and the path in it.
pub fn join(object: &AttributePath, inner: &AttributePath) -> AttributePath {
    inner.steps().iter().fold(object.clone(), |path, step| match step {
        Step::Attribute(name) | Step::Key(name) => path.attribute(name),
        Step::Index(index) => path.index(usize::try_from(*index).unwrap_or_default()),
    })
}

/// Sets the annotations in the value, creating mappings that are missing or null.
fn set(value: &mut Value, path: &[Step], annotations: &Annotations) {
    if value.is_null() {
        *value = Value::Map(BTreeMap::new());
    }
    match (path.split_first(), value) {
        (None, Value::Map(map)) => {
            map.extend(annotations.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
        }
        (Some((Step::Attribute(name) | Step::Key(name), rest)), Value::Map(map)) => {
            set(map.entry(name.clone()).or_default(), rest, annotations);
        }
        (Some((Step::Index(index), rest)), Value::List(list)) => {
            if let Some(item) = usize::try_from(*index).ok().and_then(|index| list.get_mut(index)) {
                set(item, rest, annotations);
            }
        }
        _ => {}
    }
}

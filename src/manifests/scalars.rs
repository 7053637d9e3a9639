//! Text that is one mapping of strings, such as the annotations in a ConfigMap.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::{collect_anchors, is_merge_key, key_name};
use super::yaml::{self, Content, Node};

/// The keys and values in order, values as written. Empty for an empty text and for null.
///
/// # Errors
///
/// The text is not a single mapping of scalars; the error has the line.
pub fn scalars(text: &str) -> Result<Vec<(String, String)>, String> {
    let documents = yaml::documents(text).map_err(|error| error.to_string())?;
    let Some(document) = documents.first() else { return Ok(Vec::new()) };
    if let Some(second) = documents.get(1) {
        return Err(second.error(second.root.line, "expected one document").to_string());
    }
    let mut anchors = BTreeMap::new();
    collect_anchors(&document.root, &mut anchors);
    let error = |line, message: String| document.error(line, message).to_string();
    let entries = match &document.root.content {
        Content::Mapping(entries) => entries,
        Content::Scalar(text, true) if matches!(&**text, "" | "~" | "null" | "Null" | "NULL") => return Ok(Vec::new()),
        _ => return Err(error(document.root.line, "expected a mapping of strings".into())),
    };
    let mut keys = BTreeSet::new();
    let mut scalars = Vec::new();
    for (key, value) in entries {
        if is_merge_key(key) {
            return Err(error(key.line, "merge keys are not supported here. Write out the merged keys".into()));
        }
        let name = match &key.content {
            Content::Scalar(text, _) => text.to_string(),
            _ => key_name(key, &anchors).map_err(|message| error(key.line, message))?,
        };
        let value = written(value, &anchors)
            .ok_or_else(|| error(value.line, format!("the value of {name:?} is not a string")))?;
        if !keys.insert(name.clone()) {
            return Err(error(key.line, format!("the key {name:?} occurs twice in one mapping")));
        }
        scalars.push((name, value));
    }
    Ok(scalars)
}

/// The text of a scalar, or of the scalar that an alias refers to.
fn written(node: &Node, anchors: &BTreeMap<usize, &Node>) -> Option<String> {
    match &node.content {
        Content::Scalar(text, _) => Some(text.to_string()),
        Content::Alias(anchor) => match &anchors[anchor].content {
            Content::Scalar(text, _) => Some(text.to_string()),
            _ => None,
        },
        Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

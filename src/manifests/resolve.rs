//! Resolves a node to the value that Kubernetes reads: follows aliases, and applies merge keys.

use std::collections::{BTreeMap, BTreeSet};

use super::yaml::{Content, Document, MAX_DEPTH, Node};
use super::{ManifestError, scalar};
use terraform_plugin::value::Value;

/// The maximum number of nodes that aliases may expand to.
const MAX_EXPANDED: usize = 1_000_000;

/// The value of a document.
///
/// # Errors
///
/// A key is duplicate or not a scalar, a merge key has no mapping, or an alias is recursive or too large; the error has the
/// line.
pub fn value(document: &Document) -> Result<Value, ManifestError> {
    let mut anchors = BTreeMap::new();
    collect_anchors(&document.root, &mut anchors);
    Resolver { document, anchors, expanded: 0, inside: 0 }.value(&document.root, 0)
}

/// Collects the nodes with an anchor to which an alias may refer.
pub fn collect_anchors<'a>(node: &'a Node, anchors: &mut BTreeMap<usize, &'a Node>) {
    if let Some(anchor) = node.anchor {
        anchors.insert(anchor, node);
    }
    match &node.content {
        Content::Sequence(items) => items.iter().for_each(|item| collect_anchors(item, anchors)),
        Content::Mapping(entries) => entries.iter().for_each(|(key, value)| {
            collect_anchors(key, anchors);
            collect_anchors(value, anchors);
        }),
        Content::Scalar(..) | Content::Alias(_) => {}
    }
}

/// Whether it is the key `<<`, whose value is merged into the mapping.
pub fn is_merge_key(node: &Node) -> bool {
    match &node.content {
        Content::Scalar(text, plain) => &**text == "<<" && (node.tag.is_none() && *plain || is_merge_tag(node)),
        _ => false,
    }
}

fn is_merge_tag(node: &Node) -> bool {
    node.tag.as_deref() == Some("merge")
}

struct Resolver<'a> {
    document: &'a Document,
    anchors: BTreeMap<usize, &'a Node>,
    /// The number of nodes that aliases have expanded to.
    expanded: usize,
    /// The number of aliases around the current node.
    inside: usize,
}

impl<'a> Resolver<'a> {
    fn value(&mut self, node: &'a Node, depth: usize) -> Result<Value, ManifestError> {
        if depth > MAX_DEPTH {
            let message = format!("aliases nest values deeper than {MAX_DEPTH} levels, or contain themselves");
            return Err(self.document.error(node.line, message));
        }
        if self.inside > 0 {
            self.expanded += 1;
            if self.expanded > MAX_EXPANDED {
                let message = format!("aliases expand to more than {MAX_EXPANDED} values");
                return Err(self.document.error(node.line, message));
            }
        }
        match &node.content {
            Content::Scalar(text, plain) => {
                scalar::resolve(text, *plain, node.tag.as_deref()).map_err(|m| self.document.error(node.line, m))
            }
            Content::Sequence(items) => {
                items.iter().map(|item| self.value(item, depth + 1)).collect::<Result<_, _>>().map(Value::List)
            }
            Content::Mapping(entries) => self.mapping(entries, depth).map(Value::Map),
            Content::Alias(anchor) => {
                let node = self.anchors[anchor];
                self.inside += 1;
                let value = self.value(node, depth + 1);
                self.inside -= 1;
                value
            }
        }
    }

    /// Entries in order: later ones take precedence, including merged ones.
    fn mapping(&mut self, entries: &'a [(Node, Node)], depth: usize) -> Result<BTreeMap<String, Value>, ManifestError> {
        let mut map = BTreeMap::new();
        let mut own = BTreeSet::new();
        for (key, node) in entries {
            if is_merge_key(key) {
                self.merge(node, depth, &mut map)?;
                continue;
            }
            let name = self.key(key)?;
            let value = self.value(node, depth + 1)?;
            if !own.insert(name.clone()) {
                return Err(self.document.error(key.line, format!("the key {name:?} occurs twice in one mapping")));
            }
            map.insert(name, value);
        }
        Ok(map)
    }

    fn key(&self, key: &'a Node) -> Result<String, ManifestError> {
        key_name(key, &self.anchors).map_err(|message| self.document.error(key.line, message))
    }

    fn merge(&mut self, node: &'a Node, depth: usize, map: &mut BTreeMap<String, Value>) -> Result<(), ManifestError> {
        let no_mapping = "a merge key takes a mapping, or a list of mappings";
        match self.value(node, depth + 1)? {
            Value::Map(merged) => map.extend(merged),
            // Earlier mappings of the list take precedence over later ones.
            Value::List(list) => {
                for merged in list.into_iter().rev() {
                    let Value::Map(merged) = merged else { return Err(self.document.error(node.line, no_mapping)) };
                    map.extend(merged);
                }
            }
            _ => return Err(self.document.error(node.line, no_mapping)),
        }
        Ok(())
    }
}

/// A key as a string.
///
/// # Errors
///
/// The key is null or not a scalar.
pub fn key_name(key: &Node, anchors: &BTreeMap<usize, &Node>) -> Result<String, String> {
    match &key.content {
        Content::Scalar(text, plain) => scalar::key(text, *plain, key.tag.as_deref()),
        Content::Alias(anchor) => match &anchors[anchor].content {
            Content::Scalar(text, plain) => scalar::key(text, *plain, anchors[anchor].tag.as_deref()),
            _ => Err(NO_SCALAR.into()),
        },
        _ => Err(NO_SCALAR.into()),
    }
}

const NO_SCALAR: &str = "a key is a mapping or a list; a template such as {{ ... }} must be rendered, or in quotes";

//! The syntax of a document: where a path of its value is in the text.

use std::collections::BTreeMap;

use super::super::resolve::{collect_anchors, is_merge_key, key_name};
use super::super::yaml::{Content, Document, Node};
use terraform_plugin::diagnostics::{AttributePath, Step};

/// The syntax of a document, with the targets of its aliases.
pub struct Syntax<'a> {
    pub(super) document: &'a Document,
    pub(super) anchors: BTreeMap<usize, &'a Node>,
}

impl<'a> Syntax<'a> {
    pub fn of(document: &'a Document) -> Self {
        let mut anchors = BTreeMap::new();
        collect_anchors(&document.root, &mut anchors);
        Self { document, anchors }
    }

    /// The line of the node at `path`, or of its nearest ancestor.
    pub fn line(&self, path: &AttributePath) -> usize {
        self.trace(path).1
    }

    /// The index of each entry along `path`, which orders positions as in the text.
    pub fn position(&self, path: &AttributePath) -> Vec<usize> {
        self.trace(path).0
    }

    fn trace(&self, path: &AttributePath) -> (Vec<usize>, usize) {
        let root = &self.document.root;
        let (mut node, mut numbers, mut line) = (root, Vec::new(), root.line);
        for step in path.steps() {
            if let Content::Alias(anchor) = &node.content {
                node = self.anchors[anchor];
            }
            let next = match (&node.content, step) {
                (Content::Sequence(items), Step::Index(index)) => {
                    usize::try_from(*index).ok().and_then(|index| Some((index, items.get(index)?)))
                }
                (Content::Mapping(entries), Step::Attribute(name) | Step::Key(name)) => {
                    let gives = |key| is_merge_key(key) || self.key_is(key, name);
                    entries.iter().rposition(|(key, _)| gives(key)).map(|i| {
                        line = entries[i].0.line;
                        (i, &entries[i].1)
                    })
                }
                _ => None,
            };
            let Some((number, inner)) = next else { break };
            numbers.push(number);
            node = inner;
        }
        (numbers, line)
    }

    /// True when `key` is `name`.
    pub(super) fn key_is(&self, key: &Node, name: &str) -> bool {
        key_name(key, &self.anchors).as_deref() == Ok(name)
    }
}

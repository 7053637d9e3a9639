//! A place for annotations in the syntax of a document, and the edits of the text there.

use std::ops::Range;

use super::super::resolve::is_merge_key;
use super::super::yaml::{Content, Node};
use super::super::{ManifestError, plain_or_quoted, quoted, scalar};
use super::Annotations;
use super::edit::Edit;
use super::syntax::Syntax;
use super::text;
use terraform_plugin::diagnostics::{AttributePath, Step};

/// The edits that set the annotations in the mapping at `path`, which need not exist.
///
/// # Errors
///
/// A part of the path is an alias, comes from a merge key, or has an anchor to which an alias refers.
pub fn edits(
    syntax: &Syntax<'_>,
    text: &str,
    path: &AttributePath,
    annotations: &Annotations,
) -> Result<Vec<Edit>, ManifestError> {
    let place = Place { text, syntax, path };
    let mut node = &syntax.document.root;
    for (depth, step) in path.steps().iter().enumerate() {
        place.check(node)?;
        let (entries, items) = match &node.content {
            Content::Mapping(entries) => (entries.as_slice(), [].as_slice()),
            Content::Sequence(items) => ([].as_slice(), items.as_slice()),
            _ => return Err(place.error(node.line, "is not a mapping")),
        };
        let name = match step {
            Step::Attribute(name) | Step::Key(name) => name,
            Step::Index(index) => {
                let item = usize::try_from(*index).ok().and_then(|index| items.get(index));
                node = item.ok_or_else(|| place.error(node.line, "does not exist"))?;
                continue;
            }
        };
        let rest: Vec<_> = path.steps()[depth..].iter().filter_map(step_name).collect();
        match place.entry(entries, name)? {
            Some((key, value)) if is_null(value) || is_empty_mapping(value) => {
                place.check(value)?;
                return place.fill(node, key, value, &rest[1..], annotations);
            }
            Some((_, value)) => node = value,
            None => return Ok(vec![place.insert(node, entries, &rest, annotations)]),
        }
    }
    place.check(node)?;
    match &node.content {
        Content::Mapping(entries) => place.merge(node, entries, annotations),
        _ => Err(place.error(node.line, "is not a mapping")),
    }
}

fn step_name(step: &Step) -> Option<&str> {
    match step {
        Step::Attribute(name) | Step::Key(name) => Some(name),
        Step::Index(_) => None,
    }
}

fn is_null(node: &Node) -> bool {
    match &node.content {
        Content::Scalar(text, plain) => scalar::resolve(text, *plain, node.tag.as_deref()).is_ok_and(|v| v.is_null()),
        _ => false,
    }
}

fn is_empty_mapping(node: &Node) -> bool {
    matches!(&node.content, Content::Mapping(entries) if entries.is_empty())
}

/// A place in the text.
struct Place<'a> {
    text: &'a str,
    syntax: &'a Syntax<'a>,
    path: &'a AttributePath,
}

impl<'a> Place<'a> {
    fn error(&self, line: usize, what: &str) -> ManifestError {
        let message = format!("no annotations can be inserted at {}: a part of it {what}", self.path);
        self.syntax.document.error(line, message)
    }

    /// Refuses a node that is shared.
    fn check(&self, node: &Node) -> Result<(), ManifestError> {
        if matches!(node.content, Content::Alias(_)) {
            return Err(self.error(node.line, "is an alias. Write it out"));
        }
        match node.anchor {
            Some(anchor) if self.syntax.document.aliased.contains(&anchor) => {
                Err(self.error(node.line, "has an anchor to which an alias refers. Write out the alias"))
            }
            _ => Ok(()),
        }
    }

    /// The effective entry for a key.
    fn entry(&self, entries: &'a [(Node, Node)], name: &str) -> Result<Option<(&'a Node, &'a Node)>, ManifestError> {
        for (key, value) in entries.iter().rev() {
            if is_merge_key(key) {
                if self.merges(value, name) {
                    return Err(self.error(key.line, "comes from a merge key. Write it out"));
                }
            } else if self.syntax.key_is(key, name) {
                return Ok(Some((key, value)));
            }
        }
        Ok(None)
    }

    /// Whether a merged mapping has the key.
    fn merges(&self, node: &Node, name: &str) -> bool {
        match &node.content {
            Content::Alias(anchor) => self.merges(self.syntax.anchors[anchor], name),
            Content::Sequence(items) => items.iter().any(|item| self.merges(item, name)),
            Content::Mapping(entries) => entries.iter().any(|(key, value)| {
                if is_merge_key(key) { self.merges(value, name) } else { self.syntax.key_is(key, name) }
            }),
            Content::Scalar(..) => false,
        }
    }

    fn colon(&self, key: &Node) -> Result<usize, ManifestError> {
        text::after_colon(self.text, key)
            .ok_or_else(|| self.error(key.line, "is written as `? key`. Write `key: value`"))
    }

    /// Replaces null or `{}` with the annotations, nested in the keys `keys`.
    fn fill(
        &self,
        parent: &Node,
        key: &Node,
        value: &Node,
        keys: &[&str],
        annotations: &Annotations,
    ) -> Result<Vec<Edit>, ManifestError> {
        let colon = self.colon(key)?;
        let range = match &value.content {
            Content::Mapping(_) => value.start..value.end,
            _ => text::scalar(colon, value).ok_or_else(|| self.error(value.line, "cannot be replaced"))?,
        };
        let written = &self.text[range.clone()];
        let line_end = text::line_end(self.text, range.end);
        let one_line = self.text[colon..line_end].find('\n').is_none();
        let is_braces = written.starts_with('{');
        let only_braces = is_braces && written[1..].trim_start().starts_with('}');
        if parent.is_flow || (is_braces && !(only_braces && one_line)) || (!is_braces && value.inner != value.start) {
            let flow = flow(keys, annotations);
            return Ok(vec![match &value.content {
                // Inside the braces, which may follow an anchor or a tag.
                Content::Mapping(_) => Edit::insert(value.inner + 1, flow_entries(keys, annotations)),
                _ if range.is_empty() => Edit::insert(range.start, format!(" {flow}")),
                _ => Edit::replace(range, flow),
            }]);
        }
        let indent = key.column + 2;
        let newline = text::newline(self.text, range.end);
        let lines = lines(keys, annotations, indent, newline);
        // A written null is removed with the space before it; a comment after it is kept.
        let lead = self.text[colon..range.start].len();
        Ok(vec![
            Edit::replace(range.start - lead..range.end, String::new()),
            Edit::insert(line_end, format!("{newline}{lines}")),
        ])
    }

    /// Inserts the annotations, nested in the keys `keys`, as the first entry of a mapping.
    fn insert(&self, mapping: &Node, entries: &[(Node, Node)], keys: &[&str], annotations: &Annotations) -> Edit {
        if mapping.is_flow {
            return self.insert_flow(mapping, entries.first(), &flow_entries(keys, annotations));
        }
        self.insert_lines(mapping, |indent, newline| lines(keys, annotations, indent, newline))
    }

    fn insert_flow(&self, mapping: &Node, first: Option<&(Node, Node)>, entries: &str) -> Edit {
        let brace = mapping.inner + 1;
        let Some((key, _)) = first else { return Edit::insert(brace, entries.to_owned()) };
        // As the first entry: on its own line if the present first entry is.
        let space = &self.text[brace..key.start];
        let (space, comma) = match space {
            "" => ("", ", "),
            space if space.chars().all(char::is_whitespace) => (space, ","),
            _ => (" ", ","),
        };
        Edit::insert(brace, format!("{space}{entries}{comma}"))
    }

    fn insert_lines(&self, mapping: &Node, lines: impl Fn(usize, &str) -> String) -> Edit {
        let newline = text::newline(self.text, mapping.inner);
        let lines = lines(mapping.column, newline);
        let mut start = text::line_start(self.text, mapping.inner);
        if !self.text[start..mapping.inner].trim_matches(' ').is_empty() {
            // The first entry follows a dash: the lines take its place, and precede it.
            let lines = lines.trim_start_matches(' ');
            let indent = " ".repeat(mapping.column);
            return Edit::insert(mapping.inner, format!("{lines}{newline}{indent}"));
        }
        // Before the comments on the first entry.
        while mapping.column > 0 && start > 0 {
            let above = text::line_start(self.text, start - 1);
            let line = self.text[above..start].trim();
            if !line.is_empty() && !line.starts_with('#') {
                break;
            }
            start = above;
        }
        Edit::insert(start, format!("{lines}{newline}"))
    }

    /// Replaces existing annotations of a mapping, and inserts the others.
    fn merge(
        &self,
        mapping: &Node,
        entries: &'a [(Node, Node)],
        annotations: &Annotations,
    ) -> Result<Vec<Edit>, ManifestError> {
        let mut edits = Vec::new();
        let mut missing = Annotations::new();
        for (name, value) in annotations {
            match self.entry(entries, name)? {
                Some((key, old)) => {
                    let colon = self.colon(key)?;
                    edits.extend(self.replace(colon, old, value)?);
                }
                None => {
                    missing.insert(name.clone(), value.clone());
                }
            }
        }
        if !missing.is_empty() {
            edits.push(self.insert(mapping, entries, &[], &missing));
        }
        Ok(edits)
    }

    fn replace(&self, colon: usize, old: &Node, value: &str) -> Result<Option<Edit>, ManifestError> {
        if old.anchor.is_some_and(|anchor| self.syntax.document.aliased.contains(&anchor)) {
            return Err(self.error(old.line, "has an anchor to which an alias refers. Write out the alias"));
        }
        let range: Range<usize> = text::scalar(colon, old)
            .ok_or_else(|| self.error(old.line, "is a mapping or a list where a string belongs"))?;
        let same = matches!(&old.content, Content::Scalar(text, false) if **text == *value && old.tag.is_none());
        if same {
            return Ok(None);
        }
        let space = if range.is_empty() { " " } else { "" };
        Ok(Some(Edit::replace(range, format!("{space}{}", quoted(value)))))
    }
}

/// `"annotations": {"key": "value"}`, with nested keys.
fn flow_entries(keys: &[&str], annotations: &Annotations) -> String {
    match keys.split_first() {
        Some((key, rest)) => format!("{}: {}", quoted(key), flow(rest, annotations)),
        None => {
            let entry = |(key, value): (&String, &String)| format!("{}: {}", quoted(key), quoted(value));
            annotations.iter().map(entry).collect::<Vec<_>>().join(", ")
        }
    }
}

fn flow(keys: &[&str], annotations: &Annotations) -> String {
    format!("{{{}}}", flow_entries(keys, annotations))
}

/// The same as lines of a block, without the last line break.
fn lines(keys: &[&str], annotations: &Annotations, indent: usize, newline: &str) -> String {
    let mut lines = Vec::new();
    for (depth, key) in keys.iter().enumerate() {
        lines.push(format!("{}{key}:", " ".repeat(indent + 2 * depth)));
    }
    let indent = " ".repeat(indent + 2 * keys.len());
    for (key, value) in annotations {
        lines.push(format!("{indent}{}: {}", plain_or_quoted(key), quoted(value)));
    }
    lines.join(newline)
}

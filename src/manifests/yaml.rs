//! Parses YAML and JSON into documents and nodes with their positions in the text.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Chain, Read},
    panic::{self, AssertUnwindSafe},
};

use libyaml_safer::{Event, EventData, MappingStyle, Mark, Parser, ScalarStyle};

use super::ManifestError;
use super::json::{Rewritten, rewrite};

/// The maximum length of text in bytes: ten times the size of the largest object in etcd.
pub const MAX_TEXT: usize = 16 << 20;
/// The maximum nesting depth of collections.
pub const MAX_DEPTH: usize = 128;
/// The maximum number of nodes. It bounds memory; real manifests of [`MAX_TEXT`] bytes have fewer.
const MAX_NODES: usize = 4_000_000;
/// The characters that end a line in YAML 1.1.
const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// A document that is not empty.
#[derive(Debug)]
pub struct Document {
    /// Counted from one, including documents with only comments.
    pub number: usize,
    pub root: Node,
    /// The anchors to which an alias refers.
    pub aliased: BTreeSet<usize>,
}

/// A scalar, a collection, or an alias.
#[derive(Debug)]
pub struct Node {
    pub content: Content,
    /// Byte offset of its start, including its anchor or tag.
    pub start: usize,
    /// Byte offset of its content, after anchor and tag.
    pub inner: usize,
    /// Byte offset of its end. For a block collection, the start of the next token.
    pub end: usize,
    /// Counted from one.
    pub line: usize,
    /// Characters before `inner` in its line.
    pub column: usize,
    /// Whether it is a collection in braces or brackets.
    pub is_flow: bool,
    /// The number of its anchor.
    pub anchor: Option<usize>,
    /// `str` for `!!str`; any other tag in full.
    pub tag: Option<Box<str>>,
}

/// The content of a node.
#[derive(Debug)]
pub enum Content {
    /// Its text, and whether it is plain: without quotes, and not a block scalar.
    Scalar(Box<str>, bool),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
    /// The number of the anchor.
    Alias(usize),
}

impl Document {
    /// An error about a line of this document.
    pub fn error(&self, line: usize, message: impl Into<String>) -> ManifestError {
        ManifestError::at(self.number, line, message)
    }
}

/// Parses all documents. Empty ones are counted and omitted.
///
/// # Errors
///
/// The text is not YAML, or exceeds a limit; the error has the document and the line.
pub fn documents(text: &str) -> Result<Vec<Document>, ManifestError> {
    if text.len() > MAX_TEXT {
        return Err(ManifestError::new(format!(
            "the text has {} bytes, but at most {MAX_TEXT} are allowed",
            text.len()
        )));
    }
    let text = text.trim_start_matches('\u{feff}');
    let rewritten = rewrite(text);
    // The parser panics at the end of a block scalar whose last line has no line break. A last line of blanks does not count.
    let lines = rewritten.text.trim_end_matches([' ', '\t']);
    let is_open = !lines.is_empty() && !lines.ends_with(BREAKS);
    let (lines, line_break) = if is_open { (&*rewritten.text, "\n") } else { (lines, "") };
    let mut parser = Parser::new();
    parser.set_input(lines.as_bytes().chain(line_break.as_bytes()));
    Reader {
        text,
        rewritten: &rewritten,
        is_open,
        parser,
        number: 0,
        line: 1,
        nodes: 0,
        last_anchor: 0,
        anchors: BTreeMap::new(),
        aliased: BTreeSet::new(),
    }
    .read()
}

/// Whether there are comments before the first `---`: they are a document of their own.
fn has_comment_in_front(text: &str) -> bool {
    text.lines().take_while(|line| !line.starts_with("---")).any(|line| line.trim_start().starts_with('#'))
}

struct Reader<'a> {
    text: &'a str,
    rewritten: &'a Rewritten<'a>,
    /// Whether a line break was added to the last line.
    is_open: bool,
    parser: Parser<Chain<&'a [u8], &'a [u8]>>,
    /// Of the current document.
    number: usize,
    /// The end of the last event.
    line: usize,
    nodes: usize,
    last_anchor: usize,
    /// The anchors of the current document so far: the last one with a name applies.
    anchors: BTreeMap<String, usize>,
    aliased: BTreeSet<usize>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<Vec<Document>, ManifestError> {
        let mut documents = Vec::new();
        loop {
            match self.next()?.data {
                EventData::StreamEnd => return Ok(documents),
                EventData::DocumentStart { implicit, .. } => {
                    let comments_first = self.number == 0 && !implicit && has_comment_in_front(self.text);
                    self.number += if comments_first { 2 } else { 1 };
                    self.anchors.clear();
                    let first = self.next()?;
                    let is_empty = is_empty(&first.data);
                    let root = self.node(first, 0)?;
                    let aliased = std::mem::take(&mut self.aliased);
                    if !is_empty {
                        documents.push(Document { number: self.number, root, aliased });
                    }
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Event, ManifestError> {
        // The parser panics at some tags and escapes. It is not used after a panic.
        let parsed = panic::catch_unwind(AssertUnwindSafe(|| self.parser.parse())).map_err(|_| {
            ManifestError::at(self.number.max(1), self.line, "not valid YAML: cannot be read from here")
        })?;
        let event = parsed.map_err(|error| {
            let at = error.problem_mark().map(|mark| self.offset(mark));
            let at = at.or_else(|| self.text.find(is_control)).unwrap_or(self.text.len());
            let line =
                self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
            let problem = match self.text.as_bytes().get(at) {
                Some(b'\t') => "a tab where only spaces can be",
                _ => error.problem(),
            };
            ManifestError::at(self.number.max(1), line, format!("not valid YAML: {problem}"))
        })?;
        self.line = self.line_of(event.end_mark);
        Ok(event)
    }

    fn error(&self, mark: Mark, message: impl Into<String>) -> ManifestError {
        ManifestError::at(self.number, self.line_of(mark), message)
    }

    /// Byte offset of a mark in the original text.
    fn offset(&self, mark: Mark) -> usize {
        self.text.len().min(self.rewritten.offset(mark.index as usize))
    }

    /// Line of a mark in the original text.
    fn line_of(&self, mark: Mark) -> usize {
        self.rewritten.line(mark.index as usize, mark.line as usize)
    }

    /// The node that starts with this event.
    fn node(&mut self, event: Event, depth: usize) -> Result<Node, ManifestError> {
        let Event { data, start_mark, end_mark, .. } = event;
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.error(start_mark, format!("the text has more than {MAX_NODES} values")));
        }
        if depth > MAX_DEPTH {
            return Err(self.error(start_mark, format!("the text nests deeper than {MAX_DEPTH} levels")));
        }
        let (start, mut end) = (self.offset(start_mark), self.offset(end_mark));
        // For a block collection, the start of its first entry; for a flow collection, after its brace.
        let flow =
            |is_flow: bool| (end - usize::from(is_flow), end_mark.column as usize - usize::from(is_flow), is_flow);
        let (inner, column, is_flow) = match &data {
            EventData::MappingStart { style, .. } => flow(*style == MappingStyle::Flow && end > start),
            _ => (start, start_mark.column as usize, false),
        };
        let (content, anchor, tag) = match data {
            EventData::Scalar { anchor, tag, mut value, style, .. } => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    if self.is_open && end == self.text.len() && value.ends_with('\n') {
                        value.pop();
                    }
                    end = self.end_of_block(start, end);
                }
                let is_plain = !matches!(
                    style,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted | ScalarStyle::Literal | ScalarStyle::Folded
                );
                (Content::Scalar(value.into(), is_plain), self.anchor(anchor), tag)
            }
            EventData::Alias { anchor } => {
                let Some(&number) = self.anchors.get(&anchor) else {
                    return Err(self.error(
                        start_mark,
                        format!("there is no anchor {anchor:?} before this alias in the document"),
                    ));
                };
                self.aliased.insert(number);
                (Content::Alias(number), None, None)
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                let anchor = self.anchor(anchor);
                let mut items = Vec::new();
                loop {
                    let event = self.next()?;
                    if event.data == EventData::SequenceEnd {
                        end = self.offset(event.end_mark);
                        break (Content::Sequence(items), anchor, tag);
                    }
                    items.push(self.node(event, depth + 1)?);
                }
            }
            EventData::MappingStart { anchor, tag, .. } => {
                let anchor = self.anchor(anchor);
                let mut entries = Vec::new();
                loop {
                    let event = self.next()?;
                    if event.data == EventData::MappingEnd {
                        end = self.offset(event.end_mark);
                        break (Content::Mapping(entries), anchor, tag);
                    }
                    let key = self.node(event, depth + 1)?;
                    let event = self.next()?;
                    entries.push((key, self.node(event, depth + 1)?));
                }
            }
            _ => return Err(self.error(start_mark, "not valid YAML: expected a value")),
        };
        let tag = tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(&tag).into());
        let line = self.line_of(start_mark);
        Ok(Node { content, start, inner, end, line, column, is_flow, anchor, tag })
    }

    /// Registers an anchor.
    fn anchor(&mut self, name: Option<String>) -> Option<usize> {
        self.last_anchor += 1;
        self.anchors.insert(name?, self.last_anchor);
        Some(self.last_anchor)
    }

    /// The end of the last line with content of a block scalar: the parser's end is after the blank lines that follow.
    fn end_of_block(&self, start: usize, end: usize) -> usize {
        let content = self.text.get(start..end).unwrap_or_default().trim_end().len();
        let rest = &self.text[start + content..];
        start + content + rest.find(['\r', '\n']).unwrap_or(rest.len())
    }
}

/// Whether the document has no node.
fn is_empty(data: &EventData) -> bool {
    matches!(data, EventData::Scalar { value, style: ScalarStyle::Plain, anchor: None, tag: None, .. } if value.is_empty())
}

/// Whether YAML does not allow the character in text.
fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

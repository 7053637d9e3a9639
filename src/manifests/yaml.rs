//! YAML and JSON as syntax: documents, nodes, and where in the text they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Chain, Read},
    panic::{self, AssertUnwindSafe},
};

use libyaml_safer::{Event, EventData, MappingStyle, Mark, Parser, ScalarStyle};

use super::ManifestError;
use super::json::{Rewritten, rewrite};

/// The most bytes of text: more than etcd lets a cluster store in one object, ten times over.
pub const MAX_TEXT: usize = 16 << 20;
/// How deep collections may nest.
pub const MAX_DEPTH: usize = 128;
/// The most nodes that text may have: a bound for memory that a manifest of [`MAX_TEXT`] bytes does not reach.
const MAX_NODES: usize = 4_000_000;
/// The characters that end a line in YAML 1.1.
const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// A document with something in it.
#[derive(Debug)]
pub struct Document {
    /// Counted from one, with the documents that have nothing but comments.
    pub number: usize,
    pub root: Node,
    /// The anchors to which an alias refers.
    pub aliased: BTreeSet<usize>,
}

/// A scalar, a collection, or an alias of one.
#[derive(Debug)]
pub struct Node {
    pub content: Content,
    /// Byte offset of its first character, that of its anchor or tag if it has one.
    pub start: usize,
    /// Byte offset behind its properties: of the first character of what it holds.
    pub inner: usize,
    /// Byte offset of its end. Of a block collection it is where the next token begins.
    pub end: usize,
    /// Counted from one.
    pub line: usize,
    /// Characters in front of `inner` in its line.
    pub column: usize,
    /// True for a collection in braces or brackets.
    pub is_flow: bool,
    /// The number of its anchor.
    pub anchor: Option<usize>,
    /// `str` for `!!str`; any other tag in full.
    pub tag: Option<Box<str>>,
}

/// What a node holds.
#[derive(Debug)]
pub enum Content {
    /// Its text, and whether it was written without quotes and not as a block.
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

/// Reads all documents. Those with nothing in them are counted and left out.
///
/// # Errors
///
/// Text that is not YAML, and text beyond the bounds: with the document and the line.
pub fn documents(text: &str) -> Result<Vec<Document>, ManifestError> {
    if text.len() > MAX_TEXT {
        return Err(ManifestError::new(format!("the text has {} bytes, and may have {MAX_TEXT}", text.len())));
    }
    let text = text.trim_start_matches('\u{feff}');
    let rewritten = rewrite(text);
    // The parser panics at the end of a block scalar whose last line has no line break. A last line of blanks is none.
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

/// True when there are comments before the first `---`: they are a document of their own.
fn has_comment_in_front(text: &str) -> bool {
    text.lines().take_while(|line| !line.starts_with("---")).any(|line| line.trim_start().starts_with('#'))
}

struct Reader<'a> {
    text: &'a str,
    rewritten: &'a Rewritten<'a>,
    /// The last line has no line break, and the parser got one.
    is_open: bool,
    parser: Parser<Chain<&'a [u8], &'a [u8]>>,
    /// Of the current document.
    number: usize,
    /// Where the last event ended.
    line: usize,
    nodes: usize,
    last_anchor: usize,
    /// The anchors of the current document so far: a name means the last one with it.
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
        // The parser panics at some tags and escapes. It is not used again after that.
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

    /// Byte offset of a mark, in the text as it was given.
    fn offset(&self, mark: Mark) -> usize {
        self.text.len().min(self.rewritten.offset(mark.index as usize))
    }

    /// Line of a mark, in the text as it was given.
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
        // Of a block, where its first entry begins; of a flow, behind its brace.
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

    /// The end of the last line with content of a block scalar: the parser's is behind the blank lines that follow.
    fn end_of_block(&self, start: usize, end: usize) -> usize {
        let content = self.text.get(start..end).unwrap_or_default().trim_end().len();
        let rest = &self.text[start + content..];
        start + content + rest.find(['\r', '\n']).unwrap_or(rest.len())
    }
}

/// True for a document without a node.
fn is_empty(data: &EventData) -> bool {
    matches!(data, EventData::Scalar { value, style: ScalarStyle::Plain, anchor: None, tag: None, .. } if value.is_empty())
}

/// True for what YAML does not allow in the text.
fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

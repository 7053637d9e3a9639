//! Positions that the parser does not report: colons, lines, and space.

use std::ops::Range;

use super::super::yaml::{Content, Node};

/// The byte offset after the colon of a key; `None` without a colon, as in `? key`.
pub fn after_colon(text: &str, key: &Node) -> Option<usize> {
    let at = skip_space(text, key.end);
    (text.as_bytes().get(at) == Some(&b':')).then_some(at + 1)
}

/// The bytes of a scalar or an alias after the colon at `colon`, with its anchor and tag. Empty for an unwritten null, `None`
/// for a collection.
pub fn scalar(colon: usize, node: &Node) -> Option<Range<usize>> {
    match &node.content {
        Content::Sequence(_) | Content::Mapping(_) => None,
        _ if node.start == node.end => Some(colon..colon),
        _ => Some(node.start..node.end),
    }
}

/// The offset after spaces, line breaks and comments.
fn skip_space(text: &str, mut at: usize) -> usize {
    loop {
        at = text.len() - text[at..].trim_start().len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at = line_end(text, at);
    }
}

/// The offset of the line that `at` is in.
pub fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The offset of the end of the line that `at` is in, before its line break.
pub fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    if end > at && text[..end].ends_with('\r') { end - 1 } else { end }
}

/// The line break of the text at `at`, or else before it.
pub fn newline(text: &str, at: usize) -> &'static str {
    let newline = text[at..].find('\n').map(|newline| at + newline).or_else(|| text[..at].rfind('\n'));
    if newline.is_some_and(|newline| text[..newline].ends_with('\r')) { "\r\n" } else { "\n" }
}

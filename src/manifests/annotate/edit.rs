//! Edits of YAML text, by byte offset.

use std::ops::Range;

/// Replaces a range with text; an empty range inserts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl Edit {
    pub fn insert(at: usize, text: String) -> Self {
        Self { start: at, end: at, text }
    }

    pub fn replace(range: Range<usize>, text: String) -> Self {
        Self { start: range.start, end: range.end, text }
    }
}

/// Applies edits that do not overlap.
pub fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort();
    let mut result = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut done = 0;
    for edit in edits {
        result.push_str(text.get(done..edit.start).unwrap_or_default());
        result.push_str(&edit.text);
        done = done.max(edit.end);
    }
    result.push_str(&text[done..]);
    result
}

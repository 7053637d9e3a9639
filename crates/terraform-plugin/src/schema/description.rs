//! Markdown descriptions from doc comments: one line per paragraph.
//!
//! Doc comments are wrapped in the code. Editors show every line break of a description, so only those that are significant in
//! Markdown are kept.

/// `text` with the lines of each paragraph, and of each item of a list, joined by a space.
///
/// Code blocks, tables, headings, quotes and explicit line breaks keep their lines.
pub fn paragraphs(text: &str) -> String {
    let mut joined = String::new();
    let mut fence = None;
    let mut previous = Line::Blank;
    for text in text.trim().lines() {
        let line = match fence {
            Some(marker) => {
                if text.trim_start().starts_with(marker) {
                    fence = None;
                }
                Line::Verbatim
            }
            None => {
                fence = ["```", "~~~"].into_iter().find(|marker| text.trim_start().starts_with(marker));
                if fence.is_some() { Line::Verbatim } else { Line::of(text, previous) }
            }
        };
        if line == Line::Continuation {
            joined.push(' ');
            joined.push_str(text.trim_start());
        } else {
            if !joined.is_empty() {
                joined.push('\n');
            }
            joined.push_str(text);
        }
        // Two spaces or a backslash at the end are an explicit line break.
        let ends = line == Line::Verbatim || text.ends_with("  ") || text.ends_with('\\');
        previous = match line {
            Line::Blank => Line::Blank,
            _ if ends => Line::Verbatim,
            _ => Line::Text,
        };
        let kept = joined.trim_end_matches([' ', '\t']).len();
        if !ends {
            joined.truncate(kept);
        }
    }
    joined
}

/// The role of a line in its paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Blank,
    /// The first line of a paragraph or of an item of a list.
    Text,
    /// A further line of a paragraph or of an item of a list.
    Continuation,
    /// A line that is not joined with the next one.
    Verbatim,
}

impl Line {
    fn of(line: &str, previous: Self) -> Self {
        let text = line.trim_start();
        let is_code = line.starts_with("    ") || line.starts_with('\t');
        if text.is_empty() {
            Self::Blank
        } else if text.starts_with(['#', '|', '>']) || (is_code && previous != Self::Text && !is_item(text)) {
            Self::Verbatim
        } else if is_item(text) || previous != Self::Text {
            Self::Text
        } else {
            Self::Continuation
        }
    }
}

/// Whether a line begins a list item: `- a`, `* a`, `+ a`, `1. a` or `1) a`.
fn is_item(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let marker =
        if digits.len() < text.len() { digits.strip_prefix(['.', ')']) } else { text.strip_prefix(['-', '*', '+']) };
    marker.is_some_and(|rest| rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_joined() {
        for (text, expected) in [
            ("One\nsentence.", "One sentence."),
            ("  One \n  sentence.  \n", "One sentence."),
            ("First\nparagraph.\n\nSecond\none.", "First paragraph.\n\nSecond one."),
            ("Either:\n- a\n  b\n- c\n\nEnd.", "Either:\n- a b\n- c\n\nEnd."),
            ("1. a\nb\n2) c\n   d", "1. a b\n2) c d"),
            ("- a\n    - b\n      c\n- d", "- a\n    - b c\n- d"),
            ("-1 is\nnot an item, and 20.\n20.5 neither", "-1 is not an item, and 20. 20.5 neither"),
            ("Code:\n\n```hcl\na = 1\nb = 2\n```\nafter\nit", "Code:\n\n```hcl\na = 1\nb = 2\n```\nafter it"),
            ("Code:\n\n    a = 1\n    b = 2\n\nEnd\nof it.", "Code:\n\n    a = 1\n    b = 2\n\nEnd of it."),
            ("A\n    continuation.", "A continuation."),
            ("# Title\nText\nof it.", "# Title\nText of it."),
            ("| a | b |\n| - | - |\n| 1 | 2 |", "| a | b |\n| - | - |\n| 1 | 2 |"),
            ("> a\n> b", "> a\n> b"),
            ("a  \nb\\\nc\nd", "a  \nb\\\nc d"),
            ("", ""),
        ] {
            let joined = paragraphs(text);
            assert_eq!(joined, expected, "{text:?}");
            assert_eq!(paragraphs(&joined), joined, "{text:?} a second time");
        }
    }
}

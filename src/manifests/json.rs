//! Rewrites JSON that YAML does not allow: objects that follow one another without a marker, and surrogate pairs.
//!
//! kubectl reads text that begins with a brace as a stream of JSON objects. libyaml requires `---` between documents, and refuses
//! surrogate pairs, with which JSON escapes characters above U+FFFF. So both are rewritten before parsing, and positions are
//! converted back.

use std::borrow::Cow;

const MARKER: &str = "\n---\n";

/// Text that libyaml reads as kubectl reads the original.
#[derive(Debug)]
pub struct Rewritten<'a> {
    pub text: Cow<'a, str>,
    shifts: Vec<Shift>,
}

/// The shift between the original and the rewritten text, from an offset in the rewritten text on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Shift {
    from: usize,
    /// Removed bytes minus added bytes.
    bytes: isize,
    /// Added lines.
    lines: usize,
}

/// A part of the original that is replaced.
struct Replaced {
    at: usize,
    len: usize,
    with: Cow<'static, str>,
}

impl Rewritten<'_> {
    /// The offset in the original.
    pub fn offset(&self, offset: usize) -> usize {
        offset.saturating_add_signed(self.shift(offset).bytes)
    }

    /// The line in the original, counted from one, for an offset and a line, counted from zero, in the rewritten text.
    pub fn line(&self, offset: usize, line: usize) -> usize {
        line + 1 - self.shift(offset).lines
    }

    fn shift(&self, offset: usize) -> Shift {
        let after = self.shifts.partition_point(|shift| shift.from <= offset);
        after.checked_sub(1).map_or_else(Shift::default, |last| self.shifts[last])
    }
}

/// Rewrites JSON objects. Everything else, including YAML in braces, is unchanged.
pub fn rewrite(text: &str) -> Rewritten<'_> {
    let mut replaced = Vec::new();
    let mut document = 0;
    loop {
        let start = skip_space(text, document);
        let mut pairs = Vec::new();
        if let Some(end) = object_end(text, start, &mut pairs) {
            replaced.append(&mut pairs);
            let next = skip_space(text, end);
            if text[next..].starts_with('{') {
                replaced.push(Replaced { at: next, len: 0, with: MARKER.into() });
                document = next;
                continue;
            }
            document = end;
        }
        match behind_marker(text, document) {
            Some(behind) => document = behind,
            None => return apply(text, replaced),
        }
    }
}

fn apply(text: &str, replaced: Vec<Replaced>) -> Rewritten<'_> {
    if replaced.is_empty() {
        return Rewritten { text: text.into(), shifts: Vec::new() };
    }
    let (mut rewritten, mut shifts, mut done) = (String::with_capacity(text.len()), Vec::new(), 0);
    let mut lines = 0;
    for Replaced { at, len, with } in replaced {
        rewritten.push_str(&text[done..at]);
        rewritten.push_str(&with);
        done = at + len;
        lines += with.matches('\n').count();
        let from = rewritten.len();
        // Both are lengths in memory.
        shifts.push(Shift { from, bytes: done as isize - from as isize, lines });
    }
    rewritten.push_str(&text[done..]);
    Rewritten { text: rewritten.into(), shifts }
}

fn skip_space(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// The offset after the next `---` at the start of a line, which always ends a document.
fn behind_marker(text: &str, at: usize) -> Option<usize> {
    let is_line_start = at == 0 || text[..at].ends_with('\n');
    if is_line_start && text[at..].starts_with("---") {
        return Some(at + 3);
    }
    text[at..].find("\n---").map(|newline| at + newline + 4)
}

/// The end of the JSON object at `start`, and the surrogate pairs in its strings. `None` if it is not JSON.
fn object_end(text: &str, start: usize, pairs: &mut Vec<Replaced>) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(start) != Some(&b'{') {
        return None;
    }
    let (mut at, mut depth, mut in_string) = (start, 0_usize, false);
    loop {
        match (in_string, bytes.get(at)?) {
            (true, b'"') => in_string = false,
            (true, b'\\') => {
                if let Some(c) = surrogate_pair(&bytes[at..]) {
                    pairs.push(Replaced { at, len: PAIR, with: c.to_string().into() });
                    at += PAIR;
                    continue;
                }
                at += 1;
            }
            (true, b'\n') => return None,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            (false, b'\'' | b'#') => return None,
            (false, b'\n') if bytes[at..].starts_with(b"\n---") => return None,
            (false, _) => {}
        }
        at += 1;
    }
}

/// Length of two escapes: `\ud83d\ude00`.
const PAIR: usize = 12;

fn surrogate_pair(bytes: &[u8]) -> Option<char> {
    let unit = |bytes: &[u8]| {
        let digits = std::str::from_utf8(bytes.strip_prefix(b"\\u")?).ok()?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let units = [unit(bytes.get(..6)?)?, unit(bytes.get(6..PAIR)?)?];
    let mut decoded = char::decode_utf16(units);
    decoded.next()?.ok().filter(|c| c.len_utf16() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_rewritten_and_yaml_is_not() {
        for (text, expected) in [
            (r#"{"a": "\ud83d\ude00 \u00e4 \\ud83d\ude00"}"#, Some("{\"a\": \"\u{1f600} \\u00e4 \\\\ud83d\\ude00\"}")),
            ("{}{}", Some("{}\n---\n{}")),
            ("{\"a\": [{}]}\n\n {\"b\": \"}\"}\n", Some("{\"a\": [{}]}\n\n \n---\n{\"b\": \"}\"}\n")),
            ("a: b\n---\n{}\n{}\n---\nc: d\n", Some("a: b\n---\n{}\n\n---\n{}\n---\nc: d\n")),
            ("{}\n---\n{}\n", None),
            ("{a: 'x'} {}", None),
            ("{\n---\n{", None),
            ("a: '\\ud83d\\ude00'\n", None),
            ("a: |\n  {\"b\": \"\\ud83d\\ude00\"}\n", None),
            (r#"{"a": "\ud83d"}"#, None),
            (r#"{"a": "\ude00\ud83d"}"#, None),
            ("", None),
        ] {
            let rewritten = rewrite(text);
            assert_eq!(rewritten.text, expected.unwrap_or(text), "{text}");
        }
    }

    #[test]
    fn positions_are_those_of_the_original() {
        let text = "{\"a\": \"\\ud83d\\ude00\"}\n{\"b\": \"\\ud83d\\ude00 end\"}";
        let rewritten = rewrite(text);
        for (part, line) in [("\"a\"", 1), ("\"b\"", 2), ("end", 2)] {
            let at = rewritten.text.find(part).unwrap();
            assert_eq!(rewritten.offset(at), text.find(part).unwrap(), "{part}");
            let rewritten_line = rewritten.text[..at].matches('\n').count();
            assert_eq!(rewritten.line(at, rewritten_line), line, "{part}");
        }
    }
}

//! Makes strings safe to show in a terminal and in a log.
//!
//! Text from a server, a registry, a program or a file may repeat a secret of the request, move the cursor, reverse the
//! reading direction or fill the screen. Every string from outside passes through this crate:
//!
//! | function | for | removes |
//! | --- | --- | --- |
//! | [`quote`] | a part of a message that comes from outside, where it enters an error | secrets, line breaks, control characters, characters beyond a limit |
//! | [`show`] | a whole message, where it leaves the process (diagnostic, log line, progress, panic) | secrets, control characters other than line breaks |
//!
//! Both remove every secret that was passed to [`remember`]. The list of secrets is global, because a panic or a log line
//! does not know which call it comes from. Code that sends or receives a secret calls [`remember`], so that a new way to
//! configure one needs no further code.
//!
//! ```
//! safe_text::remember("correct horse");
//! let said = "no user \u{1b}[31mjoe\nwith password=correct+horse";
//! assert_eq!(safe_text::quote(said, 300), r"no user \u{1b}[31mjoe with password=(redacted)");
//! ```
//!
//! It does not find secrets that were never remembered. Values of the state do not pass through it.

#![forbid(unsafe_code)]

mod encodings;
mod secrets;

use std::sync::{LazyLock, PoisonError, RwLock};

use self::secrets::Secrets;

/// Characters of a quoted string that are enough for an error message.
pub const QUOTE_LIMIT: usize = 500;

/// Characters of a whole message. Terraform shows all of it.
const SHOW_LIMIT: usize = 64 << 10;

/// Bytes of a string that are read for each character shown.
const LOOK_AHEAD: usize = 256 << 10;

static SECRETS: LazyLock<RwLock<Secrets>> = LazyLock::new(RwLock::default);

/// Removes `secret` from every string from now on. One character is not a secret, and is ignored.
///
/// It is kept in memory until the process ends.
pub fn remember(secret: &str) {
    let is_known = SECRETS.read().unwrap_or_else(PoisonError::into_inner).has(secret);
    if !is_known {
        SECRETS.write().unwrap_or_else(PoisonError::into_inner).remember(secret);
    }
}

/// A string from outside as a part of one line: without secrets, white space as single spaces, control characters
/// escaped, at most `limit` characters and `...`.
pub fn quote(text: &str, limit: usize) -> String {
    let text = without_secrets(cut(text, LOOK_AHEAD));
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        escape(word, &mut line);
    }
    match line.char_indices().nth(limit) {
        None => line,
        Some((end, _)) => format!("{}...", &line[..end]),
    }
}

/// [`quote`] for bytes that should be UTF-8.
pub fn quote_bytes(bytes: &[u8], limit: usize) -> String {
    quote(&String::from_utf8_lossy(&bytes[..bytes.len().min(LOOK_AHEAD)]), limit)
}

/// A whole message: without secrets, control characters other than line breaks and tabs escaped, at most 64 Ki characters.
pub fn show(text: &str) -> String {
    let text = without_secrets(cut(text, 4 * SHOW_LIMIT));
    let mut shown = String::with_capacity(text.len());
    for (i, line) in text.replace("\r\n", "\n").split('\n').enumerate() {
        if i > 0 {
            shown.push('\n');
        }
        for (i, cell) in line.split('\t').enumerate() {
            if i > 0 {
                shown.push('\t');
            }
            escape(cell, &mut shown);
        }
    }
    match shown.char_indices().nth(SHOW_LIMIT) {
        None => shown,
        Some((end, _)) => format!("{}...", &shown[..end]),
    }
}

fn without_secrets(text: &str) -> String {
    SECRETS.read().unwrap_or_else(PoisonError::into_inner).redact(text)
}

/// The first bytes of a string, cut at a character boundary.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    &text[..end]
}

fn escape(text: &str, escaped: &mut String) {
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
}

/// Characters that change how others are shown: reading direction, line and paragraph separators, annotations, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quote_is_one_line_of_visible_characters() {
        for (text, expected) in [
            ("denied", "denied"),
            (" de\u{1b}[31mnied\r\n\tby\u{7}\u{9b}0m policy ", r"de\u{1b}[31mnied by\u{7}\u{9b}0m policy"),
            ("\u{202e}txt.exe\u{2069}", r"\u{202e}txt.exe\u{2069}"),
            ("镜像不存在 é 👩‍💻", "镜像不存在 é 👩‍💻"),
            ("", ""),
        ] {
            assert_eq!(quote(text, 300), expected);
        }
    }

    #[test]
    fn quote_is_bounded() {
        for (text, expected) in [
            ("界".repeat(300), "界".repeat(300)),
            ("x".repeat(4 << 20), "x".repeat(300) + "..."),
            ("\u{1b}".repeat(4 << 20), r"\u{1b}".repeat(50) + "..."),
        ] {
            assert_eq!(quote(&text, 300), expected);
        }
        assert_eq!(quote_bytes(&[b'a', 0xff, b'b'], 300), "a\u{fffd}b");
    }

    #[test]
    fn show_keeps_line_breaks() {
        let text = "Events:\r\n\tWarning: \u{1b}]0;title\u{7}\rx\n";
        assert_eq!(show(text), "Events:\n\tWarning: \\u{1b}]0;title\\u{7}\\u{d}x\n");
        assert_eq!(show(&"x".repeat(1 << 20)).len(), SHOW_LIMIT + 3);
    }

    #[test]
    fn remembered_secrets_are_removed_everywhere() {
        remember("s3cret-of-this-test");
        assert_eq!(quote("is s3cret-of-this-test", 300), "is (redacted)");
        assert_eq!(show("is\ns3cret-of-this-test"), "is\n(redacted)");
    }
}

//! Finds secrets in a string, plain or encoded.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::encodings::{ends_encoded, units};

/// Replaces a secret.
const PLACEHOLDER: &str = "(redacted)";

/// Shorter secrets also occur inside ordinary words: they are removed only where they are whole words.
const ALONE_BELOW: usize = 6;

/// The first bytes of a secret that was cut off are removed if they are at least this many.
const BEGINNING: usize = 16;

/// Base64 of a part of a secret is removed if it has at least this many characters.
const SHORTEST_BASE64: usize = 7;

/// Secrets and their encoded forms.
#[derive(Default)]
pub(crate) struct Secrets {
    known: HashSet<Box<str>>,
    /// By their first byte.
    patterns: Vec<Vec<Pattern>>,
}

struct Pattern {
    bytes: Box<[u8]>,
    alone: bool,
}

impl Secrets {
    pub(crate) fn has(&self, secret: &str) -> bool {
        secret.chars().nth(1).is_none() || self.known.contains(secret)
    }

    pub(crate) fn remember(&mut self, secret: &str) {
        if self.has(secret) {
            return;
        }
        self.known.insert(secret.into());
        self.patterns.resize_with(256, Vec::new);
        let alone = secret.chars().count() < ALONE_BELOW;
        self.add(secret.as_bytes(), alone);
        if alone {
            self.add(STANDARD.encode(secret).as_bytes(), true);
            return;
        }
        for offset in 0..3 {
            let padded = [&vec![0; offset], secret.as_bytes()].concat();
            // The characters that depend on the secret alone, not on the bytes before and after it.
            let (start, end) = ((8 * offset).div_ceil(6), 8 * padded.len() / 6);
            if end - start >= SHORTEST_BASE64 {
                let standard = STANDARD.encode(&padded);
                let url_safe = URL_SAFE.encode(&padded);
                self.add(&standard.as_bytes()[start..end], false);
                if url_safe != standard {
                    self.add(&url_safe.as_bytes()[start..end], false);
                }
            }
        }
    }

    fn add(&mut self, bytes: &[u8], alone: bool) {
        self.patterns[usize::from(bytes[0])].push(Pattern { bytes: bytes.into(), alone });
    }

    /// `text` with a placeholder for each secret in it.
    pub(crate) fn redact(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let (mut redacted, mut kept, mut at) = (String::new(), 0, 0);
        while at < bytes.len() && !self.known.is_empty() {
            match self.find(bytes, at).filter(|end| text.is_char_boundary(at) && text.is_char_boundary(*end)) {
                Some(end) => {
                    redacted.push_str(&text[kept..at]);
                    redacted.push_str(PLACEHOLDER);
                    (kept, at) = (end, end);
                }
                None => at += 1,
            }
        }
        redacted + &text[kept..]
    }

    /// The end of the longest secret that begins at `at`.
    fn find(&self, text: &[u8], at: usize) -> Option<usize> {
        let first = units(&text[at..]);
        let patterns = first.iter().flat_map(|unit| &self.patterns[usize::from(unit.bytes()[0])]);
        let ends = patterns.filter_map(|pattern| {
            let (matched, end) = longest_match(&pattern.bytes, text, at);
            let found = matched == pattern.bytes.len() || matched >= BEGINNING;
            (found && (!pattern.alone || stands_alone(text, at, end))).then_some(end)
        });
        ends.max()
    }
}

/// How many bytes of `pattern` are at `at`, and where they end.
fn longest_match(pattern: &[u8], text: &[u8], at: usize) -> (usize, usize) {
    let mut longest = (0, at);
    let mut open = vec![(0, at)];
    let mut branched = HashSet::new();
    while let Some((matched, at)) = open.pop() {
        longest = longest.max((matched, at));
        if matched == pattern.len() {
            break;
        }
        let units = units(&text[at..]);
        if units.len() > 1 && !branched.insert((matched, at)) {
            continue;
        }
        // `open` is a stack: decodings are pushed last, to be tried before the unencoded character.
        let fits = units.iter().rev().filter(|unit| pattern[matched..].starts_with(unit.bytes()));
        open.extend(fits.map(|unit| (matched + unit.bytes().len(), at + unit.consumed)));
    }
    longest
}

fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
    let before = &text[..start];
    let begins = before.last().is_none_or(|byte| !is_word(*byte)) || ends_encoded(before);
    begins && text.get(end).is_none_or(|byte| !is_word(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secrets(secrets: &[&str]) -> Secrets {
        let mut all = Secrets::default();
        secrets.iter().for_each(|secret| all.remember(secret));
        all
    }

    #[test]
    fn secret_is_removed_in_every_encoding() {
        let secret = "p@ss/w\"o\\rd é<1>";
        let redact = |text: &str| secrets(&[secret]).redact(text);
        for (case, text) in [
            ("plain", secret.to_owned()),
            ("JSON", r#"p@ss/w\"o\\rd é<1>"#.to_owned()),
            ("JSON of Go", r#"p@ss/w\"o\\rd \u00e9\u003c1\u003e"#.to_owned()),
            ("JSON of PHP", r#"p@ss\/w\"o\\rd \u00e9<1>"#.to_owned()),
            ("JSON in JSON", r#"p@ss/w\\\"o\\\\rd \\u00e9<1>"#.to_owned()),
            ("a URL", "p%40ss%2Fw%22o%5Crd%20%C3%A9%3C1%3E".to_owned()),
            ("a form", "p%40ss%2fw%22o%5crd+%c3%a9%3c1%3e".to_owned()),
            ("a URL in a URL", "p%2540ss%252Fw%2522o%255Crd%2520%25C3%25A9%253C1%253E".to_owned()),
            ("HTML", "p@ss/w&quot;o\\rd é&lt;1&gt;".to_owned()),
            ("Debug", r#"p@ss/w\"o\\rd \u{e9}<1>"#.to_owned()),
        ] {
            assert_eq!(redact(&format!("bad: '{text}'!")), "bad: '(redacted)'!", "{case}");
        }
        for before in ["", "u", "us", "joe:"] {
            for engine in [STANDARD, URL_SAFE] {
                let text = redact(&format!("Basic {}", engine.encode(format!("{before}{secret}:rest"))));
                assert!(text.contains("(redacted)") && text.len() < 35, "{before}: {text}");
            }
        }
    }

    #[test]
    fn short_secret_is_removed_where_it_stands_alone() {
        for (text, expected) in [
            ("code 123 for 1234", "code (redacted) for 1234"),
            ("x123", "x123"),
            ("TokenCode=123", "TokenCode=(redacted)"),
            ("a%3D123%26b", "a%3D(redacted)%26b"),
            (r#"{\"code\":\"123\"}"#, r#"{\"code\":\"(redacted)\"}"#),
            (r"a\n123", r"a\n(redacted)"),
            ("code MTIz", "code (redacted)"),
            ("é123", "é123"),
        ] {
            assert_eq!(secrets(&["123"]).redact(text), expected);
        }
    }

    #[test]
    fn longest_secret_and_cut_off_beginning_are_removed() {
        let long = "PHNhbWxwOlJlc3BvbnNlIHhtbG5zOnNhbWxwPSJ1cm46b2FzaXM6bmFtZXM";
        for (text, expected) in [
            ("hunter22", "(redacted)"),
            ("hunter2 hunter22hunter2", "(redacted) (redacted)(redacted)"),
            ("hunter", "hunter"),
            (&format!("invalid '{}...'", &long[..30]), "invalid '(redacted)...'"),
            ("", ""),
        ] {
            assert_eq!(secrets(&["hunter2", "hunter22", long, "", "h"]).redact(text), expected);
        }
    }

    #[test]
    fn backslashes_take_polynomial_time() {
        let secret = "\\".repeat(200);
        assert!(secrets(&[&secret]).redact(&"\\".repeat(5_000)).len() < 2_000);
    }

    proptest! {
        #[test]
        fn no_string_keeps_a_secret_or_panics(before in ".{0,20}", secret in ".{6,40}", after in ".{0,20}") {
            let redacted = secrets(&[&secret]).redact(&format!("{before}{secret}{after}"));
            prop_assert!(!redacted.contains(&secret) || PLACEHOLDER.contains(&secret));
        }

        #[test]
        fn json_and_url_forms_are_found(secret in "[ -~é]{6,30}") {
            let json = secret.chars().map(|c| format!("\\u{:04x}", c as u32)).collect::<String>();
            let url = secret.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            for text in [json, url] {
                prop_assert_eq!(secrets(&[&secret]).redact(&text), PLACEHOLDER);
            }
        }
    }
}

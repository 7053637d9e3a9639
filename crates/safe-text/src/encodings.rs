//! Encodings of a string inside another: JSON, URL or form, HTML, `Debug`, and combinations of them.

/// One character of a string in some encoding: the bytes that it stands for, and how many bytes encode it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    bytes: [u8; 4],
    length: usize,
    pub(crate) consumed: usize,
}

impl Unit {
    fn byte(byte: u8, consumed: usize) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1, consumed }
    }

    fn char(c: char, consumed: usize) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        Self { bytes, length, consumed }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The possible decodings of the beginning of `text`; the unencoded one comes last.
pub(crate) fn units(text: &[u8]) -> Vec<Unit> {
    let mut units = Vec::new();
    match text {
        [] => return units,
        [b'%', ..] => units.extend(percent(text)),
        [b'+', ..] => units.push(Unit::byte(b' ', 1)),
        [b'&', ..] => units.extend(entity(text)),
        [b'\\', ..] => backslashes(text, &mut units),
        _ => {}
    }
    units.push(Unit::byte(text[0], 1));
    units
}

/// Whether `text` ends with an encoded character, so that its last letter or digit is a part of an escape.
pub(crate) fn ends_encoded(text: &[u8]) -> bool {
    (1..=text.len().min(12)).any(|length| {
        let end = &text[text.len() - length..];
        matches!(end[0], b'%' | b'\\') && units(end).iter().any(|unit| unit.consumed == length && length > 1)
    })
}

/// `%41`, and `%2541` where that was encoded again.
fn percent(text: &[u8]) -> Option<Unit> {
    let (digits, consumed) = match text {
        [b'%', b'2', b'5', digits @ ..] if hex(digits, 2).is_some() => (digits, 5),
        [b'%', digits @ ..] => (digits, 3),
        _ => return None,
    };
    Some(Unit::byte(u8::try_from(hex(digits, 2)?).ok()?, consumed))
}

/// `&quot;`, `&#34;`, `&#x22;`.
fn entity(text: &[u8]) -> Option<Unit> {
    let end = text.iter().take(10).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    let c = match name {
        "quot" => '"',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some(Unit::char(c, end + 1))
}

/// The escapes of JSON and of `Debug`, with the backslashes that repeated encoding adds.
fn backslashes(text: &[u8], units: &mut Vec<Unit>) {
    let run = text.iter().take(8).take_while(|byte| **byte == b'\\').count();
    units.extend([4, 2].into_iter().filter(|consumed| *consumed <= run).map(|consumed| Unit::byte(b'\\', consumed)));
    let Some((letter, rest)) = text[run..].split_first() else { return };
    let byte = match letter {
        b'"' | b'\'' | b'/' => *letter,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'0' => 0,
        b'u' => return units.extend(unicode(rest, run)),
        _ => return,
    };
    units.push(Unit::byte(byte, run + 1));
}

/// The rest of a `\u` escape: four digits, or in `Debug` any number in braces; then the second half of a surrogate pair.
fn unicode(rest: &[u8], run: usize) -> Option<Unit> {
    if let [b'{', digits @ ..] = rest {
        let length = digits.iter().take(7).position(|byte| *byte == b'}')?;
        return Some(Unit::char(char::from_u32(hex(digits, length)?)?, run + 1 + length + 2));
    }
    let first = hex(rest, 4)?;
    let consumed = run + 5;
    if let Some(c) = char::from_u32(first) {
        return Some(Unit::char(c, consumed));
    }
    let rest = rest.get(4 + run..).filter(|_| rest[4..].iter().take_while(|byte| **byte == b'\\').count() == run)?;
    let second = hex(rest.strip_prefix(b"u")?, 4)?;
    let pair = char::decode_utf16([u16::try_from(first).ok()?, u16::try_from(second).ok()?]).next()?.ok()?;
    Some(Unit::char(pair, 2 * consumed))
}

/// The value of the first `length` digits.
fn hex(digits: &[u8], length: usize) -> Option<u32> {
    let digits = digits.get(..length).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_unit_is_decoded() {
        for (text, expected, consumed) in [
            ("a", "a", 1),
            ("%41b", "A", 3),
            ("%2541", "A", 5),
            ("%25", "%", 3),
            ("+", " ", 1),
            ("&quot;", "\"", 6),
            ("&#x27;", "'", 6),
            ("\\\"", "\"", 2),
            ("\\\\\\\"", "\\", 2),
            ("\\n", "\n", 2),
            ("\\u003c", "<", 6),
            ("\\u00E9", "é", 6),
            ("\\ud83d\\ude00", "😀", 12),
            ("\\\\ud83d\\\\ude00", "\\", 2),
            ("\\u{1f600}", "😀", 9),
            ("\\", "\\", 1),
            ("%4", "%", 1),
            ("&x", "&", 1),
        ] {
            let first = units(text.as_bytes())[0];
            assert_eq!((first.bytes(), first.consumed), (expected.as_bytes(), consumed), "{text}");
        }
    }
}

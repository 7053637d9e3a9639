//! Finds Rust's `Debug` form in a message: `Some("a")`, `Disk { id: 1 }`, `1.5s`. Compiled for tests only, where it checks
//! every diagnostic that a test creates.
//!
//! Text in quotation marks or backquotes is a value or a name, and is not checked.

/// The first `Debug` form of an Option, a Result, an Attr, an enum, a struct or a Duration.
pub(super) fn find(text: &str) -> Option<&str> {
    unquoted(text)
        .into_iter()
        .find_map(|part| variant(part).or_else(|| none(part)).or_else(|| structure(part)).or_else(|| duration(part)))
}

/// The parts of `text` outside of quotation marks and backquotes.
fn unquoted(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quote, mut is_escaped) = (Vec::new(), 0, None, false);
    for (at, c) in text.char_indices() {
        match quote {
            None if c == '"' || c == '`' => {
                parts.push(&text[start..at]);
                quote = Some(c);
            }
            None => {}
            Some(_) if is_escaped => is_escaped = false,
            Some('"') if c == '\\' => is_escaped = true,
            Some(open) if c == open => {
                quote = None;
                start = at + c.len_utf8();
            }
            Some(_) => {}
        }
    }
    if quote.is_none() {
        parts.push(&text[start..]);
    }
    parts
}

fn variant(part: &str) -> Option<&str> {
    ["Some(", "Ok(", "Err(", "Known(", "Unknown(", "Error("].into_iter().find_map(|open| {
        let at = part.find(open)?;
        (!part[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')).then_some(&part[at..])
    })
}

/// `None` as a value and not as the first word of a sentence.
fn none(part: &str) -> Option<&str> {
    let mut found = part.match_indices("None");
    found.find_map(|(at, _)| {
        let (before, after) = (&part[..at], &part[at + "None".len()..]);
        let ends = after.is_empty() || after.starts_with(['.', ',', ';', ')', '}']);
        (ends && !before.ends_with(|c: char| c.is_alphanumeric())).then_some(&part[at..])
    })
}

/// `Name { field: `.
fn structure(part: &str) -> Option<&str> {
    let (before, after) = part.split_once(" { ")?;
    let name = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let field = after.split_once(": ")?.0;
    let is_field = !field.is_empty() && field.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    (name.starts_with(char::is_uppercase) && is_field).then_some(part)
}

/// `1.5s`, `7ns`: a Duration that is not of whole seconds or milliseconds.
fn duration(part: &str) -> Option<&str> {
    part.split(|c: char| c.is_whitespace() || "(),;:".contains(c)).find(|word| {
        let word = word.trim_end_matches('.');
        let number = word.trim_end_matches(char::is_alphabetic);
        let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.');
        match &word[number.len()..] {
            "ns" | "µs" => is_number,
            "ms" | "s" => is_number && number.contains('.'),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_forms_are_found_and_prose_is_not() {
        for (text, expected) in [
            ("name begins with white space: Some(\" x\").", true),
            ("got None.", true),
            ("the code is Err(Timeout)", true),
            ("the status is Unknown(\"Asleep\")", true),
            ("got Disk { id: 1 }", true),
            ("after 1.500000001s", true),
            ("after 1.5s.", true),
            ("took 250.3µs", true),
            ("None of them is Ready.", false),
            ("the name is \"Some(x)\", or `None`.", false),
            ("the name is \"a\\\"Some(x)\".", false),
            ("identity = { id = \"imc-1\" }", false),
            ("after 300ms, 90s and 1h30m. Version 1.5 is newer.", false),
            ("something (Someone) is unknown", false),
        ] {
            assert_eq!(find(text).is_some(), expected, "{text}");
        }
    }
}

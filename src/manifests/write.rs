//! Writes strings as YAML that every parser reads as the same strings.

/// The key without quotes if every YAML parser reads it as this text. The slash rules out the words of YAML 1.1 for bools and
/// null (`no`, `on`, `~`), the leading letter rules out numbers and indicators.
pub fn plain_or_quoted(key: &str) -> String {
    let is_safe = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.contains('/')
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'-' | b'_'));
    if is_safe { key.to_owned() } else { quoted(key) }
}

/// The text as a YAML string in double quotes, on one line.
///
/// A JSON string is one, except for characters that JSON does not escape and YAML 1.1 folds as line breaks or refuses as not
/// printable: <https://yaml.org/spec/1.1/#c-printable>.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    for c in serde_json::Value::from(text).to_string().chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unambiguous_keys_are_plain() {
        for (key, expected) in [
            ("eks.tke.cloud.tencent.com/use-image-cache", "eks.tke.cloud.tencent.com/use-image-cache"),
            ("a/b_c.d-e", "a/b_c.d-e"),
            ("no", "\"no\""),
            ("1/2", "\"1/2\""),
            ("a/b: c", "\"a/b: c\""),
            ("", "\"\""),
        ] {
            assert_eq!(plain_or_quoted(key), expected);
        }
    }

    #[test]
    fn values_are_json_without_characters_that_yaml_folds() {
        for (text, expected) in [
            ("50", "\"50\""),
            ("a\"b\\c\n", "\"a\\\"b\\\\c\\n\""),
            ("\u{85}\u{2028}\u{feff}", "\"\\u0085\\u2028\\ufeff\""),
            ("镜像", "\"镜像\""),
        ] {
            assert_eq!(quoted(text), expected);
            assert_eq!(serde_json::from_str::<String>(expected).as_deref().ok(), Some(text));
        }
    }
}

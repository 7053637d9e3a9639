//! The SDK's credentials file: INI with sections, `key = value`, and comments on separate lines.

use secrecy::SecretString;

/// A section, and the line where it begins.
#[derive(Debug)]
pub(super) struct Section {
    /// Line of the heading, counted from 1.
    pub line: usize,
    pairs: Vec<(String, SecretString)>,
}

impl Section {
    /// The last value of `key`, case-insensitive; an empty one counts as omitted.
    pub fn get(&self, key: &str) -> Option<SecretString> {
        use secrecy::ExposeSecret;
        let pair = self.pairs.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(key));
        pair.map(|(_, value)| value.clone()).filter(|value| !value.expose_secret().is_empty())
    }
}

/// The section `name` of `text`, or `None` if there is none.
///
/// # Errors
///
/// The line, counted from 1, and what is wrong with it, without its text, which may be a key.
pub(super) fn section(text: &str, name: &str) -> Result<Option<Section>, (usize, &'static str)> {
    let mut wanted = None;
    let mut inside = None;
    for (line, text) in text.lines().enumerate().map(|(index, text)| (index + 1, text.trim())) {
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        if let Some(heading) = text.strip_prefix('[') {
            let heading = heading.strip_suffix(']').ok_or((line, "a section's heading must end in \"]\""))?.trim();
            inside = Some(heading == name);
            if heading == name && wanted.is_none() {
                wanted = Some(Section { line, pairs: Vec::new() });
            }
            continue;
        }
        let (key, value) = text.split_once('=').ok_or((line, "expected \"[section]\" or \"key = value\""))?;
        let inside = inside.ok_or((line, "a key before the first \"[section]\""))?;
        if let (true, Some(section)) = (inside, &mut wanted) {
            section.pairs.push((key.trim().to_owned(), value.trim().into()));
        }
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn keys_belong_to_the_preceding_section() {
        let text = "# mine\n[default]\nsecret_id = A\nSecret_Key=b=c\n\n[ other ]\nsecret_id = B\nsecret_key =\n";
        for (name, line, key, expected) in [
            ("default", 2, "secret_id", Some("A")),
            ("default", 2, "secret_key", Some("b=c")),
            ("default", 2, "role_arn", None),
            ("other", 6, "secret_id", Some("B")),
            ("other", 6, "secret_key", None),
        ] {
            let section = section(text, name).unwrap().unwrap();
            assert_eq!(section.get(key).as_ref().map(|value| value.expose_secret()), expected, "{name}.{key}");
            assert_eq!(section.line, line, "{name}");
        }
        assert!(section(text, "missing").unwrap().is_none());
    }

    #[test]
    fn malformed_line_is_named_by_its_number() {
        for (text, line) in [("[default\n", 1), ("[default]\nsecret_id A\n", 2), ("\nsecret_id = A\n[default]\n", 2)] {
            assert_eq!(section(text, "default").unwrap_err().0, line, "{text:?}");
        }
    }
}

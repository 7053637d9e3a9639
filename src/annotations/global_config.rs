//! The ConfigMap that gives annotations to all Pods of a cluster.
//!
//! `eks-config` in the namespace `kube-system`; its key `pod.annotations` holds the annotations as YAML. Annotations of a Pod win
//! over those of its super node, and those over these. Source: <https://cloud.tencent.com/document/product/457/71915>; the
//! sample there is not valid YAML, because its values hold quotes that are not escaped.

use super::Annotations;

/// The data of the ConfigMap, for these annotations.
pub fn global_config(annotations: &Annotations) -> Annotations {
    let yaml = if annotations.is_empty() {
        "{}\n".to_owned()
    } else {
        annotations.iter().map(|(key, value)| format!("{}: {}\n", plain_or_quoted(key), quoted(value))).collect()
    };
    Annotations::from([("pod.annotations".to_owned(), yaml)])
}

/// The key without quotes where no reader of YAML can take it for anything but this text. The slash excludes the words of
/// YAML 1.1 for bools and null (`no`, `on`, `~`), the letter in front numbers and marks.
fn plain_or_quoted(key: &str) -> String {
    let is_safe = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.contains('/')
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'-' | b'_'));
    if is_safe { key.to_owned() } else { quoted(key) }
}

/// The text as a YAML string in double quotes, on one line.
///
/// A JSON string is one, but for characters which JSON takes as they are and YAML 1.1 folds as line breaks or refuses as not
/// printable: <https://yaml.org/spec/1.1/#c-printable>.
fn quoted(text: &str) -> String {
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
    use proptest::prelude::*;
    use saphyr::{LoadableYamlNode, Yaml};

    use super::*;

    /// What a YAML parser reads: one document, a map of strings.
    fn read(config: &Annotations) -> Annotations {
        let documents = Yaml::load_from_str(&config["pod.annotations"]).unwrap();
        assert_eq!((config.len(), documents.len()), (1, 1), "{config:?}");
        let text = |yaml: &Yaml| yaml.as_str().unwrap_or_else(|| panic!("{yaml:?} is no string")).to_owned();
        documents[0].as_mapping().unwrap().iter().map(|(key, value)| (text(key), text(value))).collect()
    }

    fn annotations(entries: &[(&str, &str)]) -> Annotations {
        entries.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn it_reads_well() {
        for (entries, expected) in [
            (annotations(&[]), "{}\n"),
            (
                annotations(&[
                    ("eks.tke.cloud.tencent.com/root-cbs-size", "50"),
                    ("eks.tke.cloud.tencent.com/image-gc-period", "3m"),
                ]),
                "eks.tke.cloud.tencent.com/image-gc-period: \"3m\"\neks.tke.cloud.tencent.com/root-cbs-size: \"50\"\n",
            ),
            (annotations(&[("no", "a\u{2028}b\u{85}c")]), "\"no\": \"a\\u2028b\\u0085c\"\n"),
        ] {
            assert_eq!(global_config(&entries), annotations(&[("pod.annotations", expected)]));
        }
    }

    #[test]
    fn a_yaml_parser_reads_what_was_written() {
        for (key, value) in [
            ("eks.tke.cloud.tencent.com/root-cbs-size", "50"),
            ("a.example.com/quotes", r#"{"size": "50", 'it''s'}"#),
            ("a.example.com/lines", "nameserver 10.0.0.2\nnameserver 10.0.0.3\r\n\ttab"),
            ("a.example.com/unicode", "镜像缓存 🚀 é"),
            ("a.example.com/colon", "a: b # c"),
            ("a.example.com/backslash", r"C:\n\x"),
            ("a.example.com/empty", ""),
            ("a.example.com/spaces", "  two  "),
            ("a.example.com/controls", "\u{0}\u{7}\u{1b}\u{7f}\u{80}\u{85}\u{2028}\u{2029}\u{feff}\u{ffff}"),
            ("true", "true"),
            ("null", "~"),
            ("12", "0x1f"),
            ("", "no key"),
            ("a: b", "colon in the key"),
            ("- a/b", "dash in front"),
            ("&a/b", "anchor"),
            ("a/b #c", "comment"),
        ] {
            let annotations = annotations(&[(key, value)]);
            assert_eq!(read(&global_config(&annotations)), annotations);
        }
    }

    proptest! {
        #[test]
        fn any_text_survives(annotations in prop::collection::btree_map(any::<String>(), any::<String>(), 1..4)) {
            prop_assert_eq!(read(&global_config(&annotations)), annotations);
        }
    }
}

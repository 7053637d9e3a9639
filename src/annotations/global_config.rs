//! The ConfigMap with annotations for all Pods of a cluster.
//!
//! `eks-config` in the namespace `kube-system`; its key `pod.annotations` contains the annotations of all tools and teams as
//! YAML. Annotations of a Pod take precedence over those of its super node, which take precedence over these. Source:
//! <https://cloud.tencent.com/document/product/457/71915>; the sample there is not valid YAML, because its values contain
//! unescaped quotes.

use std::collections::{BTreeMap, BTreeSet};

use super::Annotations;
use crate::manifests::{self, plain_or_quoted, quoted};

/// The key of the ConfigMap.
pub const POD_ANNOTATIONS: &str = "pod.annotations";

/// The data of the ConfigMap: the existing text of `pod.annotations` with these annotations merged into it. `None` removes a
/// key.
///
/// Values are kept as strings: `0644` stays `0644`. Keys keep their order, and new ones are appended; comments are removed.
/// Merging into the result again does not change it.
///
/// # Errors
///
/// The text is not a mapping of scalars; the error has the line.
pub fn merged_config(existing: &str, annotations: &BTreeMap<String, Option<String>>) -> Result<Annotations, String> {
    let existing = manifests::scalars(existing)?;
    let mut done = BTreeSet::new();
    let mut merged = Vec::new();
    for (key, value) in &existing {
        done.insert(key.as_str());
        match annotations.get(key) {
            None => merged.push((key.as_str(), value.as_str())),
            Some(Some(value)) => merged.push((key.as_str(), value.as_str())),
            Some(None) => {}
        }
    }
    let new = annotations.iter().filter(|(key, _)| !done.contains(key.as_str()));
    merged.extend(new.filter_map(|(key, value)| Some((key.as_str(), value.as_deref()?))));
    Ok(config(merged))
}

fn config<'a>(annotations: impl IntoIterator<Item = (&'a str, &'a str)>) -> Annotations {
    let lines = annotations.into_iter().map(|(key, value)| format!("{}: {}\n", plain_or_quoted(key), quoted(value)));
    let mut yaml: String = lines.collect();
    if yaml.is_empty() {
        yaml.push_str("{}\n");
    }
    Annotations::from([(POD_ANNOTATIONS.to_owned(), yaml)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use saphyr::{LoadableYamlNode, Yaml};

    use super::*;

    /// The data for these annotations only.
    fn global_config(annotations: &Annotations) -> Annotations {
        config(annotations.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }

    /// The result of a YAML parser: one document, a map of strings.
    fn read(config: &Annotations) -> Annotations {
        let documents = Yaml::load_from_str(&config["pod.annotations"]).unwrap();
        assert_eq!((config.len(), documents.len()), (1, 1), "{config:?}");
        let text = |yaml: &Yaml| yaml.as_str().unwrap_or_else(|| panic!("{yaml:?} is not a string")).to_owned();
        documents[0].as_mapping().unwrap().iter().map(|(key, value)| (text(key), text(value))).collect()
    }

    fn annotations(entries: &[(&str, &str)]) -> Annotations {
        entries.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn text_is_readable() {
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
    fn yaml_parser_reads_the_same_values() {
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

    #[test]
    fn existing_text_keeps_other_keys() {
        let set = |entries: &[(&str, Option<&str>)]| -> BTreeMap<String, Option<String>> {
            entries.iter().map(|&(key, value)| (key.to_owned(), value.map(str::to_owned))).collect()
        };
        for (existing, changes, expected) in [
            ("", set(&[("a/b", Some("1"))]), "a/b: \"1\"\n"),
            ("# nothing\n", set(&[]), "{}\n"),
            ("null", set(&[]), "{}\n"),
            ("{}", set(&[("a/b", None)]), "{}\n"),
            (
                "z/mode: 0644 # octal\n'y/on': yes\nx/none:\nw/text: |\n  two\n  lines\n",
                set(&[("a/new", Some("n")), ("y/on", Some("off"))]),
                "z/mode: \"0644\"\ny/on: \"off\"\nx/none: \"\"\nw/text: \"two\\nlines\\n\"\na/new: \"n\"\n",
            ),
            ("b/c: &v 1\nd/e: *v\n", set(&[("b/c", None)]), "d/e: \"1\"\n"),
            ("{\"b/c\": \"1\"}", set(&[]), "b/c: \"1\"\n"),
        ] {
            let merged = merged_config(existing, &changes).expect(existing);
            assert_eq!(merged, annotations(&[(POD_ANNOTATIONS, expected)]), "{existing:?}");
            let keep = changes.into_iter().filter(|(_, value)| value.is_some()).collect();
            assert_eq!(merged_config(&merged[POD_ANNOTATIONS], &keep), Ok(merged), "{existing:?} twice");
        }
    }

    #[test]
    fn existing_annotations_must_be_a_mapping_of_strings() {
        for (existing, expected) in [
            ("- a", "document 1, line 1: expected a mapping of strings"),
            ("a/b", "document 1, line 1: expected a mapping of strings"),
            ("\na/b:\n  c: d", "document 1, line 3: the value of \"a/b\" is not a string"),
            ("a/b: 1\n---\nc/d: 2", "document 2, line 3: expected one document"),
            ("a/b: 1\na/b: 2", "document 1, line 2: the key \"a/b\" occurs twice in one mapping"),
            ("a/b: \"{\"c\"}\"", "document 1, line 1: not valid YAML: "),
        ] {
            let error = merged_config(existing, &BTreeMap::new()).unwrap_err();
            assert!(error.starts_with(expected), "{existing:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn merging_twice_is_merging_once(
            existing in prop::collection::btree_map("[a-z/.]{1,8}", any::<String>(), 0..4),
            more in prop::collection::btree_map("[a-z/.]{1,8}", proptest::option::of(any::<String>()), 0..4),
        ) {
            let text = &global_config(&existing)[POD_ANNOTATIONS];
            let merged = merged_config(text, &more).unwrap();
            let mut expected = existing;
            for (key, value) in &more {
                expected.remove(key);
                expected.extend(value.clone().map(|value| (key.clone(), value)));
            }
            prop_assert_eq!(read(&merged), expected);
            prop_assert_eq!(merged_config(&merged[POD_ANNOTATIONS], &more), Ok(merged));
        }

        #[test]
        fn any_text_survives(annotations in prop::collection::btree_map(any::<String>(), any::<String>(), 1..4)) {
            prop_assert_eq!(read(&global_config(&annotations)), annotations);
        }
    }
}

//! Properties of annotating, for Pod templates in many styles of YAML.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::annotate::Annotations;
use super::super::*;

const KEY: &str = "eks.tke.cloud.tencent.com/use-image-cache";

/// The metadata of a template, an entry of a block with an indentation of four; empty for none.
const METADATA: [&str; 18] = [
    "",
    "    metadata:\n",
    "    metadata: # none\n",
    "    metadata: {}\n",
    "    metadata: ~\n",
    "    metadata: null # none\n",
    "    metadata: {labels: {a: b}}\n",
    "    metadata:\n      labels:\n        a: b\n",
    "    metadata:\n\n      # first\n      labels: &unused {a: b}\n",
    "    metadata:\n      annotations:\n      labels: {}\n",
    "    metadata:\n      annotations: # none\n      labels: {}\n",
    "    metadata:\n      annotations: {}\n",
    "    \"metadata\":\n        'annotations': !!map {}\n",
    "    metadata:\n      annotations:\n        mode: 0644\n        text: |\n          KEY: no\n\n        # last\n",
    "    metadata: {annotations: {mode: 0644, 'text': \"a\\tb\"}}\n",
    "    metadata:\n        annotations: {\n          mode: on }\n",
    "    metadata:\n      annotations:\n        list: &v x\n      labels: {a: *v}\n",
    "    metadata: {\"annotations\": , labels: {}}\n",
];

/// Entries of annotations with the key, an entry of a block with an indentation of eight.
const OLD: [&str; 9] = [
    "KEY: imc-1\n",
    "KEY: \"imc-1\"   # old\n",
    "'KEY': 'imc-1'\n        other: 1\n",
    "KEY:\n        other: 1\n",
    "KEY: 12_3\n",
    "KEY: |\n          imc-1\n\n        # next\n",
    "KEY: >-\n          imc\n          1\n        other: x\n",
    "KEY: !!str yes\n",
    "KEY: imc\n          -1\n",
];

/// The rest of a template.
const SPEC: [&str; 5] = [
    "    spec:\n      containers:\n      - image: nginx:1.27\n",
    "    spec:\n        containers:\n          - name: a\n            image: \"nginx:1.27\"\n",
    "    spec: {containers: [{image: nginx:1.27}]}\n",
    "    spec: {\"containers\":[{\"image\":\"nginx:1.27\"},{\"image\":\"redis:8\"}]}\n",
    "    spec:\n      containers: [\n      {image: nginx:1.27},\n      ]\n",
];

fn document() -> impl Strategy<Value = String> {
    let old = select(&OLD[..]).prop_map(|old| format!("    metadata:\n      annotations:\n        {old}"));
    let metadata = prop_oneof![3 => select(&METADATA[..]).prop_map(str::to_owned), 1 => old];
    let other = select(&["", "---\n# nothing\n", "---\nkind: Service\nspec: {ports: [80]}\n"][..]);
    (metadata, select(&SPEC[..]), any::<bool>(), other).prop_map(|(metadata, spec, metadata_first, other)| {
        let (first, second) = if metadata_first { (metadata.as_str(), spec) } else { (spec, metadata.as_str()) };
        format!("{other}---\nkind: Deployment\nspec:\n  replicas: 1\n  template:\n{first}{second}").replace("KEY", KEY)
    })
}

fn text() -> impl Strategy<Value = String> {
    (prop::collection::vec(document(), 1..4), any::<bool>(), any::<bool>()).prop_map(|(documents, windows, newline)| {
        let mut text = documents.concat();
        if !newline {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if windows { text.replace('\n', "\r\n") } else { text }
    })
}

fn annotations() -> impl Strategy<Value = Annotations> {
    let value = prop_oneof![Just("auto".to_owned()), Just("0644".to_owned()), any::<String>()];
    let key = prop_oneof![Just(KEY.to_owned()), Just("mode".to_owned()), "[a-z]{1,3}/[a-z ]{1,3}"];
    prop::collection::btree_map(key, value, 1..4)
}

/// Whether `text` is `all` without some characters.
fn is_part_of(text: &str, all: &str) -> bool {
    let mut rest = all.chars();
    text.chars().all(|c| rest.any(|other| other == c))
}

proptest! {
    #[test]
    fn annotating_changes_no_image(text in text(), annotations in annotations()) {
        let annotated = annotate(&text, &annotations);
        prop_assert!(annotated.is_ok(), "{annotated:?}\n{text}");
        prop_assert_eq!(images(&annotated.unwrap()), images(&text));
    }

    #[test]
    fn annotating_is_idempotent(text in text(), annotations in annotations()) {
        let annotated = annotate(&text, &annotations).unwrap();
        let twice = annotate(&annotated, &annotations);
        prop_assert_eq!(twice, Ok(annotated));
    }

    #[test]
    fn only_insertions_are_new(text in text(), value: String) {
        let annotations = Annotations::from([("a.example.com/new".to_owned(), value)]);
        let annotated = annotate(&text, &annotations).unwrap();
        // A written null or `{}` is replaced by lines.
        let kept: String = text.replace(" {}", "").replace(" ~", "").replace(" null", "");
        prop_assert!(is_part_of(&kept, &annotated), "{annotated}");
    }

    #[test]
    fn only_a_replaced_value_is_removed(text in text()) {
        let with = |value: &str| Annotations::from([(KEY.to_owned(), value.to_owned())]);
        let first = annotate(&text, &with("first")).unwrap();
        let second = annotate(&first, &with("second")).unwrap();
        prop_assert_eq!(second.replace("\"second\"", "\"first\""), first);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,60}") {
        let _ = (images(&text), objects(&text));
        let _ = annotate(&text, &Annotations::from([(KEY.to_owned(), "auto".to_owned())]));
    }
}

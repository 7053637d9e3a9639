mod parser;
mod properties;
mod samples;

use std::collections::BTreeMap;

use super::annotate::Annotations;
use super::yaml::MAX_TEXT;
use super::*;
use terraform_plugin::value::{Attr, Dynamic, Type, Value};

fn auto() -> Annotations {
    Annotations::from([("eks.tke.cloud.tencent.com/use-image-cache".to_owned(), "auto".to_owned())])
}

/// `KEY` in a table stands for the annotation's key.
fn with_key(text: &str) -> String {
    text.replace("KEY", "eks.tke.cloud.tencent.com/use-image-cache")
}

const TEMPLATE: &str = "kind: Deployment\nmetadata: {name: a}\nspec:\n";

#[test]
fn annotations_are_inserted_and_nothing_else_changes() {
    for (text, expected) in [
        // No metadata; as the first entry, before the comments on it.
        (
            "  template:\n    # the Pod\n    spec:\n      containers:\n      - image: a\n",
            "  template:\n    metadata:\n      annotations:\n        KEY: \"auto\"\n    # the Pod\n    spec:\n      containers:\n      - image: a\n",
        ),
        // Metadata without annotations, and a Windows text.
        (
            "  template:\r\n    metadata: # m\r\n      labels: {a: b}\r\n    spec: {containers: [{image: a}]}\r\n",
            "  template:\r\n    metadata: # m\r\n      annotations:\r\n        KEY: \"auto\"\r\n      labels: {a: b}\r\n    spec: {containers: [{image: a}]}\r\n",
        ),
        // Annotations that are null, written and not, and empty, with comments and without a final newline.
        (
            "  template:\n    spec: {containers: [{image: a}]}\n    metadata:\n      annotations:   # none",
            "  template:\n    spec: {containers: [{image: a}]}\n    metadata:\n      annotations:   # none\n        KEY: \"auto\"",
        ),
        (
            "  template:\n    metadata:\n      annotations: ~ # none\n      labels:\n    spec: {containers: [{image: a}]}\n",
            "  template:\n    metadata:\n      annotations: # none\n        KEY: \"auto\"\n      labels:\n    spec: {containers: [{image: a}]}\n",
        ),
        (
            "  template:\n    metadata:\n      annotations: { }\n    spec: {containers: [{image: a}]}\n",
            "  template:\n    metadata:\n      annotations:\n        KEY: \"auto\"\n    spec: {containers: [{image: a}]}\n",
        ),
        (
            "  template:\n    metadata: null\n    spec: {containers: [{image: a}]}\n",
            "  template:\n    metadata:\n      annotations:\n        KEY: \"auto\"\n    spec: {containers: [{image: a}]}\n",
        ),
        (
            "  template:\n    metadata:\n      annotations: {\n        # none\n      }\n    spec: {containers: [{image: a}]}\n",
            "  template:\n    metadata:\n      annotations: {\"KEY\": \"auto\"\n        # none\n      }\n    spec: {containers: [{image: a}]}\n",
        ),
        // Other annotations, whose values are not touched.
        (
            "  template:\n    metadata:\n      annotations:\n        checksum/config: 0644\n    spec: {containers: [{image: a}]}\n",
            "  template:\n    metadata:\n      annotations:\n        KEY: \"auto\"\n        checksum/config: 0644\n    spec: {containers: [{image: a}]}\n",
        ),
        (
            "  template:\n    metadata:\n      annotations: {checksum/config: x}\n    spec: {containers: [{image: a}]}\n",
            "  template:\n    metadata:\n      annotations: {\"KEY\": \"auto\", checksum/config: x}\n    spec: {containers: [{image: a}]}\n",
        ),
        // Flow style all the way.
        (
            "  template: {spec: {containers: [{image: a}]}}\n",
            "  template: {\"metadata\": {\"annotations\": {\"KEY\": \"auto\"}}, spec: {containers: [{image: a}]}}\n",
        ),
        (
            "  template: {metadata: , spec: {containers: [{image: a}]}}\n",
            "  template: {metadata: {\"annotations\": {\"KEY\": \"auto\"}} , spec: {containers: [{image: a}]}}\n",
        ),
        (
            "  template: {metadata: {annotations: null}, spec: {containers: [{image: a}]}}\n",
            "  template: {metadata: {annotations: {\"KEY\": \"auto\"}}, spec: {containers: [{image: a}]}}\n",
        ),
        // Templates in a sequence at the indentation of its parent, and behind a dash.
        (
            "  tasks:\n  - template:\n      spec:\n        containers:\n        - image: a\n  - replicas: 2\n    template:\n      spec:\n        containers:\n        - image: b\n",
            "  tasks:\n  - template:\n      metadata:\n        annotations:\n          KEY: \"auto\"\n      spec:\n        containers:\n        - image: a\n  - replicas: 2\n    template:\n      metadata:\n        annotations:\n          KEY: \"auto\"\n      spec:\n        containers:\n        - image: b\n",
        ),
        (
            "  templates:\n  - spec:\n      containers:\n      - image: a\n",
            "  templates:\n  - metadata:\n      annotations:\n        KEY: \"auto\"\n    spec:\n      containers:\n      - image: a\n",
        ),
    ] {
        let text = format!("{TEMPLATE}{text}");
        let expected = with_key(&format!("{TEMPLATE}{expected}"));
        assert_eq!(annotate(&text, &auto()).as_ref(), Ok(&expected), "{text}");
        assert_eq!(annotate(&expected, &auto()).as_ref(), Ok(&expected), "twice: {text}");
        let text = format!("\u{feff}{text}");
        assert_eq!(annotate(&text, &auto()), Ok(format!("\u{feff}{expected}")), "with a byte order mark: {text}");
    }
}

#[test]
fn existing_value_is_replaced() {
    for (entry, expected) in [
        ("KEY: imc-1 # old", "KEY: \"auto\" # old"),
        ("\"KEY\": 'it''s' # old", "\"KEY\": \"auto\" # old"),
        ("'KEY' : \"a\\\"b\"", "'KEY' : \"auto\""),
        ("KEY:", "KEY: \"auto\""),
        ("KEY:   # none", "KEY: \"auto\"   # none"),
        ("KEY: 5", "KEY: \"auto\""),
        ("KEY: !!str 5", "KEY: \"auto\""),
        ("KEY: &unused old", "KEY: \"auto\""),
        ("KEY: \"over\n          lines\"   # old", "KEY: \"auto\"   # old"),
        ("KEY: over\n          lines\n        # next", "KEY: \"auto\"\n        # next"),
        (
            "KEY: |-\n          over\n\n          lines\n\n        # next\n        z: 1",
            "KEY: \"auto\"\n\n        # next\n        z: 1",
        ),
        ("KEY: >2\n            over\n          lines\n        z: 1", "KEY: \"auto\"\n        z: 1"),
        ("KEY:\n          old", "KEY:\n          \"auto\""),
        ("KEY: auto", "KEY: \"auto\""),
        ("KEY: 'auto'", "KEY: 'auto'"),
        ("b: &b old\n        KEY: *b\n        c: *b", "b: &b old\n        KEY: \"auto\"\n        c: *b"),
    ] {
        let before = "kind: Job\nspec:\n  template:\n    metadata:\n      annotations:\n        ";
        let after = "\n    spec:\n      containers: [{image: a}]\n";
        let text = with_key(&format!("{before}{entry}{after}"));
        let expected = with_key(&format!("{before}{expected}{after}"));
        assert_eq!(annotate(&text, &auto()), Ok(expected), "{text}");
    }
}

#[test]
fn json_remains_json() {
    for (text, expected) in [
        (
            r#"{"kind":"Job","spec":{"template":{"spec":{"containers":[{"image":"a"}]}}}}"#,
            r#"{"kind":"Job","spec":{"template":{"metadata": {"annotations": {"KEY": "auto"}}, "spec":{"containers":[{"image":"a"}]}}}}"#,
        ),
        (
            "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\n\t\t\"name\": \"a\"\n\t},\n\t\"spec\": {\"containers\": [{\"image\": \"a\"}]}\n}\n",
            "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\n\t\t\"annotations\": {\"KEY\": \"auto\"},\n\t\t\"name\": \"a\"\n\t},\n\t\"spec\": {\"containers\": [{\"image\": \"a\"}]}\n}\n",
        ),
    ] {
        let annotated = annotate(text, &auto()).expect(text);
        assert_eq!(annotated, with_key(expected));
        assert!(serde_json::from_str::<serde_json::Value>(&annotated).is_ok(), "{annotated}");
    }
}

#[test]
fn shared_places_are_not_annotated() {
    let spec = "spec: {containers: [{image: a}]}";
    for (text, expected) in [
        (
            format!("kind: Job\nx: &x {{{spec}}}\nspec:\n  template: *x\n"),
            "document 1, line 4: no annotations can be inserted at spec.template.metadata.annotations: a part of it is an alias",
        ),
        (
            format!("kind: Job\nspec:\n  template:\n    metadata: &m {{}}\n    {spec}\nx: *m\n"),
            "document 1, line 4: no annotations can be inserted at spec.template.metadata.annotations: a part of it has an anchor",
        ),
        (
            format!("kind: Job\nx: &m {{a: b}}\nspec:\n  template:\n    metadata: *m\n    {spec}\n"),
            "document 1, line 5: no annotations can be inserted at spec.template.metadata.annotations: a part of it is an alias",
        ),
        (
            format!("---\nkind: Job\nx: &m {{metadata: {{a: b}}}}\nspec:\n  template:\n    <<: *m\n    {spec}\n"),
            "document 1, line 6: no annotations can be inserted at spec.template.metadata.annotations: a part of it comes from a merge",
        ),
        (
            format!(
                "kind: Job\nspec:\n  template:\n    metadata:\n      annotations:\n        {}: &v x\n    {spec}\nx: *v\n",
                "KEY"
            ),
            "document 1, line 6: no annotations can be inserted at spec.template.metadata.annotations: a part of it has an anchor",
        ),
        (
            format!("kind: Job\nspec:\n  template:\n    metadata:\n      annotations: [a]\n    {spec}\n"),
            "document 1, line 5: no annotations can be inserted at spec.template.metadata.annotations: a part of it is not a mapping",
        ),
        (
            format!(
                "kind: Job\nspec:\n  template:\n    metadata:\n      annotations:\n        KEY: {{a: b}}\n    {spec}\n"
            ),
            "document 1, line 6: no annotations can be inserted at spec.template.metadata.annotations: a part of it is a mapping or",
        ),
    ] {
        let error = annotate(&with_key(&text), &auto()).expect_err(&text).to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    let text = format!("kind: A\nitem: &x\n  {spec}\nother: {{template: *x}}\n");
    let error = annotate(&text, &auto()).expect_err(&text).to_string();
    assert!(
        error.starts_with("document 1, line 2: no annotations can be inserted at item.metadata.annotations: a part"),
        "{error}"
    );
    // An anchor that nothing uses, and one that is used elsewhere, change nothing.
    let text = format!("kind: Job\nx: &x 1\ny: *x\nspec:\n  template: &t\n    {spec}\n");
    assert!(annotate(&text, &auto()).is_ok());
}

#[test]
fn text_without_a_place_is_an_error_that_names_the_kinds() {
    for (text, expected) in [
        (
            "kind: ConfigMap\ndata: {a: 'spec: {containers: [{image: a}]}'}\n---\nkind: Service\n",
            "nothing to annotate: the text has only ConfigMap, Service, and no Pod",
        ),
        ("", "nothing to annotate: the text has no object with a kind, and no Pod"),
        (
            "# x\n---\nkind: Pod\napiVersion: v1\nspec: {containers: [{image: a}]}\n---\napiVersion: m.example.com/v1\nkind: Prometheus\nmetadata: {name: p, namespace: ns}\nspec:\n  containers: [{image: a}]\n",
            "document 3, line 10: Prometheus \"p\" in the namespace \"ns\" has containers at spec, but it is not known where objects of this kind have annotations for their Pods",
        ),
        ("a: b: c", "document 1, line 1: not valid YAML: mapping values are not allowed in this context"),
        ("a: 1\n---\nb:\n\tc: 1\n", "document 2, line 4: not valid YAML: a tab where only spaces can be"),
        ("a: 1\n\na: 2\n", "document 1, line 3: the key \"a\" occurs twice in one mapping"),
        (
            "a: {{ .Values.x }}\n",
            "document 1, line 1: a key is a mapping or a list; a template such as {{ ... }} must be rendered",
        ),
        ("a: &x 1\n---\nb: *x\n", "document 2, line 3: there is no anchor \"x\" before this alias in the document"),
        ("a: &x [*x]\n", "document 1, line 1: aliases nest values deeper than 128 levels, or contain themselves"),
    ] {
        let error = annotate(text, &auto()).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    assert_eq!(annotate("any: [text", &Annotations::new()).as_deref(), Ok("any: [text"));
}

#[test]
fn oversized_text_is_refused_quickly() {
    let bomb = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..10 {
            let inner = vec![format!("*a{}", i - 1); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{inner}]\n"));
        }
        text
    };
    for (text, expected) in [
        (bomb, "aliases expand to more than 1000000 values"),
        ("[".repeat(MAX_TEXT), "the text nests deeper than 128 levels"),
        ("- ".repeat(MAX_TEXT / 2), "the text nests deeper than 128 levels"),
        ("{a: ".repeat(10_000), "the text nests deeper than 128 levels"),
        ("? ".repeat(10_000), "the text nests deeper than 128 levels"),
        ("a".repeat(MAX_TEXT + 1), "the text has 16777217 bytes, but at most 16777216 are allowed"),
    ] {
        let error = images(&text).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// The object as `manifest_objects` returns it.
fn object(text: &str) -> Dynamic {
    let objects = objects(text).expect(text);
    Dynamic::implied(objects.into_iter().next().expect(text)).expect("an object")
}

fn unknown(value: Attr<String>) -> UnknownAnnotations {
    BTreeMap::from([("k".to_owned(), value)]).into()
}

#[test]
fn object_is_annotated_at_its_pod_templates() {
    let deployment = object("kind: Deployment\nspec:\n  template:\n    spec: {containers: [{image: a}]}\n");
    let annotated = annotate_value(&deployment, &unknown(Attr::Known("v".into()))).expect("a Pod");
    let metadata = Value::map([("annotations", Value::map([("k", "v")]))]);
    let template =
        |value: &Value| value.as_map().unwrap()["spec"].as_map().unwrap()["template"].as_map().unwrap().clone();
    assert_eq!(template(annotated.value())["metadata"], metadata);
    assert_eq!(template(annotated.value())["spec"], template(deployment.value())["spec"]);
    let ty = r#"["object",{"annotations":["map","string"]}]"#;
    assert!(annotated.ty().to_json().contains(ty), "{}", annotated.ty().to_json());

    for (value, expected) in
        [(Attr::Unknown, Value::map([("k", Value::Unknown)])), (Attr::Known("v".into()), Value::map([("k", "v")]))]
    {
        let annotated = annotate_value(&deployment, &unknown(value)).expect("a Pod");
        assert_eq!(template(annotated.value())["metadata"].as_map().unwrap()["annotations"], expected);
    }
    let annotated = annotate_value(&deployment, &Attr::Unknown).expect("a Pod");
    assert_eq!(template(annotated.value())["metadata"].as_map().unwrap()["annotations"], Value::Unknown);
}

#[test]
fn only_types_on_the_path_to_a_template_change() {
    let template = Type::from_json(
        r#"["object",{"spec":["object",{"containers":["list",["object",{"image":"string"}]]}],"metadata":["map","string"]}]"#,
    );
    let template = template.expect("a type");
    let ty = Type::Object(
        [
            ("kind".to_owned(), Type::String),
            ("tasks".to_owned(), Type::List(template.into())),
            ("labels".to_owned(), Type::Map(Type::String.into())),
        ]
        .into(),
    );
    let pod = |image: &str| {
        let containers = Value::List(vec![Value::map([("image", image)])]);
        Value::map([("spec", Value::map([("containers", containers)])), ("metadata", Value::Null)])
    };
    let value = Value::map([
        ("kind", "Job".into()),
        ("tasks", Value::List(vec![pod("a"), pod("b")])),
        ("labels", Value::map([("a", "b")])),
    ]);
    let annotated = annotate_value(&Dynamic::new(ty, value).expect("conforms"), &unknown(Attr::Known("v".into())));
    let task = r#"["object",{"metadata":["object",{"annotations":["map","string"]}],"spec":["object",{"containers":["list",["object",{"image":"string"}]]}]}]"#;
    let expected =
        format!(r#"["object",{{"kind":"string","labels":["map","string"],"tasks":["tuple",[{task},{task}]]}}]"#);
    assert_eq!(annotated.expect("Pods").ty().to_json(), expected);
}

#[test]
fn partially_unknown_object_may_have_no_pod() {
    let ty = Type::from_json(r#"["object",{"kind":"string","spec":"dynamic"}]"#).expect("a type");
    let value = Value::map([("kind", "Deployment".into()), ("spec", Value::Unknown)]);
    let unknown_spec = Dynamic::new(ty, value).expect("conforms");
    assert_eq!(annotate_value(&unknown_spec, &unknown(Attr::Unknown)), Ok(unknown_spec));
    let service = object("kind: Service\nspec: {ports: []}\n");
    let error = annotate_value(&service, &unknown(Attr::Unknown)).expect_err("no Pod").to_string();
    assert_eq!(error, "nothing to annotate: the object has only Service, and no Pod");
}

#[test]
fn unknown_annotations_may_become_empty() {
    let none = || BTreeMap::new().into();
    for text in [
        "kind: Deployment\nspec:\n  template:\n    spec: {containers: [{image: a}]}\n",
        "kind: Deployment\nspec:\n  template:\n    metadata: {annotations: {b: c}}\n    spec: {containers: [{image: a}]}\n",
    ] {
        let deployment = object(text);
        let [planned, applied] = [Attr::Unknown, none()].map(|map| annotate_value(&deployment, &map).expect("a Pod"));
        assert_eq!(planned.ty(), applied.ty(), "{text}");
        let had_annotations = text.contains("b: c");
        assert_eq!(applied.value() == deployment.value(), had_annotations, "{text}");
    }
    let service = object("kind: Service\nspec: {ports: []}\n");
    assert_eq!(annotate_value(&service, &none()), Ok(service));
}

#[test]
fn images_are_found_without_a_place_for_annotations() {
    for (text, images, path) in [
        (
            "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\nspec:\n  stepTemplate: {image: b}\n  steps: [{name: c}, {image: d}]\n  sidecars: [{image: e}]\n",
            &["b", "d", "e"][..],
            "spec",
        ),
        (
            "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: {name: a}\nspec:\n  pipelineSpec:\n    tasks: [{taskRef: {name: x}}, {taskSpec: {steps: [{image: b}]}}]\n",
            &["b"],
            "spec.pipelineSpec.tasks[1].taskSpec",
        ),
        ("apiVersion: tekton.dev/v1beta1\nkind: StepAction\nmetadata: {name: a}\nspec: {image: b}\n", &["b"], "spec"),
        (
            "apiVersion: serving.kserve.io/v1alpha1\nkind: LLMInferenceService\nmetadata: {name: a}\nspec:\n  template: {containers: [{name: main}]}\n  prefill: {worker: {containers: [{image: b}], initContainers: [{image: c}]}}\n",
            &["b", "c"],
            "spec.prefill.worker",
        ),
    ] {
        let pods = object_pods(text).expect(text);
        let [pod] = &pods[..] else { panic!("{text}: {pods:?}") };
        assert_eq!(pod.pod.images.iter().collect::<Vec<_>>(), images, "{text}");
        assert_eq!(pod.pod.path.to_string(), path, "{text}");
        let error = annotate(text, &auto()).expect_err(text).to_string();
        assert!(
            error.contains(&format!("\"a\" has containers at {path}")) && error.contains("it is not known where"),
            "{error}"
        );
    }
}

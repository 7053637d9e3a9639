//! The manifests in `testdata/`, as charts and operators render them: a directory each, with the expected Pods and the expected
//! annotated text. `UPDATE_TESTDATA=1` writes the expectations.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::super::*;
use super::auto;

fn samples() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifests/testdata");
    let mut samples: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    samples.sort();
    samples
}

fn pods(text: &str) -> Json {
    let pod = |pod: ObjectPod| {
        json!({
            "kind": pod.kind,
            "namespace": pod.namespace,
            "name": pod.name,
            "path": pod.pod.path.to_string(),
            "images": pod.pod.images,
            "unresolved": pod.pod.unresolved,
        })
    };
    object_pods(text).unwrap().into_iter().map(pod).collect()
}

/// Compares with the file, or writes it.
fn expect(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_TESTDATA").is_some() {
        fs::write(path, text).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(text, expected, "{}", path.display());
}

#[test]
fn pods_and_annotations_match_the_samples() {
    for sample in samples() {
        let text = fs::read_to_string(sample.join("manifest.yaml")).unwrap();
        let expected = pods(&text);
        expect(&sample.join("pods.json"), &(serde_json::to_string_pretty(&expected).unwrap() + "\n"));
        let annotated = annotate(&text, &auto()).unwrap_or_else(|error| panic!("{}: {error}", sample.display()));
        expect(&sample.join("annotated.yaml"), &annotated);
        assert_eq!(annotate(&annotated, &auto()).as_ref(), Ok(&annotated), "twice: {}", sample.display());
        assert_eq!(pods(&annotated), expected, "{}", sample.display());
    }
}

//! Properties of parsing and annotating any text, see [`crate::fuzzing`].

use super::annotate::Annotations;
use super::{annotate, images, object_pods, objects, scalars};

/// Text is parsed or refused. Reading it as Pods, as objects and as a mapping of strings agrees on whether it can be parsed.
pub fn manifests(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let pods = object_pods(text);
    let images = images(text);
    if let Ok(images) = &images {
        let pods = pods.as_ref().expect("text with images has Pods");
        assert!(images.iter().all(|image| pods.iter().any(|pod| pod.pod.images.contains(image))));
    }
    let objects = objects(text);
    assert!(
        pods.is_err()
            || objects.is_ok()
            || objects.is_err_and(|error| error.to_string().contains("expected an object"))
    );
    let _ = scalars(text);
}

/// Annotating changes no image and is idempotent. That it changes nothing but the annotations is asserted inside.
pub fn annotate_manifests(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let annotations = Annotations::from([("a.example.com/cache".to_owned(), "0644".to_owned())]);
    match annotate(text, &annotations) {
        Ok(annotated) => {
            assert_eq!(images(&annotated), images(text));
            assert_eq!(annotate(&annotated, &annotations), Ok(annotated));
        }
        Err(error) => assert!(!error.to_string().contains("bug in the provider"), "{error}"),
    }
}

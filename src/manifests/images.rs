//! The Pods and images of YAML text.

use std::collections::BTreeSet;

use super::ManifestError;
use super::annotate::{Syntax, join};
use super::objects::{self, Object};
use super::pods::{Pod, pods};

/// A Pod template, and the object that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPod {
    pub kind: Option<String>,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub pod: Pod,
    /// The name of the object in messages.
    object: String,
}

/// The Pods of YAML text in order: one for each Pod template.
///
/// # Errors
///
/// The text cannot be parsed, or has no Pod: the error names its kinds.
pub fn object_pods(text: &str) -> Result<Vec<ObjectPod>, ManifestError> {
    let documents = objects::read(text)?;
    let mut all = Vec::new();
    for (document, value) in &documents {
        let syntax = Syntax::of(document);
        for object in Object::of(value) {
            let mut found = pods(object.value).pods;
            found.sort_by_cached_key(|pod| syntax.position(&join(&object.path, &pod.path)));
            all.extend(found.into_iter().map(|pod| ObjectPod {
                kind: object.kind().map(str::to_owned),
                namespace: object.namespace().map(str::to_owned),
                name: object.name().map(str::to_owned),
                pod,
                object: object.to_string(),
            }));
        }
    }
    if all.is_empty() {
        let objects: Vec<_> = documents.iter().flat_map(|(_, value)| Object::of(value)).collect();
        return Err(ManifestError::new(format!("no Pod in the text: it has {}", objects::kinds(&objects))));
    }
    Ok(all)
}

/// The images of the Pods in YAML text.
///
/// # Errors
///
/// As [`object_pods`], or an image is not a valid reference.
pub fn images(text: &str) -> Result<BTreeSet<String>, ManifestError> {
    let all = object_pods(text)?;
    for pod in &all {
        if let Some(image) = pod.pod.unresolved.first() {
            let message = format!(
                "{} has an image at {} that is not a reference: {image:?}. Render or substitute it first, or use manifest_pods, \
                which lists it as unresolved",
                pod.object, pod.pod.path
            );
            return Err(ManifestError::new(message));
        }
    }
    Ok(all.into_iter().flat_map(|pod| pod.pod.images).collect())
}

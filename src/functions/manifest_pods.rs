//! `manifest_pods`: the Pods of rendered manifests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifests::{self, ObjectPod};
use terraform_plugin::framework::{Function, FunctionError};
use terraform_plugin::value::Attr;

/// Pods of Kubernetes manifests with their images, for example to create one image cache for each set of images.
///
/// Accepts the same manifests as `manifest_images`. The list has one element for each Pod template, in order, with the `kind`,
/// `namespace` and `name` of its object (null if the object has none), the `path` of the containers in the object
/// (`spec.template.spec`), the distinct `images`, sorted, and as `unresolved` the images that are not valid references. Manifests
/// without a Pod are an error that names the kinds of their objects.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ManifestPods {
    /// The manifests, at most 16 MiB.
    yaml: String,
}

/// A Pod template.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct PodTemplate {
    /// Kind of its object.
    kind: Attr<String>,
    /// Namespace of its object.
    namespace: Attr<String>,
    /// Name of its object.
    name: Attr<String>,
    /// The path of the containers in its object.
    path: String,
    /// Images, sorted.
    images: Vec<String>,
    /// Images that are not valid references.
    unresolved: Vec<String>,
}

impl From<ObjectPod> for PodTemplate {
    fn from(pod: ObjectPod) -> Self {
        Self {
            kind: pod.kind.into(),
            namespace: pod.namespace.into(),
            name: pod.name.into(),
            path: pod.pod.path.to_string(),
            images: pod.pod.images.into_iter().collect(),
            unresolved: pod.pod.unresolved.into_iter().collect(),
        }
    }
}

impl Function for ManifestPods {
    type Result = Vec<PodTemplate>;
    const NAME: &'static str = "manifest_pods";

    fn call(self) -> Result<Vec<PodTemplate>, FunctionError> {
        let Self { yaml } = self;
        let pods = manifests::object_pods(&yaml).map_err(|error| FunctionError::at(0, error.to_string()))?;
        Ok(pods.into_iter().map(PodTemplate::from).collect())
    }
}

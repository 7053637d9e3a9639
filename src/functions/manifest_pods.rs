//! `manifest_pods`: the Pods that rendered manifests run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifests::{self, ObjectPod};
use terraform_plugin::framework::{Function, FunctionError};
use terraform_plugin::value::Attr;

/// Pods of Kubernetes manifests with their images, for example to make one image cache for each set of images.
///
/// Reads what `manifest_images` reads. The list has one element for each Pod template, in their order, with the
/// `kind`, `namespace` and `name` of its object (null where the object has none), the `path` at which the object has the
/// containers (`spec.template.spec`), the `images`, sorted and each once, and as `unresolved` what stands in the place of an
/// image and is not a reference. Manifests without a Pod are an error that names the kinds of their objects.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Parameters {
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
    /// Where its object has the containers.
    path: String,
    /// Images, sorted.
    images: Vec<String>,
    /// What is not an image.
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

/// The function.
pub struct ManifestPods;

impl Function for ManifestPods {
    type Parameters = Parameters;
    type Result = Vec<PodTemplate>;
    const NAME: &'static str = "manifest_pods";

    fn call(&self, Parameters { yaml }: Parameters) -> Result<Vec<PodTemplate>, FunctionError> {
        let pods = manifests::object_pods(&yaml).map_err(|error| FunctionError::at(0, error.to_string()))?;
        Ok(pods.into_iter().map(PodTemplate::from).collect())
    }
}

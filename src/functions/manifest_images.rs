//! `manifest_images`: the images of rendered manifests.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifests;
use terraform_plugin::framework::{Function, FunctionError};

/// Images of the Pods in Kubernetes manifests, for an image cache.
///
/// Reads YAML as Kubernetes does, or JSON, with any number of documents, such as the output of the data source `helm_template`. A
/// Pod is found by its structure in any kind of object, also in a `List`; Argo Workflows, Spark, Flink, KServe and Tekton, which
/// describe Pods differently, are supported. The result contains the images of `containers`, `initContainers` and
/// `ephemeralContainers`, as written. Custom resource definitions, and policies of Kyverno and Gatekeeper, do not run Pods.
///
/// Images that an object only refers to are not included: those of a model server's runtime, of the preset of an
/// `LLMInferenceService`, or of a task that a Tekton step refers to. Add such images to the result.
///
/// An image that is not a valid reference, for example a placeholder, is an error, and so is text without a Pod: a missed image is a
/// Pod without its cache. `manifest_pods` lists each Pod instead.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ManifestImages {
    /// The manifests, at most 16 MiB.
    yaml: String,
}

impl Function for ManifestImages {
    type Result = BTreeSet<String>;
    const NAME: &'static str = "manifest_images";

    fn call(self) -> Result<BTreeSet<String>, FunctionError> {
        let Self { yaml } = self;
        manifests::images(&yaml).map_err(|error| FunctionError::at(0, error.to_string()))
    }
}

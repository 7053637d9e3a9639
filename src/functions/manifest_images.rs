//! `manifest_images`: the images that rendered manifests run.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifests;
use terraform_plugin::framework::{Function, FunctionError};

/// Images that the Pods of Kubernetes manifests run, for an image cache.
///
/// Reads YAML as Kubernetes does, or JSON, with any number of documents, such as the output of the data source `helm_template`. A
/// Pod is found by its structure in any kind of object, also in a `List`; Argo Workflows, Spark, Flink, KServe and Tekton, which describe
/// Pods in forms of their own, are known. Counted are the images of `containers`, `initContainers` and `ephemeralContainers`, as they are
/// written. Definitions of custom resources, and the policies of Kyverno and Gatekeeper, run no Pods.
///
/// An image that an object takes from elsewhere is not in its text: that of a model server from its runtime, of the main container of an
/// `LLMInferenceService` from a preset, of a Tekton step from the task that it refers to. Add such images to the result.
///
/// What stands in the place of an image and is not a reference, for example a placeholder, is an error, and so is text
/// without a Pod: an image that is missed is a Pod without its cache. `manifest_pods` lists each Pod instead.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Parameters {
    /// The manifests, at most 16 MiB.
    yaml: String,
}

/// The function.
pub struct ManifestImages;

impl Function for ManifestImages {
    type Parameters = Parameters;
    type Result = BTreeSet<String>;
    const NAME: &'static str = "manifest_images";

    fn call(&self, Parameters { yaml }: Parameters) -> Result<BTreeSet<String>, FunctionError> {
        manifests::images(&yaml).map_err(|error| FunctionError::at(0, error.to_string()))
    }
}

//! `annotate_manifests`: annotations into the text of manifests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annotations::Annotations;
use crate::manifests;
use terraform_plugin::framework::{Function, FunctionError};

/// Kubernetes manifests with annotations at every Pod template, every other byte as it was.
///
/// For kubectl, Argo CD and files. Lines are inserted, and the values of existing keys are replaced; nothing is encoded again, so
/// that comments, the order of keys, anchors and `0644` stay. The annotations are written to the Pod template of each object that has
/// one, and to the metadata of a bare `Pod`; of Argo Workflows, Spark, Flink and KServe's `InferenceService` to the places that those
/// document. JSON stays JSON.
///
/// A document without a Pod stays as it is. An error, because Pods without the annotations would be missed silently, are: text
/// without any Pod, a kind of object with containers whose place for annotations is not known, and a place that is shared
/// through an alias, an anchor or a merge key. With no annotations, the text stays as it is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Parameters {
    /// The manifests, YAML or JSON, at most 16 MiB.
    yaml: String,
    /// The annotations, for example those of the function `image_cache_annotations`.
    annotations: Annotations,
}

/// The function.
pub struct AnnotateManifests;

impl Function for AnnotateManifests {
    type Parameters = Parameters;
    type Result = String;
    const NAME: &'static str = "annotate_manifests";

    fn call(&self, Parameters { yaml, annotations }: Parameters) -> Result<String, FunctionError> {
        manifests::annotate(&yaml, &annotations).map_err(|error| FunctionError::at(0, error.to_string()))
    }
}

//! `annotate_manifests`: adds annotations to manifests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annotations::Annotations;
use crate::manifests;
use terraform_plugin::framework::{Function, FunctionError};

/// Kubernetes manifests with annotations at every Pod template, and every other byte unchanged.
///
/// For kubectl, Argo CD and files. Lines are inserted, and the values of existing keys are replaced; nothing else is encoded again,
/// so that comments, the order of keys, anchors and `0644` are preserved. The annotations are written to the Pod template of each
/// object that has one, and to the metadata of a bare `Pod`; for Argo Workflows, Spark, Flink and KServe's `InferenceService`, to the
/// places that they document. JSON remains JSON.
///
/// A document without a Pod is not changed. The function fails rather than silently omit annotations: for text without any Pod, for a
/// kind of object with containers whose place for annotations is not known, and for a place that is shared through an alias, an
/// anchor or a merge key. Without annotations, the text is not changed.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct AnnotateManifests {
    /// The manifests, YAML or JSON, at most 16 MiB.
    yaml: String,
    /// The annotations, for example those of the function `image_cache_annotations`.
    annotations: Annotations,
}

impl Function for AnnotateManifests {
    type Result = String;
    const NAME: &'static str = "annotate_manifests";

    fn call(self) -> Result<String, FunctionError> {
        let Self { yaml, annotations } = self;
        manifests::annotate(&yaml, &annotations).map_err(|error| FunctionError::at(0, error.to_string()))
    }
}

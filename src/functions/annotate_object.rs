//! `annotate_object`: adds annotations to an object for `kubernetes_manifest`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifests::{self, UnknownAnnotations};
use terraform_plugin::framework::{Function, FunctionError};
use terraform_plugin::schema::PARAMETER;
use terraform_plugin::value::{Attr, Dynamic};

/// An object with annotations at every Pod template, for `kubernetes_manifest`.
///
/// Finds the Pod templates as `annotate_manifests` does, in the object of one manifest, for example an element of `manifest_objects`.
/// The annotations and parts of the object may be unknown; no other part of the result becomes unknown. The annotations of a Pod
/// template become a `map(string)`, which `kubernetes_manifest` requires to plan a replacement; typed lists of objects that contain it
/// become tuples. An empty map of annotations adds none.
///
/// An object without a Pod is an error if it is wholly known.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct AnnotateObject {
    /// The object, as in `manifest` of `kubernetes_manifest`.
    #[schemars(extend("x-terraform" = PARAMETER.allow_unknown()))]
    object: Attr<Dynamic>,
    /// The annotations, for example `eks_image_cache.x.annotations.pinned`.
    #[schemars(extend("x-terraform" = PARAMETER.allow_unknown()))]
    annotations: UnknownAnnotations,
}

impl Function for AnnotateObject {
    type Result = Attr<Dynamic>;
    const NAME: &'static str = "annotate_object";

    fn call(self) -> Result<Attr<Dynamic>, FunctionError> {
        let Self { object, annotations } = self;
        let Attr::Known(object) = object else { return Ok(Attr::Unknown) };
        if object.value().as_map().is_none() {
            return Err(FunctionError::at(0, "expected an object, such as an element of manifest_objects"));
        }
        let annotated = manifests::annotate_value(&object, &annotations);
        annotated.map(Attr::Known).map_err(|error| FunctionError::at(0, error.to_string()))
    }
}

//! `image_cache_annotations`: start from an image cache.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annotations::{self, Annotations};
use terraform_plugin::framework::{Function, FunctionError};

/// Pod annotations that make Pods start from an image cache.
///
/// They go onto the Pod template, `.spec.template.metadata.annotations` of a workload. A Pod that cannot use the cache pulls its
/// images, without an error.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Parameters {
    /// ID of the image cache, for example `"imc-1a2b3c4d"`, or `"auto"` for the best one that holds the Pod's images.
    id_or_auto: String,
}

/// The function.
pub struct ImageCacheAnnotations;

impl Function for ImageCacheAnnotations {
    type Parameters = Parameters;
    type Result = Annotations;
    const NAME: &'static str = "image_cache_annotations";

    fn call(&self, Parameters { id_or_auto }: Parameters) -> Result<Annotations, FunctionError> {
        annotations::check_image_cache(&id_or_auto).map_err(|expected| FunctionError::at(0, expected))?;
        Ok(annotations::image_cache(&id_or_auto))
    }
}

//! `image_cache_annotations`: annotations for starting from an image cache.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annotations::{self, DiskOptions, PlannedAnnotations};
use terraform_plugin::framework::{Function, FunctionError};
use terraform_plugin::schema::PARAMETER;
use terraform_plugin::value::{Attr, Dynamic};

/// Pod annotations that make Pods start from an image cache.
///
/// Set them on the Pod template, `.spec.template.metadata.annotations` of a workload. A Pod that cannot use the cache pulls its
/// images, without an error.
///
/// The options configure the disk that a Pod gets from the cache. Functions make no calls and return no warnings: a `size` below the
/// cache's own, which the platform refuses, and a `disk_type` that does not exist are not reported. The data source `eks_pod_disk`
/// checks both. The effect of `fallback_size` together with a cache, and whether it is billed, is not documented.
///
/// With an unknown ID, of a cache that is created in the same apply, the keys of the map are known. An unknown option that may become
/// null makes the whole map unknown.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ImageCacheAnnotations {
    /// ID of the image cache, for example `"imc-1a2b3c4d"`, or `"auto"` for the best one with the Pod's images.
    #[schemars(extend("x-terraform" = PARAMETER.allow_unknown()))]
    id_or_auto: Attr<String>,
    /// Optional, at most one: an object with any of `size` (GiB of the disk, from 20 to 32000, not below the size of the cache),
    /// `disk_type` (for example `"CLOUD_SSD"`), `retain_minutes` (how long a later Pod may reuse the disk, at least 1), and
    /// `fallback_size` (GiB of the system disk of a Pod that no cache matches, from 20 to 32000). Null counts as omitted.
    #[schemars(extend("x-terraform" = PARAMETER.allow_unknown().allow_null().variadic()))]
    options: Vec<Attr<Dynamic>>,
}

impl Function for ImageCacheAnnotations {
    type Result = Attr<PlannedAnnotations>;
    const NAME: &'static str = "image_cache_annotations";

    fn call(self) -> Result<Self::Result, FunctionError> {
        let Self { id_or_auto, options } = self;
        if let Some(choice) = id_or_auto.as_str() {
            annotations::check_image_cache(choice).map_err(|expected| FunctionError::at(0, expected))?;
        }
        if options.len() > 1 {
            return Err(FunctionError::at(2, format!("expected at most one options object: {}", DiskOptions::FORM)));
        }
        let mut annotations = annotations::planned_image_cache(&id_or_auto);
        match options.into_iter().next().unwrap_or_default() {
            Attr::Null => {}
            Attr::Unknown => return Ok(Attr::Unknown),
            Attr::Known(options) => {
                let expected = || FunctionError::at(1, format!("expected {}", DiskOptions::FORM));
                let options = options.value().as_map().ok_or_else(expected)?;
                let options = DiskOptions::read(options).map_err(|fault| FunctionError::at(1, fault))?;
                if options.uncertain {
                    return Ok(Attr::Unknown);
                }
                annotations.extend(options.annotations);
            }
        }
        Ok(Attr::Known(annotations))
    }
}

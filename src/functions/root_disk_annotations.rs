//! `root_disk_annotations`: annotations for a system disk of a given size.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annotations::{self, MAX_DISK_SIZE, MIN_DISK_SIZE, PlannedAnnotations};
use terraform_plugin::framework::{Function, FunctionError};
use terraform_plugin::schema::PARAMETER;
use terraform_plugin::value::Attr;

/// Pod annotations for a system disk of a given size.
///
/// Set them on the Pod template, `.spec.template.metadata.annotations` of a workload. 20 GiB are free of charge. A Pod that starts from
/// an image cache has a disk made from the cache instead, see `image_cache_annotations`; the effect of this size together with a cache
/// is not documented. With an unknown size, the key of the map is known and its value is unknown.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct RootDiskAnnotations {
    /// Size of the disk in GiB, a whole number from 20 to 32000, for example `50`.
    #[schemars(
        extend("x-terraform" = PARAMETER.allow_unknown()),
        range(min = MIN_DISK_SIZE, max = MAX_DISK_SIZE)
    )]
    size: Attr<u64>,
}

impl Function for RootDiskAnnotations {
    type Result = PlannedAnnotations;
    const NAME: &'static str = "root_disk_annotations";

    fn call(self) -> Result<PlannedAnnotations, FunctionError> {
        let Self { size } = self;
        Ok(annotations::planned_root_disk(&size))
    }
}

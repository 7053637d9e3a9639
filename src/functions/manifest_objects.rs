//! `manifest_objects`: rendered manifests as objects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifests;
use terraform_plugin::framework::{Function, FunctionError};
use terraform_plugin::value::{Dynamic, Value};

/// Objects of Kubernetes manifests, for `for_each` over `kubernetes_manifest`.
///
/// Unlike `yamldecode`, it reads all documents, omits empty ones, replaces each `List` by its items, and reads YAML as Kubernetes does,
/// in which `0644` is 420 and `yes` is true. The result is a tuple of the objects in order, empty for manifests without objects.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ManifestObjects {
    /// The manifests, at most 16 MiB.
    yaml: String,
}

impl Function for ManifestObjects {
    type Result = Dynamic;
    const NAME: &'static str = "manifest_objects";

    fn call(self) -> Result<Dynamic, FunctionError> {
        let Self { yaml } = self;
        let objects = manifests::objects(&yaml).map_err(|error| FunctionError::at(0, error.to_string()))?;
        Ok(Dynamic::implied(Value::List(objects)).expect("a list has a type"))
    }
}

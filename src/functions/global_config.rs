//! `global_config`: annotations for all Pods of a cluster.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annotations::{self, POD_ANNOTATIONS, PlannedAnnotations};
use terraform_plugin::framework::{Function, FunctionError};
use terraform_plugin::schema::PARAMETER;
use terraform_plugin::value::Attr;

/// Data of the ConfigMap with annotations for all Pods of a cluster.
///
/// The ConfigMap is `eks-config` in the namespace `kube-system`; its key `pod.annotations` contains the annotations as YAML.
/// Annotations of a Pod, and of its super node, take precedence over them.
///
/// The key contains the annotations of all tools and teams that manage the cluster. To keep those of others, pass the current value
/// of the key as `existing`: the annotations are merged into it, and its other keys keep their order, as strings. Its comments are
/// removed. Merging twice gives the same result.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct GlobalConfig {
    /// The annotations, for example those of `eks_pod_disk` or of another function, merged. A key with null is removed.
    #[schemars(extend("x-terraform" = PARAMETER.allow_unknown().allow_null_elements()))]
    annotations: Attr<PlannedAnnotations>,
    /// Optional, at most one: the current value of `pod.annotations`. Null and an empty string count as omitted.
    #[schemars(extend("x-terraform" = PARAMETER.allow_unknown().allow_null().variadic()))]
    existing: Vec<Attr<String>>,
}

impl Function for GlobalConfig {
    type Result = PlannedAnnotations;
    const NAME: &'static str = "global_config";

    fn call(self) -> Result<PlannedAnnotations, FunctionError> {
        let Self { annotations, existing } = self;
        if existing.len() > 1 {
            return Err(FunctionError::at(
                2,
                "expected at most one existing value: the current one of pod.annotations",
            ));
        }
        let existing = existing.into_iter().next().unwrap_or_default();
        let is_known = !existing.is_unknown()
            && annotations.known().is_some_and(|annotations| !annotations.values().any(Attr::is_unknown));
        let annotations: BTreeMap<_, _> =
            annotations.into_known().into_iter().flatten().map(|(key, value)| (key, value.into_known())).collect();
        let existing = existing.as_str().unwrap_or_default();
        let config = annotations::merged_config(existing, &annotations)
            .map_err(|error| FunctionError::at(1, format!("existing cannot be merged: {error}")))?;
        if is_known {
            return Ok(config.into_iter().map(|(key, text)| (key, Attr::Known(text))).collect());
        }
        Ok(PlannedAnnotations::from([(POD_ANNOTATIONS.to_owned(), Attr::Unknown)]))
    }
}

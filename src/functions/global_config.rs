//! `global_config`: annotations for all Pods of a cluster.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annotations::{self, Annotations};
use terraform_plugin::framework::{Function, FunctionError};

/// Data of the ConfigMap that gives annotations to all Pods of a cluster.
///
/// The ConfigMap is `eks-config` in the namespace `kube-system`; its key `pod.annotations` holds the annotations as YAML.
/// Annotations of a Pod, and of its super node, win over them.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Parameters {
    /// The annotations, for example those of `eks_pod_disk` or of another function, merged.
    annotations: Annotations,
}

/// The function.
pub struct GlobalConfig;

impl Function for GlobalConfig {
    type Parameters = Parameters;
    type Result = Annotations;
    const NAME: &'static str = "global_config";

    fn call(&self, Parameters { annotations }: Parameters) -> Result<Annotations, FunctionError> {
        Ok(annotations::global_config(&annotations))
    }
}

//! Kinds with images that do not run Pods, and kinds whose Pods are not described by a `spec` with `containers`.
//!
//! | kind | images | annotations |
//! | --- | --- | --- |
//! | `Workflow`, `WorkflowTemplate`, `ClusterWorkflowTemplate`, `CronWorkflow` | of each template: `container`, `script`, `containerSet`, `initContainers`, `sidecars` | `podMetadata` of the workflow, and `metadata` of each template: the `podMetadata` of a referenced template is ignored |
//! | `SparkApplication`, `ScheduledSparkApplication` | `image` of the application, `driver` and `executor` | `annotations` of `driver` and of `executor` |
//! | `InferenceService` | `containers` and models of `predictor`, `transformer`, `explainer` | `annotations` of each |
//! | `ServingRuntime`, `ClusterServingRuntime` | `containers` | `annotations` of the spec |
//! | `LLMInferenceService`, `LLMInferenceServiceConfig` | each `template` and `worker`, which are PodSpecs | no documented place |
//! | `FlinkDeployment` | `image`, and containers of the three `podTemplate`s | the common `podTemplate` |
//! | Tekton's `Task`, `TaskRun`, `Pipeline`, `PipelineRun`, `StepAction` | `steps`, `sidecars` and `stepTemplate` of each task | no documented place |
//!
//! Images that an object only refers to are not found: those of a model server's runtime, of a preset, or of a task that a step
//! refers to.
//!
//! Sources: <https://argo-workflows.readthedocs.io/en/latest/fields/>,
//! <https://github.com/kubeflow/spark-operator/blob/master/docs/api-docs.md>,
//! <https://kserve.github.io/website/latest/reference/api/>,
//! <https://nightlies.apache.org/flink/flink-kubernetes-operator-docs-main/docs/custom-resource/pod-template/>,
//! <https://tekton.dev/docs/pipelines/tasks/>.

use std::collections::BTreeMap;

use super::pods::{Found, Images, has_containers, walk};
use terraform_plugin::diagnostics::AttributePath;
use terraform_plugin::value::Value;

type Map = BTreeMap<String, Value>;

/// The kind of an object, with its API group.
pub struct Kind<'a> {
    /// Empty for the core group.
    group: &'a str,
    version: &'a str,
    kind: &'a str,
}

impl<'a> Kind<'a> {
    /// `None` for a mapping that is not an object.
    pub fn of(map: &'a Map) -> Option<Self> {
        let api_version = map.get("apiVersion")?.as_str()?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Some(Self { group, version, kind: map.get("kind")?.as_str()? })
    }

    /// Whether it is a bare Pod, whose metadata has the annotations.
    pub fn is_pod(&self) -> bool {
        (self.group, self.version, self.kind) == ("", "v1", "Pod")
    }

    /// Whether it is a definition or a policy, which describes Pods but does not run them.
    pub fn runs_nothing(&self) -> bool {
        let of_group = |domain: &str| self.group == domain || self.group.ends_with(&format!(".{domain}"));
        self.kind == "CustomResourceDefinition" || of_group("kyverno.io") || of_group("gatekeeper.sh")
    }

    /// Finds the Pods of an object of this kind at `path`. False if the kind is not in the table.
    pub fn find(&self, map: &Map, path: &AttributePath, found: &mut Found) -> bool {
        let spec = || Some((map.get("spec")?.as_map()?, path.attribute("spec")));
        match (self.group, self.kind) {
            ("argoproj.io", "Workflow" | "WorkflowTemplate" | "ClusterWorkflowTemplate") => {
                spec().is_some_and(|(spec, path)| workflow(spec, &path, found))
            }
            ("argoproj.io", "CronWorkflow") => spec().is_some_and(|(spec, path)| {
                let inner = spec.get("workflowSpec").and_then(Value::as_map);
                inner.is_some_and(|spec| workflow(spec, &path.attribute("workflowSpec"), found))
            }),
            ("sparkoperator.k8s.io", "SparkApplication") => {
                spec().is_some_and(|(spec, path)| spark(spec, &path, found))
            }
            ("sparkoperator.k8s.io", "ScheduledSparkApplication") => spec().is_some_and(|(spec, path)| {
                let inner = spec.get("template").and_then(Value::as_map);
                inner.is_some_and(|spec| spark(spec, &path.attribute("template"), found))
            }),
            ("serving.kserve.io", "InferenceService") => {
                spec().is_some_and(|(spec, path)| inference_service(spec, &path, found))
            }
            ("serving.kserve.io", "ServingRuntime" | "ClusterServingRuntime") => {
                let spec = spec().filter(|(spec, _)| has_containers(spec));
                spec.is_some_and(|(spec, path)| {
                    let place = path.attribute("annotations");
                    Images::of_pod_spec(spec).add_to(found, path, place);
                    true
                })
            }
            ("serving.kserve.io", "LLMInferenceService" | "LLMInferenceServiceConfig") => {
                spec().is_some_and(|(spec, path)| llm_inference_service(spec, &path, found))
            }
            ("flink.apache.org", "FlinkDeployment") => spec().is_some_and(|(spec, path)| flink(spec, &path, found)),
            ("tekton.dev", "StepAction") => spec().is_some_and(|(spec, path)| {
                let mut images = Images::default();
                images.add(spec.get("image"));
                images.add_without_place(found, path);
                true
            }),
            ("tekton.dev", _) => spec().is_some_and(|(spec, path)| {
                tasks(spec, &path, found);
                true
            }),
            _ => false,
        }
    }
}

/// The templates of an Argo workflow, including those inside steps and tasks.
fn workflow(spec: &Map, path: &AttributePath, found: &mut Found) -> bool {
    let before = found.pods.len();
    for (name, value) in spec {
        templates(value, &path.attribute(name), found);
    }
    if found.pods.len() > before {
        found.common_places.push(path.attribute("podMetadata").attribute("annotations"));
    }
    true
}

fn templates(value: &Value, path: &AttributePath, found: &mut Found) {
    match value {
        Value::Map(template) => {
            let mut images = Images::default();
            images.add_container(template.get("container"));
            images.add_container(template.get("script"));
            let set = template.get("containerSet").and_then(Value::as_map);
            images.add_containers(set.and_then(|set| set.get("containers")));
            // A template without a main container runs no Pod for these.
            if !images.is_empty() {
                images.add_containers(template.get("initContainers"));
                images.add_containers(template.get("sidecars"));
                images.add_to(found, path.clone(), path.attribute("metadata").attribute("annotations"));
            }
            template.iter().for_each(|(name, value)| templates(value, &path.attribute(name), found));
        }
        Value::List(list) => list.iter().enumerate().for_each(|(i, item)| templates(item, &path.index(i), found)),
        Value::Unknown | Value::UnknownNotNull => found.incomplete = true,
        _ => {}
    }
}

/// The mapping at a key. An unknown one may contain Pods.
fn known_map<'a>(map: &'a Map, name: &str, found: &mut Found) -> Option<&'a Map> {
    let value = map.get(name)?;
    found.incomplete |= value.is_unknown();
    value.as_map()
}

/// Driver and executor. Each uses the image of the application unless it has its own.
fn spark(spec: &Map, path: &AttributePath, found: &mut Found) -> bool {
    for role in ["driver", "executor"] {
        let path = path.attribute(role);
        let Some(pod) = known_map(spec, role, found) else { continue };
        let mut images = Images::default();
        images.add(pod.get("image").filter(|image| !image.is_null()).or_else(|| spec.get("image")));
        images.add_containers(pod.get("initContainers"));
        images.add_containers(pod.get("sidecars"));
        if !images.is_empty() {
            images.add_to(found, path.clone(), path.attribute("annotations"));
        }
        // The template that recent operators additionally accept.
        pod.iter().for_each(|(name, value)| walk(value, &path.attribute(name), found));
    }
    true
}

/// The components of an inference service: each is a PodSpec, in which a model may also have an image.
fn inference_service(spec: &Map, path: &AttributePath, found: &mut Found) -> bool {
    for component in ["predictor", "transformer", "explainer"] {
        let path = path.attribute(component);
        let Some(pod) = known_map(spec, component, found) else { continue };
        let mut images = Images::of_pod_spec(pod);
        for model in pod.values().filter_map(Value::as_map) {
            images.add(model.get("image"));
        }
        if let Some(workers) = pod.get("workerSpec").and_then(Value::as_map) {
            images.add_containers(workers.get("containers"));
            images.add_containers(workers.get("initContainers"));
        }
        images.add_to(found, path.clone(), path.attribute("annotations"));
    }
    true
}

/// The Pods of a large model: PodSpecs of the service, its prefill and its scheduler.
fn llm_inference_service(spec: &Map, path: &AttributePath, found: &mut Found) -> bool {
    for (name, value) in spec {
        found.incomplete |= value.is_unknown();
        let (Some(map), path) = (value.as_map(), path.attribute(name)) else { continue };
        if matches!(name.as_str(), "template" | "worker") && has_containers(map) {
            Images::of_pod_spec(map).add_without_place(found, path);
        } else {
            llm_inference_service(map, &path, found);
        }
    }
    true
}

/// Job manager and task manager. Each uses the image of the deployment, and the containers of the common template and its own.
fn flink(spec: &Map, path: &AttributePath, found: &mut Found) -> bool {
    let pod_spec = |map: &Map| map.get("podTemplate")?.as_map()?.get("spec")?.as_map().cloned();
    let place = path.attribute("podTemplate").attribute("metadata").attribute("annotations");
    for role in ["jobManager", "taskManager"] {
        let own = known_map(spec, role, found).and_then(pod_spec);
        let mut images = Images::default();
        images.add(spec.get("image"));
        for pod_spec in pod_spec(spec).iter().chain(&own) {
            images.add_pod_spec(pod_spec);
        }
        if !images.is_empty() {
            images.add_to(found, path.attribute(role), place.clone());
        }
    }
    true
}

/// Tasks, including those inside pipelines and runs: each is a Pod with a container for each step.
fn tasks(spec: &Map, path: &AttributePath, found: &mut Found) {
    let mut images = Images::default();
    for list in ["steps", "sidecars"] {
        images.add_containers(spec.get(list));
    }
    images.add_container(spec.get("stepTemplate"));
    if !images.is_empty() {
        return images.add_without_place(found, path.clone());
    }
    for (name, value) in spec {
        let path = path.attribute(name);
        found.incomplete |= value.is_unknown();
        match value {
            Value::Map(map) => tasks(map, &path, found),
            Value::List(list) => {
                let maps = list.iter().enumerate().filter_map(|(i, item)| Some((i, item.as_map()?)));
                maps.for_each(|(i, map)| tasks(map, &path.index(i), found));
            }
            _ => {}
        }
    }
}

//! The Pods of an object, found by structure at any depth: a mapping `spec` whose `containers` have images.
//!
//! So kinds with Pod templates need no table, from a Deployment to the worker groups of a RayCluster. Kinds with a different
//! structure are in [`super::kinds`].

use std::collections::{BTreeMap, BTreeSet};

use super::kinds;
use image_registry::Reference;
use terraform_plugin::diagnostics::AttributePath;
use terraform_plugin::value::Value;

/// A Pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// The path of its PodSpec in the object: `spec.template.spec`.
    pub path: AttributePath,
    /// References as written.
    pub images: BTreeSet<String>,
    /// Images that are not valid references, usually placeholders of templates.
    pub unresolved: BTreeSet<String>,
    /// The path of the mapping `annotations`, which need not exist. `None` if no place is known.
    pub place: Option<AttributePath>,
}

/// The Pods of an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub pods: Vec<Pod>,
    /// Places for annotations that do not belong to a single Pod template.
    pub common_places: Vec<AttributePath>,
    /// Whether unknown parts may contain more Pods.
    pub incomplete: bool,
}

impl Found {
    /// Every place for annotations, each once.
    ///
    /// # Errors
    ///
    /// The first Pod for which no place is known.
    pub fn places(&self) -> Result<BTreeSet<AttributePath>, &Pod> {
        let own = self.pods.iter().map(|pod| pod.place.clone().ok_or(pod));
        own.chain(self.common_places.iter().cloned().map(Ok)).collect()
    }

    fn add(&mut self, path: AttributePath, images: Images, place: Option<AttributePath>) {
        self.incomplete |= images.unknown;
        self.pods.push(Pod { path, images: images.known, unresolved: images.unresolved, place });
    }
}

/// Finds the Pods of an object. The order is not that of the text.
pub fn pods(object: &Value) -> Found {
    let mut found = Found::default();
    walk(object, &AttributePath::default(), &mut found);
    found
}

pub(super) fn walk(value: &Value, path: &AttributePath, found: &mut Found) {
    match value {
        Value::Map(map) => walk_map(map, path, found),
        Value::List(list) => list.iter().enumerate().for_each(|(i, item)| walk(item, &path.index(i), found)),
        Value::Dynamic(dynamic) => walk(dynamic.value(), path, found),
        Value::Unknown | Value::UnknownNotNull => found.incomplete = true,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn walk_map(map: &BTreeMap<String, Value>, path: &AttributePath, found: &mut Found) {
    let kind = kinds::Kind::of(map);
    if kind.as_ref().is_some_and(kinds::Kind::runs_nothing) {
        return;
    }
    if let Some(kind) = &kind
        && kind.find(map, path, found)
    {
        return;
    }
    for (name, value) in map {
        let inner = path.attribute(name);
        match value.as_map().filter(|spec| name == "spec" && has_containers(spec)) {
            Some(spec) => {
                let holds_pod = path.steps().is_empty() || kind.is_some();
                let place = match &kind {
                    Some(kind) if kind.is_pod() => Some(path),
                    _ if holds_pod => None,
                    _ => Some(path),
                };
                let place = place.map(|path| path.attribute("metadata").attribute("annotations"));
                found.add(inner, Images::of_pod_spec(spec), place);
            }
            None => walk(value, &inner, found),
        }
    }
}

/// Whether `containers` is a list in which a mapping has an image.
pub(super) fn has_containers(spec: &BTreeMap<String, Value>) -> bool {
    let has_image = |container: &Value| {
        container.as_map().is_some_and(|map| map.get("image").is_some_and(|image| !image.is_null()))
    };
    spec.get("containers").and_then(Value::as_list).is_some_and(|list| list.iter().any(has_image))
}

/// The images of one Pod template.
#[derive(Default)]
pub(super) struct Images {
    known: BTreeSet<String>,
    unresolved: BTreeSet<String>,
    unknown: bool,
}

impl Images {
    pub(super) fn of_pod_spec(spec: &BTreeMap<String, Value>) -> Self {
        let mut images = Self::default();
        images.add_pod_spec(spec);
        images
    }

    /// The images of a PodSpec.
    pub(super) fn add_pod_spec(&mut self, spec: &BTreeMap<String, Value>) {
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            self.add_containers(spec.get(list));
        }
    }

    /// The images of a list of containers.
    pub(super) fn add_containers(&mut self, list: Option<&Value>) {
        match list {
            Some(Value::List(list)) => list.iter().for_each(|container| self.add_container(Some(container))),
            Some(value) => self.unknown |= value.is_unknown(),
            None => {}
        }
    }

    /// The image of a container.
    pub(super) fn add_container(&mut self, container: Option<&Value>) {
        match container {
            Some(Value::Map(container)) => self.add(container.get("image")),
            Some(value) => self.unknown |= value.is_unknown(),
            None => {}
        }
    }

    /// An image, if one is written.
    pub(super) fn add(&mut self, image: Option<&Value>) {
        match image {
            None | Some(Value::Null) => {}
            Some(Value::String(image)) if Reference::parse(image).is_ok() => {
                self.known.insert(image.clone());
            }
            Some(Value::String(image)) => {
                self.unresolved.insert(image.clone());
            }
            Some(Value::Number(number)) => {
                self.unresolved.insert(number.to_string());
            }
            Some(Value::Bool(bool)) => {
                self.unresolved.insert(bool.to_string());
            }
            Some(value) if value.is_unknown() => self.unknown = true,
            Some(_) => {
                self.unresolved.insert("a value that is not a string".to_owned());
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.unresolved.is_empty() && !self.unknown
    }

    pub(super) fn add_to(self, found: &mut Found, path: AttributePath, place: AttributePath) {
        found.add(path, self, Some(place));
    }

    pub(super) fn add_without_place(self, found: &mut Found, path: AttributePath) {
        found.add(path, self, None);
    }
}

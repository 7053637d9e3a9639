//! Adds annotations to a typed value: an object of `kubernetes_manifest`, possibly unknown.

use std::collections::{BTreeMap, BTreeSet};

use super::ManifestError;
use super::annotate::no_place;
use super::objects::{self, Object};
use super::pods::pods;
use terraform_plugin::diagnostics::{AttributePath, Step};
use terraform_plugin::value::{Attr, Dynamic, Type, Value};

/// Annotations before apply: wholly unknown, or with unknown values.
pub type UnknownAnnotations = Attr<BTreeMap<String, Attr<String>>>;

/// The object with these annotations at every Pod template.
///
/// Only types on the path to a template change: the annotations become a `map(string)`, maps become objects, and lists and sets
/// of objects become tuples, because the types of their elements may differ. Unknown parts stay unknown.
///
/// # Errors
///
/// No place is known for the annotations of a Pod; annotations are not strings; or a wholly known object has no Pod. Without any
/// annotation there is no error: the result has at most null annotations, with the types that unknown annotations have before apply.
pub fn annotate_value(whole: &Dynamic, annotations: &UnknownAnnotations) -> Result<Dynamic, ManifestError> {
    let is_empty = annotations.known().is_some_and(BTreeMap::is_empty);
    let mut typed = (whole.ty().clone(), whole.value().clone());
    let mut places = BTreeSet::new();
    let mut incomplete = !whole.value().is_wholly_known();
    let objects = Object::of(whole.value());
    for object in &objects {
        let found = pods(object.value);
        incomplete |= found.incomplete;
        let own = match found.places() {
            Ok(own) => own,
            Err(_) if is_empty => return Ok(whole.clone()),
            Err(pod) => return Err(ManifestError::new(no_place(object, &pod.path))),
        };
        places.extend(own.into_iter().map(|place| (object.path.clone(), place)));
    }
    if places.is_empty() && !incomplete && !is_empty {
        return Err(ManifestError::new(format!(
            "nothing to annotate: the object has {}, and no Pod",
            objects::kinds(&objects)
        )));
    }
    for (object, place) in places {
        let steps: Vec<_> = object.steps().iter().chain(place.steps()).cloned().collect();
        typed = set(typed, &steps, annotations, &AttributePath::default())?;
    }
    let (ty, value) = typed;
    Dynamic::new(ty, value).map_err(|error| ManifestError::new(error.to_string()))
}

type Typed = (Type, Value);

/// Sets the annotations at the end of the path, creating objects that are missing or null.
fn set(
    typed: Typed,
    path: &[Step],
    annotations: &UnknownAnnotations,
    at: &AttributePath,
) -> Result<Typed, ManifestError> {
    let (ty, value) = unwrapped(typed);
    let Some((step, rest)) = path.split_first() else { return merge(value, annotations, at) };
    match (step, value) {
        // It is unknown whether there will be a Pod.
        (_, value @ (Value::Unknown | Value::UnknownNotNull)) => Ok((ty, value)),
        (Step::Attribute(name) | Step::Key(name), value) => {
            let mut map = match value {
                Value::Map(map) => map,
                _ => BTreeMap::new(),
            };
            let mut types = match ty {
                Type::Object(types) => types,
                Type::Map(element) => map.keys().map(|key| (key.clone(), (*element).clone())).collect(),
                _ => BTreeMap::new(),
            };
            let old = (types.remove(name).unwrap_or(Type::Dynamic), map.remove(name).unwrap_or_default());
            let (ty, value) = set(old, rest, annotations, &at.attribute(name))?;
            types.insert(name.clone(), ty);
            map.insert(name.clone(), value);
            Ok((Type::Object(types), Value::Map(map)))
        }
        (Step::Index(index), Value::List(mut list)) => {
            let mut types = match ty {
                Type::Tuple(types) => types,
                Type::List(element) | Type::Set(element) => vec![*element; list.len()],
                other => return Ok((other, Value::List(list))),
            };
            if let Ok(index) = usize::try_from(*index)
                && let (Some(ty), Some(value)) = (types.get_mut(index), list.get_mut(index))
            {
                (*ty, *value) = set((ty.clone(), std::mem::take(value)), rest, annotations, &at.index(index))?;
            }
            Ok((Type::Tuple(types), Value::List(list)))
        }
        (Step::Index(_), value) => Ok((ty, value)),
    }
}

/// The value with its own type, if the type of its place is `dynamic`.
fn unwrapped((ty, value): Typed) -> Typed {
    match value {
        Value::Dynamic(dynamic) => dynamic.into_parts(),
        value => (ty, value),
    }
}

/// The annotations merged into the existing ones, as a `map(string)`: with an object type, `kubernetes_manifest` fails when the
/// object is replaced.
fn merge(old: Value, annotations: &UnknownAnnotations, at: &AttributePath) -> Result<Typed, ManifestError> {
    let ty = Type::Map(Type::String.into());
    let mut map = BTreeMap::new();
    match old {
        Value::Null if annotations.known().is_some_and(BTreeMap::is_empty) => return Ok((ty, Value::Null)),
        Value::Null => {}
        Value::Unknown | Value::UnknownNotNull => return Ok((ty, Value::Unknown)),
        Value::Map(old) => {
            for (key, value) in old {
                let string = string(value)
                    .ok_or_else(|| ManifestError::new(format!("{}: expected a string", at.key(key.clone()))))?;
                map.insert(key, string);
            }
        }
        _ => return Err(ManifestError::new(format!("{at}: expected a map of strings"))),
    }
    let Attr::Known(annotations) = annotations else { return Ok((ty, Value::Unknown)) };
    for (key, value) in annotations {
        let value = value.as_ref().map(|text| Value::from(text.as_str()));
        map.insert(key.clone(), value.into_known().unwrap_or(Value::Unknown));
    }
    Ok((ty, Value::Map(map)))
}

/// A value as Terraform converts it to a string.
fn string(value: Value) -> Option<Value> {
    match value {
        Value::Bool(bool) => Some(bool.to_string().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Dynamic(dynamic) => string(dynamic.into_parts().1),
        Value::List(_) | Value::Map(_) => None,
        value => Some(value),
    }
}

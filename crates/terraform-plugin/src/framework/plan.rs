//! The plan of one object: what it will be, and whether it must be replaced.
//!
//! In this order, the order of HashiCorp's framework:
//!
//! 1. start from Terraform's proposal, which has merged the configuration over the prior state;
//! 2. an attribute that the configuration leaves out gets its default;
//! 3. write-only attributes are null;
//! 4. if that differs from the prior state, computed attributes that the configuration leaves out become unknown,
//!    except those that keep their state. If nothing differs, nothing is marked: an unchanged object has no diff;
//! 5. changed attributes that require it ask for a replacement;
//! 6. the resource modifies the plan, through [`ResourcePlan`].
//!
//! A plan is a pure function of its inputs: Terraform plans again during apply, and both must agree.

use std::collections::{BTreeMap, BTreeSet};

use super::Private;
use super::resource::{Planned, Stored};
use super::response::unreadable;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::schema::{Attribute, Block, Kind, Model, Nesting};
use crate::value::{self, Type, Value};

/// An object's attributes.
type Object = BTreeMap<String, Value>;

/// Steps 1 to 5. `proposed` is not null: the plan to destroy is null, and nothing is left to decide.
pub(super) fn default_plan(
    block: &Block,
    prior: &Value,
    proposed: Value,
    config: &Value,
) -> (Value, BTreeSet<AttributePath>) {
    let mut planned = proposed;
    null_write_only(block, &mut planned);
    walk_block(block, &mut planned, config, prior, &mut |attribute, planned, config, _| {
        if let (Some(default), Value::Null) = (&attribute.default, config) {
            *planned = default.clone();
        }
    });
    if planned != *prior {
        walk_block(block, &mut planned, config, prior, &mut |attribute, planned, config, exists| {
            let open = attribute.behavior.computed && attribute.default.is_none() && config.is_null();
            if open && !(exists && attribute.behavior.use_state_for_unknown) {
                *planned = Value::Unknown;
            }
        });
    }
    let mut replace = BTreeSet::new();
    if let (Value::Map(planned), Value::Map(prior)) = (&planned, prior) {
        for (name, attribute) in &block.attributes {
            if attribute.behavior.requires_replace && planned.get(name) != prior.get(name) {
                replace.insert(AttributePath::root(name));
            }
        }
    }
    (planned, replace)
}

/// Sets write-only attributes to null, wherever they are.
pub(super) fn null_write_only(block: &Block, value: &mut Value) {
    let Value::Map(object) = value else { return };
    null_write_only_attributes(&block.attributes, object);
    for (name, nested) in &block.blocks {
        if let Some(value) = object.get_mut(name) {
            null_write_only(nested, value);
        }
    }
}

fn null_write_only_attributes(attributes: &BTreeMap<String, Attribute>, object: &mut Object) {
    for (name, attribute) in attributes {
        match (object.get_mut(name), &attribute.kind) {
            (Some(value), _) if attribute.behavior.write_only => *value = Value::Null,
            (Some(Value::Map(object)), Kind::Nested(Nesting::Single, nested)) => {
                null_write_only_attributes(nested, object);
            }
            (Some(Value::Map(elements)), Kind::Nested(_, nested)) => {
                elements.values_mut().for_each(|value| null_write_only_element(nested, value));
            }
            (Some(Value::List(elements)), Kind::Nested(_, nested)) => {
                elements.iter_mut().for_each(|value| null_write_only_element(nested, value));
            }
            _ => {}
        }
    }
}

fn null_write_only_element(attributes: &BTreeMap<String, Attribute>, element: &mut Value) {
    if let Value::Map(object) = element {
        null_write_only_attributes(attributes, object);
    }
}

/// Visits each attribute of `planned` beside its value in `config`, and whether the object that holds it is in `prior`.
///
/// What the configuration does not have is not entered: it is as the prior state, or unknown as a whole. Nor are sets,
/// whose elements have no address; no schema has anything to decide there.
fn walk_block(
    block: &Block,
    planned: &mut Value,
    config: &Value,
    prior: &Value,
    visit: &mut impl FnMut(&Attribute, &mut Value, &Value, bool),
) {
    walk(&block.attributes, planned, config, prior, visit);
    let (Value::Map(planned), Value::Map(config)) = (planned, config) else { return };
    for (name, nested) in &block.blocks {
        if let (Some(planned), Some(config)) = (planned.get_mut(name), config.get(name)) {
            walk_block(nested, planned, config, attribute(prior, name), visit);
        }
    }
}

fn walk(
    attributes: &BTreeMap<String, Attribute>,
    planned: &mut Value,
    config: &Value,
    prior: &Value,
    visit: &mut impl FnMut(&Attribute, &mut Value, &Value, bool),
) {
    let (Value::Map(planned), Value::Map(config)) = (planned, config) else { return };
    let exists = matches!(prior, Value::Map(_));
    for (name, described) in attributes {
        let (Some(planned), Some(config)) = (planned.get_mut(name), config.get(name)) else { continue };
        visit(described, planned, config, exists);
        let Kind::Nested(nesting, nested) = &described.kind else { continue };
        let prior = attribute(prior, name);
        match (nesting, planned, config) {
            (Nesting::Single, planned, config) => walk(nested, planned, config, prior, visit),
            (Nesting::List, Value::List(planned), Value::List(config)) => {
                for (i, (planned, config)) in planned.iter_mut().zip(config).enumerate() {
                    let prior = prior.as_list().and_then(|elements| elements.get(i)).unwrap_or(&Value::Null);
                    walk(nested, planned, config, prior, visit);
                }
            }
            (Nesting::Map, Value::Map(planned), Value::Map(config)) => {
                for (key, planned) in planned {
                    let config = config.get(key).unwrap_or(&Value::Null);
                    walk(nested, planned, config, attribute(prior, key), visit);
                }
            }
            _ => {}
        }
    }
}

/// The attribute, or the element of a map; null when there is none.
fn attribute<'a>(object: &'a Value, name: &str) -> &'a Value {
    object.as_map().and_then(|object| object.get(name)).unwrap_or(&Value::Null)
}

/// Step 6: a plan, for its resource to modify.
///
/// The models are views for reading; a collection that holds an unknown element reads as unknown. Changes go by
/// attribute name, so that what the resource does not touch stays as Terraform proposed it. In debug builds, and so in
/// tests, a name that the schema lacks is a panic.
#[derive(Debug)]
pub struct ResourcePlan<M> {
    /// The object as it is; `None` when it is to be created.
    pub prior: Option<M>,
    /// The configuration; write-only attributes are here only.
    pub config: M,
    /// The plan so far.
    pub planned: M,
    /// What the resource remembers.
    pub private: Private,
    /// Warnings and errors of this plan.
    pub diagnostics: Diagnostics,
    prior_values: Object,
    values: Object,
    replace: BTreeSet<AttributePath>,
}

impl<M: Model> ResourcePlan<M> {
    pub(super) fn new(
        prior: Value,
        config: &Value,
        planned: Value,
        replace: BTreeSet<AttributePath>,
        private: Private,
    ) -> Result<Self, Diagnostic> {
        let object = |value: Value| match value {
            Value::Map(object) => object,
            _ => Object::new(),
        };
        Ok(Self {
            prior: value::from_value(&prior).map_err(unreadable)?,
            config: value::from_value(config).map_err(unreadable)?,
            planned: value::from_value(&planned).map_err(unreadable)?,
            private,
            diagnostics: Diagnostics::default(),
            prior_values: object(prior),
            values: object(planned),
            replace,
        })
    }

    /// The plan, made to fit the schema's type.
    pub(super) fn finish(self, ty: &Type) -> Planned {
        let Self { private, mut diagnostics, values, replace, .. } = self;
        let mut value = Value::Map(values);
        value.canonicalize(ty);
        if let Err(error) = value.conforms(ty) {
            diagnostics.push(unreadable(error));
            value = Value::Null;
        }
        let object = Stored { value, private, identity: Value::Null };
        Planned { object, requires_replace: replace, diagnostics }
    }

    /// True when the planned value of a top-level attribute is not the prior one. On create everything is.
    pub fn changes(&self, attribute: &str) -> bool {
        self.assert_attribute(attribute);
        self.prior_values.get(attribute) != self.values.get(attribute)
    }

    /// Plans `value` for a computed top-level attribute.
    pub fn set(&mut self, attribute: &str, value: impl Into<Value>) {
        self.assert_attribute(attribute);
        self.values.insert(attribute.to_owned(), value.into());
    }

    /// Plans a computed top-level attribute as known only after apply.
    pub fn set_unknown(&mut self, attribute: &str) {
        self.set(attribute, Value::Unknown);
    }

    /// Asks for a replacement because of a top-level attribute. It counts only where the attribute changes.
    pub fn require_replace(&mut self, attribute: &str) {
        self.assert_attribute(attribute);
        self.replace.insert(AttributePath::root(attribute));
    }

    /// Takes back that a change of `attribute` replaces the object: it is done in place.
    pub fn update_in_place(&mut self, attribute: &str) {
        self.assert_attribute(attribute);
        self.replace.remove(&AttributePath::root(attribute));
    }

    /// A misspelled name would change nothing, silently.
    fn assert_attribute(&self, attribute: &str) {
        debug_assert!(self.values.contains_key(attribute), "the schema has no attribute {attribute:?}");
    }
}

#[cfg(test)]
mod tests;

//! Plans one object: the planned new state, and whether a replacement is required.
//!
//! The steps, in the order of HashiCorp's framework:
//!
//! 1. start from Terraform's proposed new state, which merges the configuration and the prior state;
//! 2. an attribute that is not configured gets its default;
//! 3. write-only attributes are null;
//! 4. if the result differs from the prior state, computed attributes that are not configured become unknown, except those that
//!    keep their state. If nothing differs, nothing becomes unknown: an unchanged object has no diff;
//! 5. changed attributes may require a replacement;
//! 6. the resource modifies the plan, through [`ResourcePlan`].
//!
//! A plan is a pure function of its inputs: Terraform plans again during apply, and both plans must agree.

use std::collections::{BTreeMap, BTreeSet};

use super::Private;
use super::resource::{Planned, Stored};
use super::response::unreadable;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::schema::{Attribute, Block, Kind, Model, Nesting};
use crate::value::{self, Type, Value};

/// An object's attributes.
type Object = BTreeMap<String, Value>;

/// Steps 1 to 5. `proposed` is not null: the plan to destroy is null, and needs no decision.
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

/// Sets write-only attributes to null at every depth.
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

/// Visits each attribute of `planned` with its value in `config`, and whether its object exists in `prior`.
///
/// Does not enter objects that are not configured, which equal the prior state or are unknown as a whole, or sets, whose
/// elements have no address and need no decision.
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

/// The attribute, or the element of a map; null if there is none.
fn attribute<'a>(object: &'a Value, name: &str) -> &'a Value {
    object.as_map().and_then(|object| object.get(name)).unwrap_or(&Value::Null)
}

/// Step 6: a plan that its resource can modify.
///
/// The models are for reading; a collection with an unknown element reads as unknown. Changes are made by attribute name, so
/// that other attributes stay as Terraform proposed them. In debug builds, and so in tests, a name that is not in the schema
/// panics.
#[derive(Debug)]
pub struct ResourcePlan<M> {
    /// The prior state; `None` for a create.
    pub prior: Option<M>,
    /// The configuration, which alone has write-only attributes.
    pub config: M,
    /// The plan so far.
    pub planned: M,
    /// The private state.
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

    /// The plan in canonical form.
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

    /// Whether a top-level attribute changes. In a create, all do.
    pub fn changes(&self, attribute: &str) -> bool {
        self.assert_attribute(attribute);
        self.prior_values.get(attribute) != self.values.get(attribute)
    }

    /// Plans `value` for a computed top-level attribute.
    pub fn set(&mut self, attribute: &str, value: impl Into<Value>) {
        self.assert_attribute(attribute);
        self.values.insert(attribute.to_owned(), value.into());
    }

    /// Plans a computed top-level attribute as unknown.
    pub fn set_unknown(&mut self, attribute: &str) {
        self.set(attribute, Value::Unknown);
    }

    /// Requires a replacement if a top-level attribute changes.
    pub fn require_replace(&mut self, attribute: &str) {
        self.assert_attribute(attribute);
        self.replace.insert(AttributePath::root(attribute));
    }

    /// Plans a change of `attribute` in place, although its schema requires a replacement.
    pub fn update_in_place(&mut self, attribute: &str) {
        self.assert_attribute(attribute);
        self.replace.remove(&AttributePath::root(attribute));
    }

    /// A misspelled name would be ignored silently.
    fn assert_attribute(&self, attribute: &str) {
        debug_assert!(self.values.contains_key(attribute), "the schema has no attribute {attribute:?}");
    }
}

#[cfg(test)]
mod tests;

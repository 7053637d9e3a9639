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
//! 6. the resource has its say, through [`ResourcePlan`].
//!
//! A plan is a pure function of its inputs: Terraform plans again during apply, and both must agree.

use std::collections::{BTreeMap, BTreeSet};

use super::Private;
use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::schema::{Attribute, Block, Kind, Model, Nesting};
use crate::value::{self, Value};

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
    settle_block(block, &mut planned, config);
    if planned != *prior {
        mark_block(block, &mut planned, config, prior);
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
    if let Value::Map(object) = value {
        each_attribute(block, object, &mut |attribute, value| {
            if attribute.behavior.write_only {
                *value = Value::Null;
            }
        });
    }
}

fn each_attribute(block: &Block, object: &mut Object, visit: &mut impl FnMut(&Attribute, &mut Value)) {
    visit_attributes(&block.attributes, object, visit);
    for (name, nested) in &block.blocks {
        if let Some(Value::Map(object)) = object.get_mut(name) {
            each_attribute(nested, object, visit);
        }
    }
}

fn visit_attributes(
    attributes: &BTreeMap<String, Attribute>,
    object: &mut Object,
    visit: &mut impl FnMut(&Attribute, &mut Value),
) {
    for (name, attribute) in attributes {
        let Some(value) = object.get_mut(name) else { continue };
        visit(attribute, value);
        if let Kind::Nested(nesting, attributes) = &attribute.kind {
            for (_, object) in elements_mut(*nesting, value) {
                if let Value::Map(object) = object {
                    visit_attributes(attributes, object, visit);
                }
            }
        }
    }
}

/// Defaults and write-only attributes: steps 2 and 3.
fn settle_block(block: &Block, planned: &mut Value, config: &Value) {
    settle(&block.attributes, planned, config);
    each_block(block, planned, config, settle_block);
}

fn settle(attributes: &BTreeMap<String, Attribute>, planned: &mut Value, config: &Value) {
    each_pair(attributes, planned, config, &mut |attribute, planned, config| {
        if attribute.behavior.write_only {
            *planned = Value::Null;
        } else if let (Some(default), Value::Null) = (&attribute.default, config) {
            *planned = default.clone();
        }
    });
}

/// Computed attributes become unknown: step 4.
fn mark_block(block: &Block, planned: &mut Value, config: &Value, prior: &Value) {
    mark(&block.attributes, planned, config, prior);
    each_block(block, planned, config, |nested, planned, config| mark_block(nested, planned, config, &Value::Null));
}

fn mark(attributes: &BTreeMap<String, Attribute>, planned: &mut Value, config: &Value, prior: &Value) {
    let exists = matches!(prior, Value::Map(_));
    each_pair(attributes, planned, config, &mut |attribute, planned, config| {
        let open = attribute.behavior.computed && attribute.default.is_none() && *config == Value::Null;
        if open && !(exists && attribute.behavior.use_state_for_unknown) {
            *planned = Value::Unknown;
        }
    });
}

/// Visits each attribute of `planned` beside its value in `config`, into nested attributes that both have.
fn each_pair(
    attributes: &BTreeMap<String, Attribute>,
    planned: &mut Value,
    config: &Value,
    visit: &mut impl FnMut(&Attribute, &mut Value, &Value),
) {
    let (Value::Map(planned), Value::Map(config)) = (planned, config) else { return };
    for (name, attribute) in attributes {
        let (Some(planned), Some(config)) = (planned.get_mut(name), config.get(name)) else { continue };
        visit(attribute, planned, config);
        let Kind::Nested(nesting, attributes) = &attribute.kind else { continue };
        // The elements of a set cannot be matched with those of the configuration, and a schema with computed
        // attributes or defaults inside a configured set is refused.
        if *nesting != Nesting::Set {
            for (key, planned) in elements_mut(*nesting, planned) {
                if let Some(config) = element(config, &key) {
                    each_pair(attributes, planned, config, visit);
                }
            }
        }
    }
}

fn each_block(block: &Block, planned: &mut Value, config: &Value, visit: impl Fn(&Block, &mut Value, &Value)) {
    let (Value::Map(planned), Value::Map(config)) = (planned, config) else { return };
    for (name, nested) in &block.blocks {
        if let (Some(planned), Some(config)) = (planned.get_mut(name), config.get(name)) {
            visit(nested, planned, config);
        }
    }
}

/// Where an element of a nested attribute is.
enum Key {
    Itself,
    Index(usize),
    Name(String),
}

fn elements_mut(nesting: Nesting, value: &mut Value) -> Vec<(Key, &mut Value)> {
    match (nesting, value) {
        (Nesting::Single, value) => vec![(Key::Itself, value)],
        (_, Value::List(elements)) => elements.iter_mut().enumerate().map(|(i, v)| (Key::Index(i), v)).collect(),
        (_, Value::Map(elements)) => elements.iter_mut().map(|(k, v)| (Key::Name(k.clone()), v)).collect(),
        _ => Vec::new(),
    }
}

fn element<'a>(value: &'a Value, key: &Key) -> Option<&'a Value> {
    match (key, value) {
        (Key::Itself, value) => Some(value),
        (Key::Index(index), Value::List(elements)) => elements.get(*index),
        (Key::Name(name), Value::Map(elements)) => elements.get(name),
        _ => None,
    }
}

/// Step 6: a resource's say in its own plan.
///
/// The models are views for reading; a collection that holds an unknown element reads as unknown. Changes go by
/// attribute name, so that what the resource does not touch stays as Terraform proposed it.
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
        prior: &Value,
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
            prior: value::from_value(prior).map_err(super::resource::unreadable)?,
            config: value::from_value(config).map_err(super::resource::unreadable)?,
            planned: value::from_value(&planned).map_err(super::resource::unreadable)?,
            private,
            diagnostics: Diagnostics::default(),
            prior_values: object(prior.clone()),
            values: object(planned),
            replace,
        })
    }

    pub(super) fn finish(self) -> (Value, BTreeSet<AttributePath>, Private, Diagnostics) {
        (Value::Map(self.values), self.replace, self.private, self.diagnostics)
    }

    /// True when the planned value of a top-level attribute is not the prior one. On create everything is.
    pub fn changes(&self, attribute: &str) -> bool {
        self.prior_values.get(attribute) != self.values.get(attribute)
    }

    /// True when any attribute changes.
    pub fn changes_anything(&self) -> bool {
        self.prior_values != self.values
    }

    /// Plans `value` for a computed top-level attribute.
    pub fn set(&mut self, attribute: &str, value: impl Into<Value>) {
        self.values.insert(attribute.to_owned(), value.into());
    }

    /// Plans a computed top-level attribute as known only after apply.
    pub fn set_unknown(&mut self, attribute: &str) {
        self.set(attribute, Value::Unknown);
    }

    /// Asks for a replacement because of a top-level attribute. It counts only where the attribute changes.
    pub fn require_replace(&mut self, attribute: &str) {
        self.replace.insert(AttributePath::root(attribute));
    }

    /// Takes back that a change of `attribute` replaces the object: it is done in place.
    pub fn update_in_place(&mut self, attribute: &str) {
        self.replace.remove(&AttributePath::root(attribute));
    }

    /// True when the object would be replaced.
    pub fn replaces(&self) -> bool {
        !self.replace.is_empty()
    }
}

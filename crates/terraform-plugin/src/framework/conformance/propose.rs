//! Terraform's proposed new state: the configuration merged with the prior state.

use std::collections::BTreeMap;

use crate::schema::{Attribute, Block, Kind, Nesting};
use crate::value::Value;

/// The proposal for an object. Null when `config` is null.
pub fn propose(block: &Block, prior: &Value, config: &Value) -> Value {
    let Value::Map(object) = config else { return config.clone() };
    let mut proposed = attributes(&block.attributes, prior, object);
    for (name, nested) in &block.blocks {
        proposed.insert(name.clone(), propose(nested, member(prior, name), &object[name]));
    }
    Value::Map(proposed)
}

fn attributes(
    attributes: &BTreeMap<String, Attribute>,
    prior: &Value,
    config: &BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    let propose = |(name, described): (&String, &Attribute)| {
        (name.clone(), attribute(described, member(prior, name), &config[name]))
    };
    attributes.iter().map(propose).collect()
}

fn attribute(described: &Attribute, prior: &Value, config: &Value) -> Value {
    if described.behavior.computed && config.is_null() {
        let was_configured = described.behavior.optional && holds_configured(&described.kind, prior);
        return if was_configured { Value::Null } else { prior.clone() };
    }
    let Kind::Nested(nesting, nested) = &described.kind else { return config.clone() };
    let element = |prior: Option<&Value>, config: &Value| match (prior, config) {
        (Some(prior), Value::Map(object)) => Value::Map(attributes(nested, prior, object)),
        _ => config.clone(),
    };
    match (nesting, config) {
        (Nesting::Single, config) => element(Some(prior), config),
        (Nesting::List, Value::List(elements)) => {
            let prior = prior.as_list().unwrap_or_default();
            Value::List(elements.iter().enumerate().map(|(i, config)| element(prior.get(i), config)).collect())
        }
        (Nesting::Map, Value::Map(elements)) => {
            let prior = |key| prior.as_map().and_then(|elements| elements.get(key));
            Value::Map(elements.iter().map(|(key, config)| (key.clone(), element(prior(key), config))).collect())
        }
        // Elements are matched by their configured values; without computed attributes inside, by the whole element.
        _ => config.clone(),
    }
}

/// Whether `value` contains something that only a configuration can set.
fn holds_configured(kind: &Kind, value: &Value) -> bool {
    let Kind::Nested(nesting, nested) = kind else { return false };
    let in_object = |value: &Value| {
        nested.iter().any(|(name, described)| {
            let value = member(value, name);
            let configured = described.behavior.optional && !described.behavior.computed && !value.is_null();
            configured || holds_configured(&described.kind, value)
        })
    };
    match (nesting, value) {
        (Nesting::Single, value) => in_object(value),
        (_, Value::List(elements)) => elements.iter().any(in_object),
        (_, Value::Map(elements)) => elements.values().any(in_object),
        _ => false,
    }
}

fn member<'a>(object: &'a Value, name: &str) -> &'a Value {
    object.as_map().and_then(|object| object.get(name)).unwrap_or(&Value::Null)
}

//! Terraform's rules for responses. Each function returns the violations, as Terraform would report them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::AttributePath;
use crate::schema::{Attribute, Block, Kind, Nesting, Schema};
use crate::value::{Type, Value};

/// Violations; empty if the response conforms.
pub type Violations = Vec<String>;

/// Violations of a plan: "Provider produced invalid plan".
pub fn plan_violations(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &Value,
    requires_replace: &BTreeSet<AttributePath>,
) -> Violations {
    let mut found = conform_violations(schema, planned);
    if planned.is_null() != config.is_null() {
        found.push("the plan must be null if and only if the configuration is".into());
        return found;
    }
    if config.is_null() {
        return found;
    }
    check_block(&AttributePath::default(), &schema.block, prior, config, planned, &mut found);
    for path in requires_replace {
        match (prior.get(path), planned.get(path)) {
            (None, None) => found.push(format!("{path}: a replacement because of what does not exist")),
            (before, after) if before == after && !prior.is_null() => {
                found.push(format!("{path}: a replacement because of what does not change"));
            }
            _ => {}
        }
    }
    found
}

/// Violations of the second plan, during apply: "Provider produced inconsistent final plan".
pub fn second_plan_violations(first: &Value, second: &Value, ty: &Type) -> Violations {
    let mut found = Violations::new();
    compare(&AttributePath::default(), first, second, ty, &mut found);
    found
}

/// Violations of a state, as apply, read, import and upgrade return it.
pub fn state_violations(schema: &Schema, state: &Value) -> Violations {
    let mut found = conform_violations(schema, state);
    if !state.is_wholly_known() {
        found.push("a state has unknown values".into());
    }
    found
}

/// Violations of the new state after an apply: "Provider produced inconsistent result after apply".
pub fn apply_violations(schema: &Schema, planned: &Value, applied: &Value, has_errors: bool) -> Violations {
    let mut found = state_violations(schema, applied);
    if !has_errors {
        compare(&AttributePath::default(), planned, applied, &schema.ty, &mut found);
    }
    found
}

/// Violations of an identity in any response: Terraform 1.12 to 1.16 cannot render a plan with an unknown one, and OpenTofu 1.12
/// refuses it.
pub fn identity_violations(identity: &Value) -> Violations {
    if identity.is_wholly_known() { Violations::new() } else { vec!["an identity has unknown values".into()] }
}

fn conform_violations(schema: &Schema, value: &Value) -> Violations {
    let mut found: Violations = value.conforms(&schema.ty).err().iter().map(ToString::to_string).collect();
    let mut cleared = value.clone();
    crate::framework::plan::null_write_only(&schema.block, &mut cleared);
    if cleared != *value {
        found.push("a write-only value is set".into());
    }
    found
}

fn check_block(
    at: &AttributePath,
    block: &Block,
    prior: &Value,
    config: &Value,
    planned: &Value,
    found: &mut Violations,
) {
    check_attributes(at, &block.attributes, prior, config, planned, found);
    for (name, nested) in &block.blocks {
        let (prior, config, planned) = (member(prior, name), member(config, name), member(planned, name));
        let at = at.attribute(name);
        if config.is_null() != planned.is_null() || config.is_unknown() != planned.is_unknown() {
            found.push(format!("{at}: a block must be there if and only if it is configured"));
        } else if !config.is_null() {
            check_block(&at, nested, prior, config, planned, found);
        }
    }
}

fn check_attributes(
    at: &AttributePath,
    attributes: &BTreeMap<String, Attribute>,
    prior: &Value,
    config: &Value,
    planned: &Value,
    found: &mut Violations,
) {
    for (name, attribute) in attributes {
        if !attribute.behavior.write_only {
            let (prior, config, planned) = (member(prior, name), member(config, name), member(planned, name));
            check_attribute(&at.attribute(name), attribute, prior, config, planned, found);
        }
    }
}

fn check_attribute(
    at: &AttributePath,
    attribute: &Attribute,
    prior: &Value,
    config: &Value,
    planned: &Value,
    found: &mut Violations,
) {
    if planned == config {
        return;
    }
    if config.is_null() {
        if !attribute.behavior.computed {
            found.push(format!("{at}: has a value, but is neither configured nor computed"));
        }
        return;
    }
    if planned == prior && !prior.is_null() {
        return;
    }
    let Kind::Nested(nesting, nested) = &attribute.kind else {
        let problem = if config.is_unknown() {
            "is known, but its configuration is unknown"
        } else {
            "differs from the configuration"
        };
        found.push(format!("{at}: {problem}"));
        return;
    };
    let mut check = |at: &AttributePath, prior: &Value, config: &Value, planned: &Value| {
        check_attributes(at, nested, prior, config, planned, found);
    };
    match (nesting, config, planned) {
        (Nesting::Single, Value::Map(_), Value::Map(_)) => check(at, prior, config, planned),
        (Nesting::List, Value::List(configs), Value::List(planneds)) if configs.len() == planneds.len() => {
            for (i, (config, planned)) in configs.iter().zip(planneds).enumerate() {
                let prior = prior.as_list().and_then(|elements| elements.get(i)).unwrap_or(&Value::Null);
                check(&at.index(i), prior, config, planned);
            }
        }
        (Nesting::Map, Value::Map(configs), Value::Map(planneds)) if configs.keys().eq(planneds.keys()) => {
            for (key, config) in configs {
                check(&at.key(key), member(prior, key), config, &planneds[key]);
            }
        }
        (Nesting::Set, Value::List(configs), Value::List(planneds)) if configs.len() == planneds.len() => {}
        _ => found.push(format!("{at}: nested objects differ from the configuration")),
    }
}

/// Compares with a plan: known values must not change; unknown values may become anything.
fn compare(at: &AttributePath, before: &Value, after: &Value, ty: &Type, found: &mut Violations) {
    match (before, after, ty) {
        (Value::Unknown, _, _) => {}
        (Value::Map(before), Value::Map(after), _) if before.keys().eq(after.keys()) => {
            for (name, value) in before {
                let (at, ty) = match ty {
                    Type::Object(types) => (at.attribute(name), &types[name]),
                    Type::Map(element) => (at.key(name), &**element),
                    other => (at.attribute(name), other),
                };
                compare(&at, value, &after[name], ty, found);
            }
        }
        (Value::List(before), Value::List(after), Type::Set(_)) => {
            let lost = before.iter().any(|element| element.is_wholly_known() && !after.contains(element));
            if lost || after.len() > before.len() {
                found.push(format!("{at}: set differs from the plan"));
            }
        }
        (Value::List(before), Value::List(after), Type::List(element)) if before.len() == after.len() => {
            for (i, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&at.index(i), before, after, element, found);
            }
        }
        (before, after, _) if before == after => {}
        _ => found.push(format!("{at}: differs from the plan")),
    }
}

fn member<'a>(object: &'a Value, name: &str) -> &'a Value {
    object.as_map().and_then(|object| object.get(name)).unwrap_or(&Value::Null)
}

//! Generates a configuration from the state of an object.

use std::collections::BTreeMap;

use crate::schema::{Attribute, Block, Kind, Nesting};
use crate::value::Value;

/// Converts a state into a configuration: computed attributes become null, and so do write-only values, defaults, and optional
/// values that the schema's checks refuse, such as an empty list if at least one element is required.
pub(super) fn config_of_state(block: &Block, state: &mut Value) {
    let Value::Map(object) = state else { return };
    attributes(&block.attributes, object);
    for (name, nested) in &block.blocks {
        if let Some(value) = object.get_mut(name) {
            config_of_state(nested, value);
        }
    }
}

fn attributes(described: &BTreeMap<String, Attribute>, object: &mut BTreeMap<String, Value>) {
    for (name, attribute) in described {
        let Some(value) = object.get_mut(name) else { continue };
        let behavior = attribute.behavior;
        let configurable = (behavior.required || behavior.optional) && !behavior.write_only;
        let refused = behavior.optional && attribute.checks.iter().any(|check| check.fault(value).is_some());
        if !configurable || refused || attribute.default.as_ref() == Some(value) {
            *value = Value::Null;
        }
        if let Kind::Nested(nesting, nested) = &attribute.kind {
            let inside = |value: &mut Value| {
                if let Value::Map(object) = value {
                    attributes(nested, object);
                }
            };
            match (nesting, value) {
                (Nesting::Single, value) => inside(value),
                (_, Value::List(elements)) => elements.iter_mut().for_each(inside),
                (_, Value::Map(elements)) => elements.values_mut().for_each(inside),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::conformance::complete;
    use crate::framework::sample::Disk;
    use crate::schema::Schema;

    #[test]
    fn generated_configuration_has_configurable_attributes_only() {
        let schema = Schema::of::<Disk>(0).unwrap();
        let object = |entries: &[(&str, Value)]| complete(Value::map(entries.iter().cloned()), &schema.ty);
        let account =
            |length: Value| Value::map([("user", "u".into()), ("password_wo", Value::Null), ("length", length)]);
        let mount = |device: Value| Value::map([("path", "/a".into()), ("device", device)]);
        let mut config = object(&[
            ("id", "d-1".into()),
            ("name", "a".into()),
            ("size", 20_i64.into()),
            ("status", "Ready".into()),
            ("wait", true.into()),
            ("labels", Value::List(vec![])),
            ("accounts", Value::map([("x", account(3_i64.into()))])),
            ("mounts", Value::list([mount("vda".into())])),
            ("timeouts", Value::map([("create", "1m")])),
        ]);
        config_of_state(&schema.block, &mut config);
        let expected = object(&[
            ("name", "a".into()),
            ("size", 20_i64.into()),
            ("labels", Value::List(vec![])),
            ("accounts", Value::map([("x", account(Value::Null))])),
            ("mounts", Value::list([mount(Value::Null)])),
            ("timeouts", Value::map([("create", "1m")])),
        ]);
        assert_eq!(config, expected);

        let mut refused =
            object(&[("accounts", Value::Map(BTreeMap::new())), ("size", 0_i64.into()), ("wait", false.into())]);
        config_of_state(&schema.block, &mut refused);
        assert_eq!(refused, object(&[("wait", false.into())]));
    }
}

//! A plan, as printed by `terraform show -json`.

use serde_json::Value;

/// A saved plan.
#[derive(Debug)]
pub struct Plan(pub Value);

impl Plan {
    /// The planned change of the resource at `address`.
    #[track_caller]
    pub fn change(&self, address: &str) -> Change<'_> {
        let changes = self.0["resource_changes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let found = changes.iter().find(|change| change["address"] == address);
        Change(&found.unwrap_or_else(|| panic!("no {address} in {changes:#?}"))["change"])
    }
}

/// The planned change of one resource.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a>(&'a Value);

impl<'a> Change<'a> {
    /// `["update"]`, `["delete", "create"]`, ...
    pub fn actions(self) -> Vec<&'a str> {
        self.0["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect()
    }

    /// The names of the top-level attributes that are known after apply, in whole or in part, sorted.
    pub fn unknown(self) -> Vec<&'a str> {
        fn contains_unknown(value: &Value) -> bool {
            match value {
                Value::Bool(unknown) => *unknown,
                Value::Array(items) => items.iter().any(contains_unknown),
                Value::Object(map) => map.values().any(contains_unknown),
                _ => false,
            }
        }
        let unknown = self.0["after_unknown"].as_object().unwrap();
        unknown.iter().filter(|(_, value)| contains_unknown(value)).map(|(name, _)| name.as_str()).collect()
    }

    pub fn before(self, attribute: &str) -> &'a Value {
        &self.0["before"][attribute]
    }

    pub fn after(self, attribute: &str) -> &'a Value {
        &self.0["after"][attribute]
    }

    /// The attribute with `true` in place of each part that is known after apply.
    pub fn after_unknown(self, attribute: &str) -> &'a Value {
        &self.0["after_unknown"][attribute]
    }

    /// The top-level attributes that cause the replacement.
    pub fn replaced_by(self) -> Vec<&'a str> {
        let paths = self.0["replace_paths"].as_array().map(Vec::as_slice).unwrap_or_default();
        paths.iter().map(|path| path[0].as_str().unwrap()).collect()
    }
}

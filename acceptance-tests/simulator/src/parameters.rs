//! Checks request bodies: each action declares its fields, and deviations are refused as in the real API.
//!
//! Undefined fields are `UnknownParameter`, missing ones `MissingParameter`, wrong types (including null)
//! `InvalidParameter`. Nested fields are named with their path, `Filters.0.Name`.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// The type of a field.
#[derive(Debug)]
pub(crate) enum Kind {
    String,
    /// A nonnegative whole number.
    Uint,
    Bool,
    List(&'static Kind),
    Object(&'static [Field]),
}

/// A field of an action.
#[derive(Debug)]
pub(crate) struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

/// A checked request body. The getters return `None` for a field that was not sent.
#[derive(Debug)]
pub(crate) struct Parameters<'a>(&'a Map<String, Value>);

impl<'a> Parameters<'a> {
    /// # Errors
    ///
    /// The first deviation, see the module's documentation.
    pub fn check(fields: &[Field], body: &'a Value) -> Result<Self, ApiError> {
        let Value::Object(body) = body else {
            return Err(ApiError::new("InvalidParameter", "The request body is not a JSON object."));
        };
        check_object(fields, body, "")?;
        Ok(Self(body))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn string(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    pub fn uint(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    pub fn bool(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    pub fn strings(&self, name: &str) -> Option<Vec<String>> {
        Some(self.0.get(name)?.as_array()?.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    }

    /// The field as sent.
    pub fn value(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    pub fn object(&self, name: &str) -> Option<Parameters<'a>> {
        self.0.get(name)?.as_object().map(Parameters)
    }

    pub fn objects(&self, name: &str) -> Option<Vec<Parameters<'a>>> {
        Some(self.0.get(name)?.as_array()?.iter().filter_map(|item| item.as_object().map(Parameters)).collect())
    }
}

fn check_object(fields: &[Field], object: &Map<String, Value>, path: &str) -> Result<(), ApiError> {
    for (name, value) in object {
        let path = join(path, name);
        let field = fields
            .iter()
            .find(|field| field.name == name)
            .ok_or_else(|| ApiError::new("UnknownParameter", format!("The parameter `{path}` is not recognized.")))?;
        check_value(&field.kind, value, &path)?;
    }
    match fields.iter().find(|field| field.required && !object.contains_key(field.name)) {
        Some(field) => Err(ApiError::missing(&join(path, field.name))),
        None => Ok(()),
    }
}

fn check_value(kind: &Kind, value: &Value, path: &str) -> Result<(), ApiError> {
    match (kind, value) {
        (Kind::String, Value::String(_)) | (Kind::Bool, Value::Bool(_)) => Ok(()),
        (Kind::Uint, Value::Number(number)) if number.is_u64() => Ok(()),
        (Kind::List(kind), Value::Array(items)) => {
            items.iter().enumerate().try_for_each(|(i, item)| check_value(kind, item, &join(path, &i.to_string())))
        }
        (Kind::Object(fields), Value::Object(object)) => check_object(fields, object, path),
        _ => Err(ApiError::wrong_type(path)),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIELDS: &[Field] = &[
        required("Name", Kind::String),
        optional("Limit", Kind::Uint),
        optional("Dry", Kind::Bool),
        optional("Filters", Kind::List(&Kind::Object(&[required("Name", Kind::String)]))),
    ];

    #[test]
    fn deviations_are_refused_with_their_path() {
        for (body, code, path) in [
            (json!([]), "InvalidParameter", "JSON object"),
            (json!({}), "MissingParameter", "`Name`"),
            (json!({"Name": "a", "ClientToken": "t"}), "UnknownParameter", "`ClientToken`"),
            (json!({"Name": null}), "InvalidParameter", "`Name`"),
            (json!({"Name": "a", "Limit": "20"}), "InvalidParameter", "`Limit`"),
            (json!({"Name": "a", "Limit": -1}), "InvalidParameter", "`Limit`"),
            (json!({"Name": "a", "Limit": 1.5}), "InvalidParameter", "`Limit`"),
            (json!({"Name": "a", "Dry": 1}), "InvalidParameter", "`Dry`"),
            (json!({"Name": "a", "Filters": {}}), "InvalidParameter", "`Filters`"),
            (json!({"Name": "a", "Filters": [{"Name": "x"}, {}]}), "MissingParameter", "`Filters.1.Name`"),
            (json!({"Name": "a", "Filters": [{"Name": "x", "V": 1}]}), "UnknownParameter", "`Filters.0.V`"),
        ] {
            let error = Parameters::check(FIELDS, &body).unwrap_err();
            assert_eq!(error.code, code, "{body}");
            assert!(error.message.contains(path), "{body}: {}", error.message);
        }
    }

    #[test]
    fn omitted_field_differs_from_an_empty_one() {
        let body = json!({"Name": "a", "Filters": []});
        let parameters = Parameters::check(FIELDS, &body).unwrap();
        assert!(parameters.objects("Filters").unwrap().is_empty());
        assert!(parameters.has("Filters") && !parameters.has("Limit"));
        assert_eq!(parameters.uint("Limit"), None);
    }
}

//! A Rust struct as the parameters of a function.

use serde_json::Value as Json;

use super::derive::{self, SchemaError, fault};
use super::{Check, Model};
use crate::value::Type;

/// What a function takes and gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// The first paragraph of the description, in one line.
    pub summary: String,
    /// Markdown.
    pub description: String,
    /// In the order of the arguments.
    pub parameters: Vec<Parameter>,
    /// What it gives.
    pub result: Type,
}

/// What one argument must be. Neither null nor unknown: Terraform answers for those itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// For documentation; arguments are positional.
    pub name: String,
    /// Markdown.
    pub description: String,
    /// Its type.
    pub ty: Type,
    /// What it must satisfy.
    pub checks: Vec<Check>,
    /// What an element of a list, set or map must satisfy.
    pub element_checks: Vec<Check>,
}

impl Signature {
    /// The signature of a function that takes the fields of `P`, in their order, and gives `R`. The doc comment of `P`
    /// describes the function.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] names the field that cannot be a parameter.
    pub fn of<P: Model, R: schemars::JsonSchema>() -> Result<Self, SchemaError> {
        let schema = derive::json_schema::<P>()?;
        let description = derive::description("", &schema)?;
        let first = description.split("\n\n").next().unwrap_or_default();
        let summary = first.split_whitespace().collect::<Vec<_>>().join(" ");
        let result = derive::plain("", &derive::json_schema::<R>()?)?;

        let fields = schema.get("properties").and_then(Json::as_object);
        // `schemars` sorts the properties, and lists here in the order of the struct those that are no `Option`.
        let order: Vec<_> = schema.get("required").and_then(Json::as_array).into_iter().flatten().collect();
        if fields.map_or(0, serde_json::Map::len) != order.len() {
            return Err(fault("", "a parameter cannot be left out"));
        }
        let parameter = |name: &Json| {
            let name = name.as_str().unwrap_or_default();
            derive::check_name(name, name)?;
            let schema = fields.and_then(|fields| fields.get(name)?.as_object());
            let schema = schema.ok_or_else(|| fault(name, "not described"))?;
            let ty = derive::plain(name, schema)?;
            let (checks, element_checks) = derive::checks(name, schema, Some(&ty))?;
            let description = derive::description(name, schema)?;
            Ok(Parameter { name: name.to_owned(), description, ty, checks, element_checks })
        };
        let parameters = order.into_iter().map(parameter).collect::<Result<_, _>>()?;
        Ok(Self { summary, description, parameters, result })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::value::Attr;

    /// Annotations for
    /// a disk.
    ///
    /// More.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Disk {
        /// In GiB.
        #[schemars(range(min = 20))]
        size: u64,
        /// Its images.
        #[schemars(length(min = 1), inner(length(min = 1)))]
        images: Vec<String>,
    }

    /// An image.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Image {
        /// Its tag.
        tag: Attr<String>,
        /// Its labels.
        labels: BTreeMap<String, String>,
    }

    #[test]
    fn a_struct_gives_parameters_in_its_own_order() {
        let size = Parameter {
            name: "size".into(),
            description: "In GiB.".into(),
            ty: Type::Number,
            checks: vec![Check::Integer(Some(20), None)],
            element_checks: vec![],
        };
        let images = Parameter {
            name: "images".into(),
            description: "Its images.".into(),
            ty: Type::List(Type::String.into()),
            checks: vec![Check::MinLength(1)],
            element_checks: vec![Check::MinLength(1)],
        };
        let result = [("tag".to_owned(), Type::String), ("labels".to_owned(), Type::Map(Type::String.into()))];
        let expected = Signature {
            summary: "Annotations for a disk.".into(),
            description: "Annotations for\na disk.\n\nMore.".into(),
            parameters: vec![size, images],
            result: Type::Object(result.into()),
        };
        assert_eq!(Signature::of::<Disk, Image>(), Ok(expected));
    }

    /// Leaves one out.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Optional {
        /// Perhaps.
        size: Option<u64>,
    }

    #[test]
    fn what_is_no_parameter_or_result_is_refused() {
        let error = Signature::of::<Optional, String>().unwrap_err();
        assert_eq!(error.to_string(), ": a parameter cannot be left out");
        let error = Signature::of::<Disk, Option<String>>().unwrap_err();
        assert_eq!(error.to_string(), ": no Terraform type for JSON type None");
    }
}

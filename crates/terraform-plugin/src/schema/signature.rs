//! A Rust struct as the parameters of a function.

use serde_json::{Map, Value as Json};

use super::derive::{self, SchemaError, fault};
use super::{Check, Model, Passing};
use crate::value::Type;

/// The signature of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// The first paragraph of the description.
    pub summary: String,
    /// Markdown; each paragraph is one line.
    pub description: String,
    /// In the order of the arguments, without the variadic one.
    pub parameters: Vec<Parameter>,
    /// The variadic parameter, if there is one.
    pub variadic: Option<Parameter>,
    /// The result.
    pub result: Type,
}

/// A parameter. Terraform itself handles null and unknown arguments that are not allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// For documentation; arguments are positional.
    pub name: String,
    /// Markdown; each paragraph is one line.
    pub description: String,
    /// Its type.
    pub ty: Type,
    /// Whether it may be null or unknown.
    pub passing: Passing,
    /// Its checks.
    pub checks: Vec<Check>,
    /// Checks of an element of a list, set or map.
    pub element_checks: Vec<Check>,
}

impl Signature {
    /// The signature of a function with the fields of `P` as parameters, in order, and the result `R`. The doc comment of `P`
    /// describes the function.
    ///
    /// # Errors
    ///
    /// A field cannot be a parameter.
    pub fn of<P: Model, R: schemars::JsonSchema>() -> Result<Self, SchemaError> {
        Self::new(&derive::json_schema::<P>()?, &derive::json_schema::<R>()?)
    }

    fn new(schema: &Map<String, Json>, result: &Map<String, Json>) -> Result<Self, SchemaError> {
        let description = derive::description("", schema)?;
        let summary = description.split("\n\n").next().unwrap_or_default().to_owned();
        let result = derive::plain("", result)?;

        let fields = schema.get("properties").and_then(Json::as_object);
        // `schemars` sorts the properties, but this list of the fields that are not an `Option` has the order of the struct.
        let order: Vec<_> = schema.get("required").and_then(Json::as_array).into_iter().flatten().collect();
        if fields.map_or(0, Map::len) != order.len() {
            return Err(fault("", "a parameter cannot be left out"));
        }
        let parameter = |name: &Json| {
            let name = name.as_str().unwrap_or_default();
            derive::check_name(name, name)?;
            let schema = fields.and_then(|fields| fields.get(name)?.as_object());
            let schema = schema.ok_or_else(|| fault(name, "not described"))?;
            let description = derive::description(name, schema)?;
            let passing = passing(name, schema)?;
            let schema = if passing.variadic { element(name, schema)? } else { schema };
            let ty = derive::plain(name, schema)?;
            let (checks, element_checks) = derive::checks(name, schema, Some(&ty))?;
            Ok(Parameter { name: name.to_owned(), description, ty, passing, checks, element_checks })
        };
        let mut parameters = order.into_iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
        let variadic = parameters.pop_if(|last| last.passing.variadic);
        match parameters.iter().find(|parameter| parameter.passing.variadic) {
            Some(parameter) => Err(fault(&parameter.name, "only the last parameter can be variadic")),
            None => Ok(Self { summary, description, parameters, variadic, result }),
        }
    }

    /// The parameter of the argument with this index, from 0.
    pub fn parameter(&self, index: usize) -> Option<&Parameter> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }
}

fn passing(name: &str, schema: &Map<String, Json>) -> Result<Passing, SchemaError> {
    let json = schema.get(derive::BEHAVIOR).cloned();
    json.map_or(Ok(Passing::default()), |json| {
        serde_json::from_value(json).map_err(|error| fault(name, error.to_string()))
    })
}

/// The schema of each argument of a variadic parameter: of an element of its list.
fn element<'a>(name: &str, list: &'a Map<String, Json>) -> Result<&'a Map<String, Json>, SchemaError> {
    let is_list = |key: &String| matches!(key.as_str(), "type" | "items" | "description" | derive::BEHAVIOR);
    match derive::element_schema(list).filter(|_| list.contains_key("items") && list.keys().all(is_list)) {
        Some(element) => Ok(element),
        None => Err(fault(name, "a variadic parameter is a list, whose length cannot be checked")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::schema::PARAMETER;
    use crate::value::{Attr, Dynamic};

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
        #[schemars(length(min = 1), inner(length(min = 1)), extend("x-terraform" = PARAMETER.allow_unknown()))]
        images: Attr<Vec<String>>,
        /// More.
        #[schemars(extend("x-terraform" = PARAMETER.allow_null().variadic()))]
        more: Vec<Attr<Named>>,
    }

    /// A value with a name.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Named {
        /// Its name.
        name: String,
        /// Any value.
        any: Attr<Dynamic>,
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
    fn parameters_have_the_order_of_the_struct() {
        let size = Parameter {
            name: "size".into(),
            description: "In GiB.".into(),
            ty: Type::Number,
            passing: Passing::default(),
            checks: vec![Check::Integer(Some(20), None)],
            element_checks: vec![],
        };
        let images = Parameter {
            name: "images".into(),
            description: "Its images.".into(),
            ty: Type::List(Type::String.into()),
            passing: PARAMETER.allow_unknown(),
            checks: vec![Check::MinLength(1)],
            element_checks: vec![Check::MinLength(1)],
        };
        let more = Parameter {
            name: "more".into(),
            description: "More.".into(),
            ty: Type::Object([("name".to_owned(), Type::String), ("any".to_owned(), Type::Dynamic)].into()),
            passing: PARAMETER.allow_null().variadic(),
            checks: vec![],
            element_checks: vec![],
        };
        let result = [("tag".to_owned(), Type::String), ("labels".to_owned(), Type::Map(Type::String.into()))];
        let expected = Signature {
            summary: "Annotations for a disk.".into(),
            description: "Annotations for a disk.\n\nMore.".into(),
            parameters: vec![size, images],
            variadic: Some(more),
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

    /// Any number of names.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Names {
        /// Names.
        #[schemars(inner(length(min = 1)), extend("x-terraform" = PARAMETER.variadic()))]
        names: Vec<String>,
    }

    #[test]
    fn variadic_arguments_have_the_checks_of_an_element() {
        let signature = Signature::of::<Names, Dynamic>().unwrap();
        let names = signature.variadic.as_ref().unwrap();
        assert_eq!((signature.parameters.len(), &signature.result), (0, &Type::Dynamic));
        assert_eq!((&names.ty, &names.checks), (&Type::String, &vec![Check::MinLength(1)]));
        assert_eq!((signature.parameter(0), signature.parameter(7)), (Some(names), Some(names)));
        assert_eq!(Signature::of::<Disk, String>().unwrap().parameter(1).unwrap().name, "images");
    }

    /// Variadic, but not the last.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct NotLast {
        /// Names.
        #[schemars(extend("x-terraform" = PARAMETER.variadic()))]
        names: Vec<String>,
        /// In GiB.
        size: u64,
    }

    /// Variadic, but not a list.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct NotAList {
        /// A map.
        #[schemars(extend("x-terraform" = PARAMETER.variadic()))]
        names: BTreeMap<String, String>,
    }

    /// At least one.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Counted {
        /// Names.
        #[schemars(length(min = 1), extend("x-terraform" = PARAMETER.variadic()))]
        names: Vec<String>,
    }

    /// Holds dynamic values.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Bag {
        /// Any values.
        bag: BTreeMap<String, Attr<Dynamic>>,
    }

    /// Says what only an attribute can be.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Required {
        /// In GiB.
        #[schemars(extend("x-terraform" = crate::schema::REQUIRED))]
        size: u64,
    }

    #[test]
    fn invalid_parameters_and_results_are_refused() {
        let list = "names: a variadic parameter is a list, whose length cannot be checked";
        for (signature, expected) in [
            (Signature::of::<NotLast, String>(), "names: only the last parameter can be variadic"),
            (Signature::of::<NotAList, String>(), list),
            (Signature::of::<Counted, String>(), list),
            (Signature::of::<Bag, String>(), "bag: a list, set or map cannot hold dynamic values"),
        ] {
            assert_eq!(signature.unwrap_err().to_string(), expected);
        }
        let error = Signature::of::<Required, String>().unwrap_err().to_string();
        assert!(error.starts_with("size: unknown field "), "{error}");
        let error = Signature::of::<Optional, String>().unwrap_err();
        assert_eq!(error.to_string(), ": a parameter cannot be left out");
        let error = Signature::of::<Disk, Option<String>>().unwrap_err();
        assert_eq!(error.to_string(), ": no Terraform type for JSON type None");
    }
}

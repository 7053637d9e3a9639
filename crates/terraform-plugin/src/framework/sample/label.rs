//! `label`, a function with dynamic parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::framework::{Function, FunctionError};
use crate::schema::PARAMETER;
use crate::value::{Attr, Dynamic, Type, Value};

/// Labels values.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// The label; null for none.
    #[schemars(extend("x-terraform" = PARAMETER.allow_null().allow_unknown()), length(min = 1))]
    label: Attr<String>,
    /// The tags. Null removes one. The tag `unknown` makes the result unknown.
    #[schemars(extend("x-terraform" = PARAMETER.allow_null_elements()))]
    tags: std::collections::BTreeMap<String, Attr<String>>,
    /// The values to label.
    #[schemars(extend("x-terraform" = PARAMETER.allow_unknown().variadic()))]
    values: Vec<Attr<Dynamic>>,
}

impl Function for Label {
    type Result = Attr<Dynamic>;
    const NAME: &'static str = "label";

    fn call(self) -> Result<Attr<Dynamic>, FunctionError> {
        let Self { label, tags, values } = self;
        if tags.contains_key("unknown") {
            return Ok(Attr::Unknown);
        }
        let label = match label {
            Attr::Null => Value::Null,
            Attr::Unknown => Value::Unknown,
            Attr::Known(label) => label.into(),
        };
        let Some(values) = values.into_iter().map(Attr::into_known).collect::<Option<Vec<_>>>() else {
            return Ok(Attr::Unknown);
        };
        let (types, values): (Vec<_>, Vec<_>) = values.into_iter().map(Dynamic::into_parts).unzip();
        let tags = tags.into_iter().filter_map(|(key, tag)| Some((key, tag.into_known()?)));
        let types = [("label", Type::String), ("tags", Type::Map(Type::String.into())), ("values", Type::Tuple(types))];
        let ty = Type::Object(types.map(|(name, ty)| (name.to_owned(), ty)).into());
        let value = Value::map([("label", label), ("tags", Value::map(tags)), ("values", Value::List(values))]);
        Dynamic::new(ty, value).map(Attr::Known).map_err(|error| FunctionError::new(error.to_string()))
    }
}

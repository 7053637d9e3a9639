//! Builds responses: values that conform to their schema, and the errors of an operation.

use crate::diagnostics::{AttributePath, Diagnostic, Diagnostics};
use crate::framework::Outcome;
use crate::schema::{Model, Schema, SchemaError};
use crate::value::{self, Type, Value, ValueError};

/// A model as a wholly known value of its schema, for a response.
///
/// After an error, unknown values become null, and the rest is saved. Without an error, an unknown value is a bug, which is
/// reported.
pub(super) fn known_value<M: Model>(schema: &Schema, model: &Option<M>, diagnostics: &mut Diagnostics) -> Value {
    match value::to_value(model) {
        Ok(value) => known(schema, value, diagnostics),
        Err(error) => {
            diagnostics.push(unreadable(error));
            Value::Null
        }
    }
}

/// [`known_value`] for a model that is already a value.
pub(super) fn known(schema: &Schema, mut value: Value, diagnostics: &mut Diagnostics) -> Value {
    if !diagnostics.has_errors()
        && !value.is_wholly_known()
        && let Some(at) = first_unknown(&value, &schema.ty, AttributePath::default())
    {
        let detail = format!(
            "{at} is still unknown after an otherwise successful operation. It is null in the state. This is a bug in the \
            provider; please report it."
        );
        diagnostics.push(Diagnostic::error("Value not known after the operation", detail).at(at));
    }
    value = value.null_of_unknowns();
    value.canonicalize(&schema.ty);
    match value.conforms(&schema.ty) {
        Ok(()) => value,
        Err(error) => {
            diagnostics.push(unreadable(error));
            Value::Null
        }
    }
}

/// The path of the first unknown value. Elements of a set have no address: the path ends at the set.
fn first_unknown(value: &Value, ty: &Type, at: AttributePath) -> Option<AttributePath> {
    match (value, ty) {
        (Value::Unknown, _) => Some(at),
        (Value::List(elements), Type::List(element)) => {
            elements.iter().enumerate().find_map(|(i, value)| first_unknown(value, element, at.index(i)))
        }
        (Value::List(_), _) => (!value.is_wholly_known()).then_some(at),
        (Value::Map(elements), Type::Map(element)) => {
            elements.iter().find_map(|(key, value)| first_unknown(value, element, at.key(key)))
        }
        (Value::Map(values), Type::Object(types)) => {
            types.iter().find_map(|(name, ty)| first_unknown(values.get(name)?, ty, at.attribute(name)))
        }
        _ => None,
    }
}

/// The errors of an operation.
pub(super) fn errors(result: Result<Outcome<()>, Diagnostic>) -> Diagnostics {
    match result {
        Ok(Ok(())) => Diagnostics::default(),
        Ok(Err(errors)) => errors,
        Err(panic) => panic.into(),
    }
}

/// A schema or a signature. An invalid one is a bug in the provider, which the first test finds.
pub(super) fn checked<S>(what: &str, schema: Result<S, SchemaError>) -> S {
    schema.unwrap_or_else(|error| panic!("the schema of {what} is wrong: {error}"))
}

/// A value that the schema allows but the model does not: a bug in the provider.
pub(super) fn unreadable(error: ValueError) -> Diagnostic {
    Diagnostic::error(
        "Value does not fit the provider's model",
        format!("{error}. This is a bug in the provider; please report it."),
    )
    .at(error.path())
}

//! Functions: pure, the same answer each time, without a network and without a configured provider.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{checked, unreadable};
use super::{panic, validate};
use crate::diagnostics::AttributePath;
use crate::schema::{Model, Parameter, Signature};
use crate::value::{self, Value};

/// Why a function gives nothing. It has no title, no attribute path and no warnings: Terraform takes a text, and which
/// argument is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    /// A sentence or more, without the last full stop: Terraform adds one, and puts the argument's name before the text.
    pub text: String,
    /// Index of the argument at fault, from 0.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// About the call as a whole. A full stop at the end is left out.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self { text: text.as_ref().trim_end_matches('.').to_owned(), argument: None }
    }

    /// About one argument, by its index from 0, without its name. A full stop at the end is left out.
    pub fn at(argument: usize, text: impl AsRef<str>) -> Self {
        Self { argument: Some(argument), ..Self::new(text) }
    }
}

/// A function, as its author writes it.
pub trait Function: Send + Sync + 'static {
    /// A field for each parameter, in the order of the arguments. Its doc comment describes the function.
    type Parameters: Model;
    /// What it gives.
    type Result: Serialize + JsonSchema;
    /// `parse_image`.
    const NAME: &'static str;

    /// Calls it. The arguments satisfy the checks of the parameters.
    ///
    /// # Errors
    ///
    /// Which argument is at fault, and how.
    fn call(&self, parameters: Self::Parameters) -> Result<Self::Result, FunctionError>;
}

/// A function without its types, for the server.
pub trait AnyFunction: Send + Sync {
    /// Its name in a configuration, after `provider::eks::`.
    fn name(&self) -> &'static str;
    /// What it takes and gives.
    fn signature(&self) -> &Signature;
    /// Calls it with one value of each parameter's type, known and not null.
    ///
    /// # Errors
    ///
    /// Which argument is at fault, and how.
    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError>;
}

/// Makes a function part of a provider.
pub fn function<F: Function>(function: F) -> Box<dyn AnyFunction> {
    Box::new(Registered { function, signature: OnceLock::new() })
}

struct Registered<F> {
    function: F,
    signature: OnceLock<Signature>,
}

impl<F: Function> AnyFunction for Registered<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        self.signature.get_or_init(|| checked(F::NAME, Signature::of::<F::Parameters, F::Result>()))
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let signature = self.signature();
        if arguments.len() != signature.parameters.len() {
            let text = format!("Expected {} arguments, got {}.", signature.parameters.len(), arguments.len());
            return Err(FunctionError::new(text));
        }
        let mut object = BTreeMap::new();
        for (i, (parameter, value)) in signature.parameters.iter().zip(arguments).enumerate() {
            check(parameter, &value).map_err(|text| FunctionError::at(i, text))?;
            object.insert(parameter.name.clone(), value);
        }
        let object = Value::Map(object);
        let bug = |error| FunctionError::new(unreadable(error).detail);
        let parameters = value::from_value(&object).map_err(bug)?;
        let call = panic::catch_sync(|| self.function.call(parameters));
        let result = call.map_err(|panic| FunctionError::new(panic.detail))??;
        let mut value = value::to_value(&result).map_err(bug)?;
        value.canonicalize(&signature.result);
        value.conforms(&signature.result).map_err(bug)?;
        Ok(value)
    }
}

fn check(parameter: &Parameter, value: &Value) -> Result<(), String> {
    let at = AttributePath::root(&parameter.name);
    let elements = validate::plain_elements(&at, &parameter.ty, value);
    if let Some((at, _)) = elements.iter().find(|(_, element)| element.is_null()) {
        return Err(validate::holds_null(at));
    }
    if value.is_null() || !value.is_wholly_known() {
        return Err("expected a known value, not null".into());
    }
    let of_element = |(at, element): (AttributePath, &Value)| {
        Some(format!("{at}: {}", validate::fault(&parameter.element_checks, element, false, false)?))
    };
    let fault = validate::fault(&parameter.checks, value, false, false);
    fault.or_else(|| elements.into_iter().find_map(of_element)).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::sample::Repeat;

    #[test]
    fn a_call_gives_a_value_or_says_which_argument_is_at_fault() {
        let repeat = function(Repeat);
        let arguments = |text: Value, times: Value| vec![text, times];
        for (arguments, expected) in [
            (
                arguments("ab".into(), 2_i64.into()),
                Ok(Value::map([("text", Value::from("abab")), ("length", 4_i64.into())])),
            ),
            (
                arguments("".into(), 2_i64.into()),
                Err(FunctionError::at(0, "expected a text that is not empty, got \"\"")),
            ),
            (
                arguments("ab".into(), 10_i64.into()),
                Err(FunctionError::at(1, "expected a whole number from 0 to 9, got 10")),
            ),
            (arguments("ab".into(), 9_i64.into()), Err(FunctionError::at(1, "9 times is too often."))),
            (arguments(Value::Null, 1_i64.into()), Err(FunctionError::at(0, "expected a known value, not null"))),
            (arguments("a".into(), Value::Unknown), Err(FunctionError::at(1, "expected a known value, not null"))),
            (vec![], Err(FunctionError::new("Expected 2 arguments, got 0."))),
        ] {
            assert_eq!(repeat.call(arguments.clone()), expected, "{arguments:?}");
        }
        let error = repeat.call(arguments("panic".into(), 1_i64.into())).unwrap_err();
        assert!(error.text.contains("ended unexpectedly: no text."), "{}", error.text);
    }
}

//! Functions: pure, without the network and without a configured provider.

use std::marker::PhantomData;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::Serialize;

use super::response::{checked, unreadable};
use super::{panic, validate};
use crate::diagnostics::{AttributePath, assert_prose};
use crate::schema::{Model, Parameter, Signature};
use crate::value::{self, Value, ValueError};

/// An error of a function. It has no summary, no attribute path and no warnings: Terraform accepts a string and the index of
/// an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    /// One or more sentences, without the last full stop: Terraform adds one, and prepends the argument's name.
    pub text: String,
    /// Index of the argument, from 0.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// An error about the whole call. A full stop at the end is removed.
    ///
    /// # Panics
    ///
    /// In tests, if the text contains a `Debug` form, as [`Diagnostic::error`](crate::diagnostics::Diagnostic::error).
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref().trim_end_matches('.');
        assert_prose(text);
        Self { text: text.to_owned(), argument: None }
    }

    /// An error about one argument, by its index from 0. The text is without the argument's name. A full stop at the end is
    /// removed.
    pub fn at(argument: usize, text: impl AsRef<str>) -> Self {
        Self { argument: Some(argument), ..Self::new(text) }
    }
}

/// A function: a field for each parameter, in the order of the arguments, and a doc comment that describes it.
/// [`PARAMETER`](crate::schema::PARAMETER) allows null and unknown values.
pub trait Function: Model {
    /// Its result.
    type Result: Serialize + JsonSchema;
    /// `parse_image`.
    const NAME: &'static str;

    /// Calls the function. The arguments satisfy the checks of the parameters. If they are wholly known, the result must be.
    ///
    /// # Errors
    ///
    /// Which argument is at fault, and how.
    fn call(self) -> Result<Self::Result, FunctionError>;
}

/// A function without its types, for the server.
pub trait AnyFunction: Send + Sync {
    /// Its name in a configuration, after `provider::eks::`.
    fn name(&self) -> &'static str;
    /// Its parameters and its result.
    fn signature(&self) -> &Signature;
    /// Calls the function with a value for each parameter, null or unknown only if the parameter allows it, and any number of
    /// values for the variadic parameter.
    ///
    /// # Errors
    ///
    /// Which argument is at fault, and how.
    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError>;
}

/// Registers a function.
pub fn function<F: Function>() -> Box<dyn AnyFunction> {
    Box::new(Registered { signature: OnceLock::new(), function: PhantomData::<fn() -> F> })
}

struct Registered<F> {
    signature: OnceLock<Signature>,
    function: PhantomData<fn() -> F>,
}

impl<F: Function> AnyFunction for Registered<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        self.signature.get_or_init(|| checked(F::NAME, Signature::of::<F, F::Result>()))
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let signature = self.signature();
        let all_known = arguments.iter().all(Value::is_wholly_known);
        let mut result = evaluate::<F>(&by_name(signature, arguments)?)?;
        check_result(signature, &mut result, all_known)?;
        Ok(result)
    }
}

/// Calls the function with its arguments by name.
fn evaluate<F: Function>(arguments: &Value) -> Result<Value, FunctionError> {
    let function: F = value::from_value(arguments).map_err(bug)?;
    let call = panic::catch_sync(|| function.call());
    let result = call.map_err(|panic| FunctionError::new(panic.detail))??;
    value::to_value(&result).map_err(bug)
}

fn bug(error: ValueError) -> FunctionError {
    FunctionError::new(unreadable(error).detail)
}

/// Checks the arguments and returns them as an object by parameter name.
fn by_name(signature: &Signature, arguments: Vec<Value>) -> Result<Value, FunctionError> {
    let expected = signature.parameters.len();
    if arguments.len() < expected || (arguments.len() > expected && signature.variadic.is_none()) {
        let at_least = if signature.variadic.is_some() { "at least " } else { "" };
        let text = format!("Expected {at_least}{expected} arguments, got {}.", arguments.len());
        return Err(FunctionError::new(text));
    }
    for (i, value) in arguments.iter().enumerate() {
        let parameter = signature.parameter(i).expect("the number of arguments is checked above");
        check(parameter, value).map_err(|text| FunctionError::at(i, text))?;
    }
    let mut arguments = arguments.into_iter();
    let named = signature.parameters.iter().map(|parameter| parameter.name.clone()).zip(arguments.by_ref());
    let mut named: Vec<_> = named.collect();
    if let Some(parameter) = &signature.variadic {
        named.push((parameter.name.clone(), Value::List(arguments.collect())));
    }
    Ok(Value::map(named))
}

fn check_result(signature: &Signature, value: &mut Value, is_known: bool) -> Result<(), FunctionError> {
    value.canonicalize(&signature.result);
    value.conforms(&signature.result).map_err(bug)?;
    if is_known && !value.is_wholly_known() {
        let text = "All arguments are known, but a part of the result is unknown. This is a bug in the provider; please report it.";
        return Err(FunctionError::new(text));
    }
    Ok(())
}

fn check(parameter: &Parameter, value: &Value) -> Result<(), String> {
    let at = AttributePath::root(&parameter.name);
    let elements = validate::plain_elements(&at, &parameter.ty, value);
    let null = || elements.iter().find(|(_, element)| element.is_null());
    if !parameter.passing.allow_null_elements
        && let Some((at, _)) = null()
    {
        return Err(validate::holds_null(at));
    }
    let null_or_unknown = (value.is_null() && !parameter.passing.allow_null)
        || (!value.is_wholly_known() && !parameter.passing.allow_unknown);
    if null_or_unknown {
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
    use crate::framework::sample::{Label, Repeat};
    use crate::value::{Dynamic, Type};

    #[test]
    fn call_returns_a_value_or_names_the_invalid_argument() {
        let repeat = function::<Repeat>();
        let arguments = |text: Value, times: Value| vec![text, times];
        for (arguments, expected) in [
            (
                arguments("ab".into(), 2_i64.into()),
                Ok(Value::map([("text", Value::from("abab")), ("length", 4_i64.into())])),
            ),
            (arguments("".into(), 2_i64.into()), Err(FunctionError::at(0, "expected a non-empty string, got \"\""))),
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
    fn dynamic(value: Value) -> Value {
        Dynamic::implied(value).expect("a type").into()
    }

    #[test]
    fn variadic_parameter_takes_any_number_of_arguments() {
        let label = function::<Label>();
        let result = |label: Value, values: Vec<Value>| {
            let tags = Value::map([("team", "a")]);
            let types = [
                ("label".to_owned(), Type::String),
                ("tags".to_owned(), Type::Map(Type::String.into())),
                ("values".to_owned(), Type::implied(&Value::List(values.clone()))),
            ];
            let value = Value::map([("label", label), ("tags", tags), ("values", Value::List(values))]);
            Ok(Dynamic::new(Type::Object(types.into()), value).expect("conforms").into())
        };
        let tags = Value::map([("team", Value::from("a")), ("owner", Value::Null)]);
        let half = Value::map([("id", Value::from("i")), ("size", Value::UnknownNotNull)]);
        let half_type = Type::Object([("id".to_owned(), Type::String), ("size".to_owned(), Type::Number)].into());
        let half = Value::from(Dynamic::new(half_type.clone(), half).expect("conforms"));
        for (arguments, expected) in [
            (vec!["l".into(), tags.clone()], result("l".into(), vec![])),
            (vec!["l".into(), tags.clone(), dynamic(1_i64.into())], result("l".into(), vec![1_i64.into()])),
            (
                vec![Value::Null, tags.clone(), dynamic("a".into()), dynamic(true.into())],
                result(Value::Null, vec!["a".into(), true.into()]),
            ),
            (vec![Value::Unknown, tags.clone()], result(Value::Unknown, vec![])),
            (vec!["l".into(), tags.clone(), Value::Unknown], Ok(Value::Unknown)),
            (vec!["".into(), tags.clone()], Err(FunctionError::at(0, "expected a non-empty string, got \"\""))),
            (
                vec!["l".into(), tags.clone(), dynamic(1_i64.into()), Value::Null],
                Err(FunctionError::at(3, "expected a known value, not null")),
            ),
            (
                vec!["l".into(), Value::map([("team", Value::Unknown)])],
                Err(FunctionError::at(1, "expected a known value, not null")),
            ),
            (vec!["l".into()], Err(FunctionError::new("Expected at least 2 arguments, got 1."))),
            (
                vec!["l".into(), Value::map([("unknown", "a")])],
                Err(FunctionError::new(
                    "All arguments are known, but a part of the result is unknown. This is a bug in the provider; please report it.",
                )),
            ),
        ] {
            assert_eq!(label.call(arguments.clone()), expected, "{arguments:?}");
        }
        let Ok(Value::Dynamic(result)) = label.call(vec!["l".into(), tags, half.clone()]) else { panic!("a value") };
        let Value::Dynamic(half) = half else { unreachable!() };
        assert_eq!(result.value().as_map().map(|map| &map["values"]), Some(&Value::List(vec![half.value().clone()])));
    }

    #[test]
    #[should_panic = "a message contains a Debug form"]
    fn error_without_debug_form() {
        FunctionError::at(0, format!("expected {:?}", None::<u8>));
    }
}
